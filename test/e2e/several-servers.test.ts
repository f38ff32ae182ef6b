/**
 * Several servers over one database write one history, as if they were one: numbered without a hole, in one order, for
 * every reader at every moment, whoever writes what at the same time. A server that is paused in the middle of a write
 * holds the others up for moments only.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { createEmitter, type EmitResult } from '../support/emitter.ts';
import { checkHistory } from '../support/history.ts';
import { openLogReader } from '../support/log-reader.ts';
import { completion, mixedBatch, produce, progressEvent, untilAcknowledged } from '../support/producers.ts';
import { openRandom } from '../support/random.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServers, type Member, type RunningServers } from '../support/servers.ts';
import { sized } from '../support/sizes.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';

const SERVERS = 4;
const PRODUCERS_EACH = 8;
const EMITS = sized({ usual: 2_000, full: 10_000 });
const TASKS = 1_000;
/** A slow machine makes an emit late, and its producer repeats it. Rare, or it is not the machine. */
const MAX_REPEATS = EMITS / 100;
const REPEAT_MS = 10;

let running: RunningServers;
beforeAll(async () => {
  running = await startServers({ servers: SERVERS });
});
afterAll(() => running[Symbol.asyncDispose]());

test('4 servers × 8 producers on 1 task: one order, no hole, seen alike by every reader at every moment', async () => {
  const taskId = 'one';
  await using stack = new AsyncDisposableStack();
  const emitters = running.members.map(({ graphqlUrl }) => createEmitter({ url: graphqlUrl }));
  let told = 0;
  let repeats = 0;
  const refusals: unknown[] = [];
  const readers = running.members.map(({ graphqlUrl }) =>
    stack.use(openLogReader({ url: graphqlUrl, taskId, acknowledged: () => told })),
  );
  const watchers = running.members.flatMap(({ name, origin }) =>
    (['ws', 'sse'] as const).map((transport) =>
      stack.use(openWatcher(transport, { name: `${transport} at ${name}`, origin, taskId, replay: true })),
    ),
  );
  const start = performance.now();
  await produce({
    producers: SERVERS * PRODUCERS_EACH,
    next: (number) => (number < EMITS ? progressEvent(taskId, number) : undefined),
    async send(inputs, producer) {
      let maybeRecorded = false;
      for (;;) {
        const result = await emitters[producer % SERVERS]?.emit(inputs);
        if (result?.outcome === 'ok' && (result.duplicates === 0 || maybeRecorded)) {
          told = Math.max(told, ...result.sequences);
          return;
        }
        if (!mayBeRepeated(result) || repeats >= MAX_REPEATS) {
          refusals.push(result);
          return;
        }
        repeats += 1;
        maybeRecorded ||= result?.outcome === 'unknown';
        await delay(REPEAT_MS);
      }
    },
  });
  console.info(`several servers: ${repeats} of ${EMITS} emits were repeated`);
  expect(refusals).toEqual([]);
  const perSecond = Math.round((EMITS / (performance.now() - start)) * 1_000);
  const reads = readers.reduce((sum, reader) => sum + reader.reads, 0);
  console.info(`several servers: ${perSecond} emits a second on one task, beside ${reads} reads`);
  await emitters[0]?.emitUntilAcknowledged(completion(taskId));
  const ends = Promise.all(watchers.map(({ ended }) => ended));
  await settlesWithin(ends, { withinMs: 30_000, what: () => watchers.map(({ name, at }) => `${name}: ${at}`).join() });
  const areDone = (): boolean =>
    readers.every(({ events, problems }) => events.length === EMITS || problems.length > 0);
  await waitFor(areDone, { withinMs: 10_000, what: 'the readers' });

  const log = await readTaskLog(running.member(1).graphqlUrl, taskId);
  const emits = emitters.flatMap((emitter) => emitter.history());
  expect(checkHistory({ taskId, emits, log, watchers: watchers.map((watcher) => watcher.record(true)) })).toEqual([]);
  expect(emits.filter(({ outcome }) => outcome === 'ok')).toHaveLength(EMITS);
  expect(readers.flatMap(({ problems }) => problems)).toEqual([]);
  for (const { events } of readers) expect(events).toEqual(log);
}, 240_000);

test('4 servers × 8 producers on 1,000 tasks in mixed batches: no deadlock, nobody starves, every task is dense', async () => {
  const random = openRandom('several servers');
  const tasks = Array.from({ length: TASKS }, (_, index) => `mixed-${random.int(0, 9)}-${index}`);
  const numbers = new Map<string, number>();
  const numberOf = (taskId: string): number => {
    const number = (numbers.get(taskId) ?? 0) + 1;
    numbers.set(taskId, number);
    return number;
  };
  const emitters = running.members.map(({ graphqlUrl }) => createEmitter({ url: graphqlUrl }));
  let sent = 0;
  let slowestMs = 0;
  await produce({
    producers: SERVERS * PRODUCERS_EACH,
    next() {
      const batch = sent < EMITS ? mixedBatch(random, tasks, numberOf) : undefined;
      sent += batch?.length ?? 0;
      return batch;
    },
    async send(inputs, producer) {
      const start = performance.now();
      await emitters[producer % SERVERS]?.emitUntilAcknowledged(inputs);
      slowestMs = Math.max(slowestMs, performance.now() - start);
    },
  });
  console.info(
    `several servers: ${sent} events in mixed batches, the slowest of them took ${Math.round(slowestMs)} ms`,
  );
  // Nobody loses over and over against others that begin the same tasks.
  expect(slowestMs).toBeLessThan(15_000);
  const emits = Map.groupBy(
    emitters.flatMap((emitter) => emitter.history()),
    ({ taskId }) => taskId,
  );
  for (const [index, taskId] of [...numbers.keys()].entries()) {
    const log = await readTaskLog(running.member(index).graphqlUrl, taskId);
    expect(checkHistory({ taskId, emits: emits.get(taskId) ?? [], log, watchers: [] })).toEqual([]);
  }
  const [{ deadlocks } = {}] = await running.postgres.query(
    'SELECT sum(deadlocks)::int AS deadlocks FROM pg_stat_database',
  );
  expect(deadlocks).toBe(0);
}, 240_000);

