/**
 * An older copy of the database takes its place under open streams: a backup put back, or a replica promoted that was
 * behind. Whoever saw what the copy does not have is told DIVERGED, with the state there; whoever did not goes on without
 * a word; and nobody is ever given an event that does not follow from the one before.
 */
import { expect, test } from 'vitest';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import type { LogEvent } from '../support/fold.ts';
import { checkHistory, type Frame, type Violation, type WatcherRecord } from '../support/history.ts';
import { startMachineProbe, type MachineProbe } from '../support/machine-probe.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

/** They go on after the copy was made. */
const AHEAD = 'ahead';
const EVEN = 'even';
const BEYOND = [AHEAD, EVEN] as const;
/** Is the same in both. */
const QUIET = 'quiet';
const COMMON = 20;
const LOST = 10;
const TOLD_MS = 5_000;

interface World extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly emitter: Emitter;
  readonly machine: MachineProbe;
  /** From when both tasks had the same events, and ready to take over. */
  readonly copy: PostgresServer;
  readonly watchers: readonly Watcher[];
  /** Those that are beyond the copy. */
  readonly beyond: readonly Watcher[];
  /** The history that is lost, by task. */
  readonly lost: ReadonlyMap<string, readonly LogEvent[]>;
  failOver(): void;
}

/** Watchers of all tasks stand at the head, and for all but one task that is beyond the copy. */
async function openWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const primary = opening.use(await startPostgres());
  const proxy = opening.use(await openTcpProxy({ target: { port: primary.port } }));
  const store = primary.url.replace(`:${primary.port}/`, `:${proxy.port}/`);
  const server = opening.use(await startServer({ store }));
  const machine = opening.use(startMachineProbe([server.origin]));
  const emitter = createEmitter({ url: server.graphqlUrl });
  const tasks = [...BEYOND, QUIET];
  await Promise.all(tasks.map((taskId) => emitSome(emitter, { taskId, prefix: 'common', count: COMMON })));
  const watchers = tasks.flatMap((taskId) =>
    (['ws', 'sse'] as const).map((transport) => {
      const name = `${transport} of ${taskId}`;
      return opening.use(openWatcher(transport, { name, origin: server.origin, taskId, replay: true }));
    }),
  );
  await arrive(watchers, COMMON);
  await primary.stop();
  const copy = opening.use(await startPostgres({ copyOf: primary }));
  await primary.start();
  const beyond = watchers.filter((watcher) => taskOf(watcher) !== QUIET);
  await Promise.all(BEYOND.map((taskId) => emitSome(emitter, { taskId, prefix: 'lost', count: LOST })));
  await arrive(beyond, COMMON + LOST);
  const lost = new Map<string, readonly LogEvent[]>();
  for (const taskId of BEYOND) lost.set(taskId, await readTaskLog(server.graphqlUrl, taskId));
  const stack = opening.move();
  return {
    server,
    emitter,
    machine,
    copy,
    watchers,
    beyond,
    lost,
    failOver: () => failOver(proxy, copy),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function failOver(proxy: TcpProxy, { port }: PostgresServer): void {
  proxy.retarget({ port });
  for (const connection of proxy.connections()) connection.reset();
}

interface Some {
  readonly taskId: string;
  readonly prefix: string;
  readonly count: number;
}

async function emitSome(emitter: Emitter, { taskId, prefix, count }: Some): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    await emitter.emitUntilAcknowledged(eventOf(taskId, `${prefix}-${number}`));
  }
}

function eventOf(taskId: string, eventId: string): EmitInput {
  const what = { eventType: 'PROGRESS_UPDATE', component: eventId.slice(0, 4), stage: 'ANALYSIS', progress: 0.5 };
  return { ...what, taskId, eventId, message: eventId };
}

async function arrive(watchers: readonly Watcher[], sequence: number): Promise<void> {
  const what = (): string => `all at ${sequence}: ${watchers.map(({ name, at }) => `${name} ${at}`).join(', ')}`;
  await waitFor(() => watchers.every(({ at }) => at >= sequence), { withinMs: 20_000, what });
}

function gapsOf(watcher: Watcher): readonly Frame[] {
  return watcher.frames().filter(({ __typename }) => __typename === 'TaskGap');
}

