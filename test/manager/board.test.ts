import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/domain/limits.ts';
import type { EventLog, TaskHead } from '../../src/log/event-log.ts';
import type { BoardUpdate } from '../../src/manager/board.ts';
import { waitFor } from '../support/wait-for.ts';
import { event, openBench, take, type Bench } from './bench.ts';

setFlagsFromString('--expose-gc');
/** A context of its own has it. */
const collectGarbage = runInNewContext('gc') as () => void;

/** What a board shows, in few words. */
function shown({ changed, removed, ready, truncated }: BoardUpdate): unknown {
  const ids = changed.map(({ progress }) => `${progress.taskId}@${progress.seq}`).toSorted();
  return { changed: ids, removed, ready, truncated };
}
const UNTRUNCATED = { ready: true, truncated: false };

test('an empty board sends one update that is ready', async () => {
  await using bench = openBench();
  const board = bench.manager.boardUpdates({});
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: [], removed: [], ...UNTRUNCATED }]);
  await board.return?.();
  expect(bench.manager.followerCount).toBe(0);
});

test('first the tasks as they stand, then new and changed ones, each at its newest', async () => {
  await using bench = openBench();
  await bench.emit({ taskId: 'one' });
  await bench.emit({ taskId: 'two' });
  const board = bench.manager.boardUpdates({ maxRate: 60 });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: ['one@1', 'two@1'], removed: [], ...UNTRUNCATED }]);
  await bench.emit({ taskId: 'two' });
  await bench.emit({ taskId: 'two' });
  await bench.manager.initTask({ taskId: 'three' });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: ['three@0', 'two@3'], removed: [], ...UNTRUNCATED }]);
  await board.return?.();
});

test('a task that leaves the filter is removed once; one that never was shown is not mentioned; one may come back', async () => {
  await using bench = openBench();
  await bench.emit({ taskId: 'one' });
  const board = bench.manager.boardUpdates({ filter: { stages: ['analysis'] }, maxRate: 60 });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: ['one@1'], removed: [], ...UNTRUNCATED }]);
  await bench.emit({ taskId: 'other', stage: 'review' });
  await bench.emit({ taskId: 'one', stage: 'review' });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: [], removed: ['one'], ...UNTRUNCATED }]);
  await bench.emit({ taskId: 'one', stage: 'review' });
  await bench.emit({ taskId: 'one' });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: ['one@4'], removed: [], ...UNTRUNCATED }]);
  await board.return?.();
});

/** Begin so many tasks, each a minute after the one before: `t0` is the first. */
async function beginTasks(bench: Bench, count: number): Promise<void> {
  const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const events = Array.from({ length: count }, (_, number) => event({ taskId: `t${number}`, timestamp: at(number) }));
  while (events.length > 0) await bench.manager.emitMany(events.splice(0, LIMITS.batchEvents));
}

test.each([
  { first: undefined, tasks: 1_001, sizes: [500, 500], truncated: true },
  { first: 1_001, tasks: 1_001, sizes: [500, 500, 1], truncated: false },
  { first: 500, tasks: 501, sizes: [500], truncated: true },
  { first: 2, tasks: 3, sizes: [2], truncated: true },
  { first: 0, tasks: 1, sizes: [0], truncated: true },
])('asked for $first of $tasks tasks it begins with $sizes, the most recently updated', async (row) => {
  const { first, tasks, sizes, truncated } = row;
  await using bench = openBench();
  await beginTasks(bench, tasks);
  const board = bench.manager.boardUpdates({ first, maxRate: 60 });
  const start = await take(board, sizes.length);
  expect(start.map(({ changed, ready }) => [changed.length, ready])).toEqual(
    sizes.map((size, index) => [size, index === sizes.length - 1]),
  );
  expect(new Set(start.map((update) => update.truncated))).toEqual(new Set([truncated]));
  const ids = start.flatMap(({ changed }) => changed.map(({ progress }) => progress.taskId));
  const all = Array.from({ length: tasks }, (_, number) => `t${number}`).toReversed();
  expect(ids).toEqual(all.slice(0, first ?? 1_000));
  // Any other comes as it changes.
  await bench.emit({ taskId: 't0' });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: ['t0@2'], removed: [], ready: true, truncated }]);
  await board.return?.();
});

test('the start of a large board keeps to no pace, and lets others have their turn', async () => {
  await using bench = openBench();
  await beginTasks(bench, 2_000);
  let turns = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const board = bench.manager.boardUpdates({ first: 2_000, maxRate: 0.1 });
  const turnsAt: number[] = [];
  for (let update = 0; update < 4; update += 1) {
    await take(board, 1, 5_000);
    turnsAt.push(turns);
  }
  clearImmediate(counting);
  expect(turnsAt).toEqual([...new Set(turnsAt)]);
  await board.return?.();
});

