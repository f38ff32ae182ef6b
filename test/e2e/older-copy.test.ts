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
import { checkHistory, type Frame, type WatcherRecord } from '../support/history.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

/** Goes on after the copy was made. */
const AHEAD = 'ahead';
/** Is the same in both. */
const QUIET = 'quiet';
const COMMON = 20;
const LOST = 10;
const TOLD_MS = 5_000;

interface World extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly emitter: Emitter;
  /** From when both tasks had the same events, and ready to take over. */
  readonly copy: PostgresServer;
  readonly watchers: readonly Watcher[];
  of(taskId: string): readonly Watcher[];
  /** The history that is lost. */
  readonly lost: readonly LogEvent[];
  failOver(): void;
}

/** Watchers of both tasks stand at the head, and that of one of them is beyond the copy. */
async function openWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const primary = opening.use(await startPostgres());
  const proxy = opening.use(await openTcpProxy({ target: { port: primary.port } }));
  const store = primary.url.replace(`:${primary.port}/`, `:${proxy.port}/`);
  const server = opening.use(await startServer({ store }));
  const emitter = createEmitter({ url: server.graphqlUrl });
  for (const taskId of [AHEAD, QUIET]) await emitSome(emitter, { taskId, prefix: 'common', count: COMMON });
  const watchers = ([AHEAD, QUIET] as const).flatMap((taskId) =>
    (['ws', 'sse'] as const).map((transport) => {
      const name = `${transport} of ${taskId}`;
      return opening.use(openWatcher(transport, { name, origin: server.origin, taskId, replay: true }));
    }),
  );
  await arrive(watchers, COMMON);
  await primary.stop();
  const copy = opening.use(await startPostgres({ copyOf: primary }));
  await primary.start();
  const ahead = watchers.filter(({ name }) => name.endsWith(AHEAD));
  await emitSome(emitter, { taskId: AHEAD, prefix: 'lost', count: LOST });
  await arrive(ahead, COMMON + LOST);
  const lost = await readTaskLog(server.graphqlUrl, AHEAD);
  const stack = opening.move();
  return {
    server,
    emitter,
    copy,
    watchers,
    of: (taskId) => watchers.filter(({ name }) => name.endsWith(taskId)),
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

/** @returns how long it took until each of them was told. */
async function areTold(watchers: readonly Watcher[]): Promise<number> {
  const since = performance.now();
  const isTold = (): boolean => watchers.every((watcher) => gapsOf(watcher).length > 0);
  await waitFor(isTold, { withinMs: TOLD_MS, what: 'all to be told' });
  return performance.now() - since;
}

/** Both tasks go on and end; everything that was shown is right for the history that it was shown of. */
async function endsWell({ server, emitter, of, watchers, lost }: World): Promise<void> {
  for (const taskId of [AHEAD, QUIET]) {
    await emitSome(emitter, { taskId, prefix: 'later', count: 5 });
    await emitter.emitUntilAcknowledged({ ...eventOf(taskId, 'end'), eventType: 'TASK_COMPLETED' });
  }
  for (const { ended, name } of watchers) await settlesWithin(ended, { withinMs: 20_000, what: name });
  expect(watchers.filter(({ connects }) => connects !== 1).map(({ name }) => name)).toEqual([]);
  for (const watcher of of(AHEAD)) {
    const [gap, ...more] = gapsOf(watcher);
    expect([gap?.reason, more]).toEqual(['DIVERGED', []]);
    const frames = watcher.frames();
    const before = frames.slice(
      0,
      frames.findIndex((frame) => frame === gap),
    );
    const after = frames.slice(before.length);
    expect(before).toHaveLength(COMMON + LOST);
    expect(
      problems(AHEAD, lost, { ...watcher.record(false), streams: [{ frames: before, completed: false }] }),
    ).toEqual([]);
    const second = { from: 'snapshot', mustFinish: true, streams: [{ frames: after, completed: true }] } as const;
    const log = await readTaskLog(server.graphqlUrl, AHEAD);
    expect(problems(AHEAD, log, { name: watcher.name, ...second })).toEqual([]);
  }
  for (const watcher of of(QUIET)) {
    expect(gapsOf(watcher)).toEqual([]);
    expect(problems(QUIET, await readTaskLog(server.graphqlUrl, QUIET), watcher.record(true))).toEqual([]);
  }
}

function problems(taskId: string, log: readonly LogEvent[], watcher: WatcherRecord): readonly string[] {
  const emits = log.map(({ eventId }) => ({ taskId, eventId, outcome: 'unknown' }) as const);
  return checkHistory({ taskId, emits, log, watchers: [watcher] });
}

test('the copy is as it was', async () => {
  await using world = await openWorld();
  world.failOver();
  console.info(`older copy: told after ${Math.round(await areTold(world.of(AHEAD)))} ms`);
  for (const watcher of world.of(AHEAD)) expect(gapsOf(watcher)[0]?.progress.sequence).toBe(COMMON);
  await endsWell(world);
});

test('another server has written to the copy, and it has grown past the watchers', async () => {
  await using world = await openWorld();
  const other = await openPostgresLog({ url: world.copy.url });
  for (let number = 1; number <= 2 * LOST; number += 1) {
    const what = { eventType: 'progress_update', component: 'other', stage: 'analysis', message: '' } as const;
    await other.append([{ ...what, taskId: AHEAD, eventId: `other-${number}` }]);
  }
  await other[Symbol.asyncDispose]();
  // Its transactions have the numbers of those that were lost, and more.
  for (let number = 0; number < 200; number += 1) await world.copy.query('SELECT pg_current_xact_id()');
  world.failOver();
  console.info(`grown copy: told after ${Math.round(await areTold(world.of(AHEAD)))} ms`);
  for (const watcher of world.of(AHEAD)) expect(gapsOf(watcher)[0]?.progress.sequence).toBe(COMMON + 2 * LOST);
  await endsWell(world);
});
