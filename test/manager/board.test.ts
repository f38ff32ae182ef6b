import { expect, test } from 'vitest';
import type { BoardUpdate } from '../../src/manager/board.ts';
import { event, openBench, take } from './bench.ts';

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

test('of more than 1,000 tasks the most recently updated are shown and it says truncated; any other comes as it changes', async () => {
  await using bench = openBench();
  const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const begin = (number: number) => event({ taskId: `t${number}`, timestamp: at(number) });
  await bench.manager.emitMany(Array.from({ length: 1_000 }, (_, number) => begin(number)));
  await bench.manager.emitMany([begin(1_000)]);
  const board = bench.manager.boardUpdates({ maxRate: 60 });
  const [first] = await take(board, 1);
  expect(first).toMatchObject({ ready: true, truncated: true, removed: [] });
  const ids = new Set(first?.changed.map(({ progress }) => progress.taskId));
  expect([ids.size, ids.has('t0'), ids.has('t1000')]).toEqual([1_000, false, true]);
  await bench.emit({ taskId: 't0' });
  expect((await take(board, 1)).map(shown)).toEqual([{ changed: ['t0@2'], removed: [], ready: true, truncated: true }]);
  await board.return?.();
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