test('what changes while the board begins is told after it, at its newest', async () => {
  await using bench = openBench();
  await beginTasks(bench, 501);
  const board = bench.manager.boardUpdates({ maxRate: 60 });
  expect((await take(board, 1))[0]).toMatchObject({ ready: false });
  await bench.emit({ taskId: 't0' });
  expect((await take(board, 2)).map(shown)).toEqual([
    { changed: ['t0@1'], removed: [], ...UNTRUNCATED },
    { changed: ['t0@2'], removed: [], ...UNTRUNCATED },
  ]);
  await board.return?.();
});

test('asked for them, each task comes with the event that its progress ends with', async () => {
  await using bench = openBench();
  await beginTasks(bench, 150);
  await bench.manager.initTask({ taskId: 'begun' });
  const board = bench.manager.boardUpdates({ withLastEvents: true, maxRate: 60 });
  const [start] = await take(board, 1);
  const told = (start?.changed ?? []).map(({ progress, lastEvent }) => [progress.seq, progress.hash, lastEvent?.hash]);
  expect(told.filter(([seq]) => seq === 0)).toEqual([[0, expect.any(String), undefined]]);
  expect(told.filter(([seq, hash, last]) => seq === 1 && hash === last)).toHaveLength(150);
  await bench.emit({ taskId: 't0', message: 'and on' });
  expect((await take(board, 1))[0]?.changed[0]?.lastEvent).toMatchObject({ seq: 2, message: 'and on' });
  await board.return?.();

  const plain = bench.manager.boardUpdates({ maxRate: 60 });
  expect((await take(plain, 1))[0]?.changed[0]).not.toHaveProperty('lastEvent');
  await plain.return?.();
});

test('a last event that is no longer kept, or of another history, is null', async () => {
  await using bench = openBench();
  await bench.emit({ taskId: 'trimmed' });
  await bench.log.trim('trimmed', 1);
  await bench.emit({ taskId: 'replaced' });
  const log: EventLog = {
    ...bench.log,
    async eventsAt(places) {
      await bench.log.delete('replaced');
      await bench.emit({ taskId: 'replaced', message: 'anew' });
      return bench.log.eventsAt(places);
    },
  };
  await using above = openBench({ log });
  const board = above.manager.boardUpdates({ withLastEvents: true, maxRate: 60 });
  const [start] = await take(board, 1);
  expect(start?.changed.map(({ lastEvent }) => lastEvent)).toEqual([null, null]);
  await board.return?.();
});

test('a board that is open keeps nothing of what it began with', async () => {
  await using bench = openBench();
  await bench.emit({ taskId: 'one' });
  let head: WeakRef<TaskHead> | undefined;
  const log: EventLog = {
    ...bench.log,
    async tasks(query) {
      const heads = (await bench.log.tasks(query)).map((each) => ({ ...each }));
      head = heads[0] && new WeakRef(heads[0]);
      return heads;
    },
  };
  await using above = openBench({ log });
  const board = above.manager.boardUpdates({ withLastEvents: true });
  await take(board, 1);
  const next = board.next();
  expect(head).toBeDefined();
  await waitFor(
    () => {
      collectGarbage();
      return head?.deref() === undefined;
    },
    { withinMs: 5_000, what: 'the start to be let go of' },
  );
  await board.return?.();
  await next;
});

test('changes while a slow reader is away come in one batch, and no faster than the rate asked for', async () => {
  await using bench = openBench();
  await bench.emit({ taskId: 'one' });
  const board = bench.manager.boardUpdates({ maxRate: 10 });
  await take(board, 1);
  await bench.emit({ taskId: 'one' });
  await take(board, 1);
  const since = performance.now();
  for (let count = 0; count < 50; count += 1) await bench.emit({ taskId: `t${count % 5}` });
  const [batch] = await take(board, 1);
  expect(batch?.changed.map(({ progress }) => progress.seq)).toEqual([10, 10, 10, 10, 10]);
  expect(performance.now() - since).toBeGreaterThan(90);
  await board.return?.();
});

test('with a bus that loses everything, changes arrive with the next catch-up', async () => {
  await using bench = openBench({ fate: () => undefined, catchUpMs: 20 });
  const board = bench.manager.boardUpdates({ maxRate: 60 });
  await take(board, 1);
  await bench.emit({ taskId: 'one' });
  expect((await take(board, 1, 2_000)).map(shown)).toEqual([{ changed: ['one@1'], removed: [], ...UNTRUNCATED }]);
  await board.return?.();
});

test('a board that waits is left at once', async () => {
  await using bench = openBench();
  const board = bench.manager.boardUpdates({});
  await take(board, 1);
  const pending = board.next();
  await board.return?.();
  expect((await pending).done).toBe(true);
  expect(bench.manager.followerCount).toBe(0);
});
