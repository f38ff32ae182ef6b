import { expect, test } from 'vitest';
import type { TaskHead } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { openBench, take, takeAll, TASK, withPart } from './bench.ts';

const seqs = (heads: readonly TaskHead[]): number[] => heads.map(({ progress }) => progress.seq);

test('a slow reader skips states and never sees an old one', async () => {
  await using bench = openBench();
  await bench.emit();
  const stream = bench.manager.latestStates({ taskId: TASK });
  expect(seqs(await take(stream, 1))).toEqual([1]);
  await bench.emitSome(500);
  expect(seqs(await take(stream, 1))).toEqual([501]);
  await bench.emit();
  expect(seqs(await take(stream, 1))).toEqual([502]);
  await stream.return?.();
  expect(bench.manager.followerCount).toBe(0);
});

test('completes after the final state, which an over task gives at once', async () => {
  await using bench = openBench();
  await bench.emit();
  const stream = bench.manager.latestStates({ taskId: TASK });
  await take(stream, 1);
  await bench.emit({ eventType: 'task_completed' });
  const rest = await takeAll(stream);
  expect(rest.map(({ progress }) => [progress.seq, progress.status])).toEqual([[2, 'completed']]);
  await bench.emit({ message: 'late' });
  expect(seqs(await takeAll(bench.manager.latestStates({ taskId: TASK })))).toEqual([3]);
  expect(bench.manager.followerCount).toBe(0);
});

test('a task that is not yet known is waited for', async () => {
  await using bench = openBench();
  const stream = bench.manager.latestStates({ taskId: TASK });
  const first = take(stream, 1);
  await bench.manager.initTask({ taskId: TASK });
  expect(seqs(await first)).toEqual([0]);
  await stream.return?.();
});

test('no more states a second than asked for, and the one that comes is the newest', async () => {
  await using bench = openBench();
  await bench.emit();
  const stream = bench.manager.latestStates({ taskId: TASK, maxRate: 10 });
  await take(stream, 1);
  const sentAt = performance.now();
  const next = take(stream, 1);
  for (let count = 0; count < 5; count += 1) await bench.emit();
  expect(seqs(await next)).toEqual([6]);
  expect(performance.now() - sentAt).toBeGreaterThan(95);
  await stream.return?.();
});

test('a final state is sent at once, whatever the rate', async () => {
  await using bench = openBench();
  await bench.emit();
  const stream = bench.manager.latestStates({ taskId: TASK, maxRate: 0.1 });
  await take(stream, 1);
  const rest = takeAll(stream, 2_000);
  await bench.emit();
  await bench.emit({ eventType: 'task_failed' });
  expect(seqs(await rest)).toEqual([3]);
});

test('with a bus that loses everything, the state arrives with the next catch-up', async () => {
  await using bench = openBench({ fate: () => undefined, catchUpMs: 20 });
  await bench.emit();
  const stream = bench.manager.latestStates({ taskId: TASK });
  await take(stream, 1);
  await bench.emit();
  expect(seqs(await take(stream, 1, 2_000))).toEqual([2]);
  await stream.return?.();
});

test('what changes at any moment of a look is seen', async () => {
  // Answers come late, and each change is told a few microtasks after one was asked.
  for (let gap = 0; gap < 12; gap += 1) {
    const memory = openMemoryLog();
    await using bench = openBench({
      log: withPart(memory, {
        async head(id) {
          const head = await memory.head(id);
          await Promise.resolve();
          return head;
        },
      }),
    });
    await bench.emit();
    const stream = bench.manager.latestStates({ taskId: TASK });
    await take(stream, 1);
    const rest = takeAll(stream);
    const first = bench.emit();
    for (let turn = 0; turn < gap; turn += 1) await Promise.resolve();
    const last = bench.emit({ eventType: 'task_completed' });
    await Promise.all([first, last]);
    expect(seqs(await rest).at(-1)).toBe(3);
  }
});