test('a server paused in the middle of an append: the others emit to that task within 3 s, and nothing is lost', async () => {
  const taskId = 'paused';
  await using stack = new AsyncDisposableStack();
  const victim = running.member(0);
  const others = running.members.slice(1);
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  stack.defer(victim.thaw);
  const watchers = running.members.map(({ name, origin }) =>
    stack.use(openWatcher('ws', { name, origin, taskId, replay: true })),
  );
  const emitter = createEmitter({ url: victim.graphqlUrl });
  const producing = produce({
    producers: PRODUCERS_EACH,
    next: (number) => (stop.signal.aborted ? undefined : progressEvent(taskId, number)),
    send: untilAcknowledged(emitter),
  });
  const emitters = others.map(({ graphqlUrl }) => createEmitter({ url: graphqlUrl }));
  let number = 1_000_000;
  /** @returns how long the slowest took. */
  const emitEverywhere = async (): Promise<number> => {
    const start = performance.now();
    await Promise.all(emitters.map(async (one) => one.emitUntilAcknowledged(progressEvent(taskId, (number += 1)))));
    return performance.now() - start;
  };
  const tookMs = await waitFor(
    async () => {
      victim.thaw();
      await pauseInAppend(victim);
      const emitting = emitEverywhere();
      // Unless Postgres ended the paused server's transaction before they came, they wait for its lock.
      const isHeldUp = await isAnyWaiting(others);
      return (await emitting) * Number(isHeldUp);
    },
    { withinMs: 60_000, what: 'a pause that others have to wait for' },
  );
  console.info(`several servers: emits went on ${Math.round(tookMs)} ms after the pause`);
  expect(tookMs).toBeLessThan(3_000);

  victim.thaw();
  const { acknowledged } = emitter;
  await waitFor(() => emitter.acknowledged > acknowledged + 100, {
    withinMs: 20_000,
    what: 'the paused server to go on',
  });
  stop.abort();
  await settlesWithin(producing, { withinMs: 20_000, what: 'the producers' });
  await emitter.emitUntilAcknowledged(completion(taskId));
  await settlesWithin(Promise.all(watchers.map(({ ended }) => ended)), { withinMs: 20_000, what: 'the watchers' });
  const emits = [emitter, ...emitters].flatMap((one) => one.history());
  expect(emits.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  const log = await readTaskLog(running.member(1).graphqlUrl, taskId);
  const records = watchers.map((watcher) => watcher.record(true));
  expect(checkHistory({ taskId, emits, log, watchers: records })).toEqual([]);
  for (const watcher of watchers)
    expect(watcher.frames().filter(({ __typename }) => __typename === 'TaskGap')).toEqual([]);
}, 240_000);

function mayBeRepeated(result: EmitResult | undefined): boolean {
  return result?.outcome === 'unknown' || (result?.outcome === 'failed' && result.retryable);
}

/** Stops it, and lets it go on, until it stands between the lock of a task and the commit. */
async function pauseInAppend({ name, freeze, thaw }: Member): Promise<void> {
  const text = `SELECT 1 FROM pg_stat_activity a JOIN pg_locks l USING (pid) JOIN pg_class c ON c.oid = l.relation
    WHERE a.application_name = $1 AND a.state = 'idle in transaction' AND c.relname = 'drumline_task'
      AND l.mode = 'RowShareLock' AND l.granted AND a.state_change < clock_timestamp() - interval '50 ms'`;
  const isInside = async (): Promise<boolean> => {
    freeze();
    const isIdle = async (): Promise<boolean> => (await running.postgres.query(text, [name])).length > 0;
    // What it sent before it was stopped is done by then.
    const found = await waitFor(isIdle, { withinMs: 100, what: 'a lock' }).catch(() => false);
    if (!found) thaw();
    return found;
  };
  await waitFor(isInside, { withinMs: 30_000, what: 'a pause in the middle of an append', pollMs: 7 });
}

/** Whether one of them is seen to wait for a lock. */
async function isAnyWaiting(members: readonly Member[]): Promise<boolean> {
  const text = `SELECT 1 FROM pg_stat_activity WHERE application_name = ANY($1) AND wait_event_type = 'Lock'`;
  const names = members.map(({ name }) => name);
  const isWaiting = async (): Promise<boolean> => (await running.postgres.query(text, [names])).length > 0;
  return waitFor(isWaiting, { withinMs: 300, what: 'somebody to wait' }).catch(() => false);
}