/** @returns how long it took until each of those beyond the copy was told. */
async function areTold({ beyond, machine }: World): Promise<number> {
  const since = performance.now();
  const isTold = (): boolean => beyond.every((watcher) => gapsOf(watcher).length > 0);
  await waitFor(isTold, { withinMs: TOLD_MS + machine.allowanceMs, what: 'all to be told' });
  return performance.now() - since;
}

/** All tasks go on and end; everything that was shown is right for the history that it was shown of. */
async function endsWell({ server, emitter, watchers, beyond, lost }: World): Promise<void> {
  for (const taskId of [...BEYOND, QUIET]) {
    await emitSome(emitter, { taskId, prefix: 'later', count: 5 });
    await emitter.emitUntilAcknowledged({ ...eventOf(taskId, 'end'), eventType: 'TASK_COMPLETED' });
  }
  for (const { ended, name } of watchers) await settlesWithin(ended, { withinMs: 20_000, what: name });
  expect(watchers.filter(({ connects }) => connects !== 1).map(({ name }) => name)).toEqual([]);
  for (const watcher of beyond) {
    const taskId = taskOf(watcher);
    const log = await readTaskLog(server.graphqlUrl, taskId);
    expectTold(taskId, watcher, { before: lost.get(taskId) ?? [], log });
  }
  const quiet = await readTaskLog(server.graphqlUrl, QUIET);
  for (const watcher of watchers.filter((each) => taskOf(each) === QUIET)) {
    expect(problems(QUIET, quiet, watcher.record(true))).toEqual([]);
  }
}

function taskOf({ name }: Watcher): string {
  return name.split(' ').at(-1) ?? '';
}

interface Histories {
  readonly before: readonly LogEvent[];
  readonly log: readonly LogEvent[];
}

/** Everything of the one history, one word about it, and everything of the other from there on. */
function expectTold(taskId: string, watcher: Watcher, { before, log }: Histories): void {
  const frames = watcher.frames();
  expect(gapsOf(watcher).map(({ reason }) => reason)).toEqual(['DIVERGED']);
  const first = { frames: frames.slice(0, before.length), completed: false };
  const second = { frames: frames.slice(before.length), completed: true };
  expect(second.frames[0]?.__typename).toBe('TaskGap');
  const { name } = watcher;
  expect(problems(taskId, before, { name, from: 'start', mustFinish: false, streams: [first] })).toEqual([]);
  expect(problems(taskId, log, { name, from: 'snapshot', mustFinish: true, streams: [second] })).toEqual([]);
}

function problems(taskId: string, log: readonly LogEvent[], watcher: WatcherRecord): readonly Violation[] {
  const emits = log.map(({ eventId }) => ({ taskId, eventId, outcome: 'unknown' }) as const);
  return checkHistory({ taskId, emits, log, watchers: [watcher], mayHaveGaps: true });
}

test('the copy is as it was', async () => {
  await using world = await openWorld();
  world.failOver();
  console.info(`older copy: told after ${Math.round(await areTold(world))} ms`);
  for (const watcher of world.beyond) expect(gapsOf(watcher)[0]?.progress.sequence).toBe(COMMON);
  await endsWell(world);
});

test('another server has written to the copy: one task grew past its watchers, one just as far as they are', async () => {
  await using world = await openWorld();
  const grown = new Map([
    [AHEAD, 2 * LOST],
    [EVEN, LOST],
  ]);
  const other = await openPostgresLog({ url: world.copy.url });
  for (const [taskId, count] of grown) {
    for (let number = 1; number <= count; number += 1) {
      const what = { eventType: 'progress_update', component: 'other', stage: 'analysis', message: '' } as const;
      await other.append([{ ...what, taskId, eventId: `other-${number}` }]);
    }
  }
  await other[Symbol.asyncDispose]();
  // Its transactions have the numbers of those that were lost, and more.
  for (let number = 0; number < 200; number += 1) await world.copy.query('SELECT pg_current_xact_id()');
  world.failOver();
  console.info(`grown copy: told after ${Math.round(await areTold(world))} ms`);
  for (const watcher of world.beyond) {
    const count = grown.get(taskOf(watcher)) ?? 0;
    expect(gapsOf(watcher)[0]?.progress.sequence).toBe(COMMON + count);
  }
  await endsWell(world);
});
