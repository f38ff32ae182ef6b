/**
 * Two servers over one Postgres behind the balancer of `deploy/`: nothing is sticky, and whatever happens to a server,
 * its watchers go on at the other where they were. None of them ever sees the balancer's own error page: a plain
 * `EventSource` would give up for good.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { checkConfig, haproxy, startBalancer, type Balancer } from '../support/haproxy.ts';
import { checkHistory } from '../support/history.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

/** In the place of the 60 s of the file, and of the 12 s of the servers. */
const SILENCE_MS = 3_000;
const KEEP_ALIVE_MS = 1_000;

let stack: AsyncDisposableStack | undefined;
let postgres: PostgresServer;
let servers: readonly [ServerProcess, ServerProcess];
let balancer: Balancer;

beforeAll(async () => {
  if (!haproxy.present) return;
  stack = new AsyncDisposableStack();
  postgres = stack.use(await startPostgres());
  const options = { store: await postgres.freshUrl(), args: ['--keep-alive-ms', String(KEEP_ALIVE_MS)] };
  const [one, other] = await Promise.all([startServer(options), startServer(options)]);
  servers = [stack.use(one), stack.use(other)];
  balancer = stack.use(await startBalancer({ ports: [one.port, other.port], silenceMs: SILENCE_MS }));
});
afterAll(async () => stack?.disposeAsync());

describe.skipIf(!haproxy.present)('deploy/haproxy.cfg', () => {
  test('is valid', async () => {
    expect(await checkConfig()).toContain('Configuration file is valid');
  });

  test('a server is killed, another is stopped: all watchers are exact, whichever server they were at', async () => {
    await using stack = new AsyncDisposableStack();
    const taskId = 'balanced';
    const watchers = Array.from({ length: 6 }, (_, index) => {
      const transport = index % 2 === 0 ? 'ws' : 'sse';
      const name = `${transport} ${index}`;
      return stack.use(openWatcher(transport, { name, origin: balancer.origin, taskId, replay: true, retryMs: 20 }));
    });
    const emitter = createEmitter({ url: balancer.graphqlUrl });
    const stop = new AbortController();
    stack.defer(() => stop.abort());
    const producing = [1, 2, 3].map((producer) => produce({ emitter, producer, taskId, stop: stop.signal }));
    await allReach(watchers, 50);

    await servers[0].kill9();
    await allAdvance(watchers);
    await servers[0].restart();
    // Only when the balancer knows that it is back can the other go.
    await delay(1_500);
    await servers[1].sigterm();
    await allAdvance(watchers);
    await servers[1].restart();
    await allAdvance(watchers);
    stop.abort();
    await settlesWithin(Promise.all(producing), { withinMs: 20_000, what: 'the producers' });
    await emitter.emitUntilAcknowledged({ ...event(taskId, 'end'), eventType: 'TASK_COMPLETED' });
    for (const { ended, name } of watchers) await settlesWithin(ended, { withinMs: 20_000, what: name });

    const log = await readTaskLog(balancer.graphqlUrl, taskId);
    const records = watchers.map((watcher) => watcher.record(true));
    expect(checkHistory({ taskId, emits: emitter.history(), log, watchers: records })).toEqual([]);
    expect(watchers.flatMap((watcher) => watcher.frames()).filter((frame) => frame.reason !== undefined)).toEqual([]);
    // Each lost at least one of its servers.
    for (const { connects } of watchers) expect(connects).toBeGreaterThan(1);
  }, 90_000);

  test('idle streams stay, an event goes through at once, and all wait together for a database that is away', async () => {
    await using stack = new AsyncDisposableStack();
    const taskId = 'idle';
    const emitter = createEmitter({ url: balancer.graphqlUrl });
    await emitter.emitUntilAcknowledged(event(taskId, 'first'));
    const delays = { ws: [] as number[], sse: [] as number[] };
    let sentAt = performance.now();
    const watchers = (['ws', 'sse'] as const).map((transport) => {
      const onFrame = (): void => void delays[transport].push(performance.now() - sentAt);
      return stack.use(openWatcher(transport, { name: transport, origin: balancer.origin, taskId, onFrame }));
    });
    await allReach(watchers, 1);
    await delay(SILENCE_MS + 1_500);
    for (let count = 2; count <= 9; count += 1) {
      sentAt = performance.now();
      await emitter.emitUntilAcknowledged(event(taskId, `number-${count}`));
      await allReach(watchers, count);
      // What is held back until more follows must not be pushed out by the next.
      await delay(300);
    }
    expect(watchers.map(({ connects }) => connects)).toEqual([1, 1]);
    // HAProxy would hold nearly each for 200 ms; the machine may be slow, but not each time.
    for (const each of [delays.ws, delays.sse]) expect(median(each.slice(1))).toBeLessThan(150);

    await postgres.stop();
    await waitFor(async () => (await fetch(`${balancer.origin}/readyz`)).status === 503, {
      withinMs: 10_000,
      what: 'the servers not to be ready',
    });
    // Longer than the balancer takes to find out that neither is ready.
    await delay(2_500);
    const ready: unknown = await (await fetch(`${balancer.origin}/readyz`)).json();
    expect(ready).toMatchObject({ reasons: ['store'] });
    expect(await emitter.emit(event(taskId, 'without'))).toMatchObject({
      outcome: 'failed',
      code: 'STORE_UNAVAILABLE',
    });
    // A stream that begins now waits for the database. A plain EventSource would give up at the balancer's own 503.
    const late = (['ws', 'sse'] as const).map((transport) =>
      stack.use(openWatcher(transport, { name: `late ${transport}`, origin: balancer.origin, taskId })),
    );
    await waitFor(() => late.every(({ connects }) => connects === 1), { withinMs: 10_000, what: 'the late ones' });
    await postgres.start();
    await emitter.emitUntilAcknowledged({ ...event(taskId, 'end'), eventType: 'TASK_COMPLETED' });
    for (const { ended, name } of [...watchers, ...late]) await settlesWithin(ended, { withinMs: 20_000, what: name });
    const log = await readTaskLog(balancer.graphqlUrl, taskId);
    const records = [...watchers, ...late].map((watcher) => watcher.record(true));
    expect(checkHistory({ taskId, emits: emitter.history(), log, watchers: records })).toEqual([]);
    for (const { connects } of [...watchers, ...late]) expect(connects).toBe(1);
  }, 90_000);
});

interface Production {
  readonly emitter: Emitter;
  readonly producer: number;
  readonly taskId: string;
  readonly stop: AbortSignal;
}

async function produce({ emitter, producer, taskId, stop }: Production): Promise<void> {
  for (let count = 1; !stop.aborted; count += 1) {
    await emitter.emitUntilAcknowledged(event(taskId, `p${producer}-${count}`));
    await delay(5);
  }
}

async function allReach(watchers: readonly Watcher[], sequence: number): Promise<void> {
  await waitFor(() => watchers.every(({ at }) => at >= sequence), {
    withinMs: 20_000,
    what: () => `all to reach ${sequence}; they are at ${watchers.map(({ at }) => at).join(', ')}`,
  });
}

/** All get something that was not there yet when this was called. */
function allAdvance(watchers: readonly Watcher[]): Promise<void> {
  return allReach(watchers, Math.max(...watchers.map(({ at }) => at)) + 20);
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function event(taskId: string, eventId: string): EmitInput {
  return { taskId, eventId, eventType: 'PROGRESS_UPDATE', component: 'camina', stage: 'ANALYSIS', message: 'on it' };
}
