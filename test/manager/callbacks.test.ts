import { expect, test } from 'vitest';
import type { TaskEvent } from '../../src/domain/event.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { openBench, TASK } from './bench.ts';

const SOON = { withinMs: 2_000 };

test('each callback gets every event from its subscribe on, one at a time and in order', async () => {
  await using bench = openBench();
  await bench.emitSome(3);
  const got: number[] = [];
  let active = 0;
  let most = 0;
  await bench.manager.subscribe(TASK, async ({ seq }) => {
    active += 1;
    most = Math.max(most, active);
    await new Promise((resolve) => setImmediate(resolve));
    got.push(seq);
    active -= 1;
  });
  await Promise.all(Array.from({ length: 50 }, () => bench.emit()));
  await waitFor(() => got.length === 50, { ...SOON, what: 'fifty events' });
  expect(got).toEqual(Array.from({ length: 50 }, (_, index) => index + 4));
  expect(most).toBe(1);
});

test('emit does not wait for callbacks, and a slow one delays only itself', async () => {
  await using bench = openBench();
  const gate = Promise.withResolvers<void>();
  const slow: number[] = [];
  const quick: number[] = [];
  await bench.manager.subscribe(TASK, async ({ seq }) => {
    await gate.promise;
    slow.push(seq);
  });
  await bench.manager.subscribe(TASK, ({ seq }) => void quick.push(seq));
  await settlesWithin(bench.emit(), { ...SOON, what: 'emit' });
  await settlesWithin(bench.emit(), { ...SOON, what: 'emit' });
  await waitFor(() => quick.length === 2, { ...SOON, what: 'the quick one' });
  expect(slow).toEqual([]);
  gate.resolve();
  await waitFor(() => slow.length === 2, { ...SOON, what: 'the slow one' });
  expect(slow).toEqual([1, 2]);
});

test('a callback that throws or rejects is reported, goes on with the next event, and hurts no other', async () => {
  await using bench = openBench();
  const good: number[] = [];
  await bench.manager.subscribe(TASK, ({ seq }) => {
    throw new Error(`thrown ${seq}`);
  });
  await bench.manager.subscribe(TASK, async ({ seq }) => {
    throw new Error(`rejected ${seq}`);
  });
  await bench.manager.subscribe(TASK, ({ seq }) => void good.push(seq));
  await bench.emitSome(2);
  await waitFor(() => bench.errors.length === 4 && good.length === 2, { ...SOON, what: 'all of it' });
  expect(bench.errors.map((error) => String(error)).toSorted()).toEqual([
    'Error: rejected 1',
    'Error: rejected 2',
    'Error: thrown 1',
    'Error: thrown 2',
  ]);
});

test('unsubscribing inside a callback is safe: it gets nothing more, the others get everything', async () => {
  await using bench = openBench();
  const once: number[] = [];
  const all: number[] = [];
  const callback = async ({ seq }: TaskEvent): Promise<void> => {
    once.push(seq);
    await bench.manager.unsubscribe(TASK, callback);
  };
  await bench.manager.subscribe(TASK, callback);
  await bench.manager.subscribe(TASK, ({ seq }) => void all.push(seq));
  await bench.emitSome(5);
  await waitFor(() => all.length === 5, { ...SOON, what: 'five events' });
  expect(once).toEqual([1]);
  expect(bench.manager.followerCount).toBe(1);
});

test('after unsubscribe resolved nothing more comes; subscribing again begins from then', async () => {
  await using bench = openBench();
  const got: number[] = [];
  const callback = ({ seq }: TaskEvent): void => void got.push(seq);
  await bench.manager.subscribe(TASK, callback);
  await bench.emit();
  await waitFor(() => got.length === 1, { ...SOON, what: 'the first' });
  await bench.manager.unsubscribe(TASK, callback);
  await bench.emit();
  await bench.manager.subscribe(TASK, callback);
  await bench.emit();
  await waitFor(() => got.length === 2, { ...SOON, what: 'the third' });
  expect(got).toEqual([1, 3]);
  await bench.manager.unsubscribe(TASK, callback);
  await bench.manager.unsubscribe(TASK, callback);
  await waitFor(() => bench.manager.followerCount === 0, { ...SOON, what: 'nothing left' });
});

test('the same callback on the same task counts once, and on two tasks is two', async () => {
  await using bench = openBench();
  const got: string[] = [];
  const callback = ({ taskId, seq }: TaskEvent): void => void got.push(`${taskId} ${seq}`);
  await bench.manager.subscribe(TASK, callback);
  await bench.manager.subscribe(TASK, callback);
  await bench.manager.subscribe('other', callback);
  await bench.emit();
  await bench.emit({ taskId: 'other' });
  await waitFor(() => got.includes('other 1') && got.includes(`${TASK} 1`), { ...SOON, what: 'both' });
  expect(got).toHaveLength(2);
});

test('a late event after the end reaches callbacks like any other', async () => {
  await using bench = openBench();
  const got: number[] = [];
  await bench.manager.subscribe(TASK, ({ seq }) => void got.push(seq));
  await bench.emit({ eventType: 'task_completed' });
  await bench.emit();
  await waitFor(() => got.length === 2, { ...SOON, what: 'the late one' });
});

test('disposing does not wait for a callback that never settles', async () => {
  const bench = openBench();
  const never = Promise.withResolvers<void>();
  let called = false;
  await bench.manager.subscribe(TASK, async () => {
    called = true;
    await never.promise;
  });
  await bench.emit();
  await waitFor(() => called, { ...SOON, what: 'the call' });
  await settlesWithin(Promise.resolve(bench[Symbol.asyncDispose]()), { ...SOON, what: 'the dispose' });
});

test('disposing lets a callback catch up with what was recorded before', async () => {
  const bench = openBench();
  const seen: number[] = [];
  await bench.manager.subscribe(TASK, ({ seq }) => void seen.push(seq));
  for (let n = 0; n < 3; n += 1) await bench.emit();
  await bench[Symbol.asyncDispose]();
  expect(seen).toEqual([1, 2, 3]);
});

test('disposing while a callback is busy still tells it of what was recorded meanwhile', async () => {
  const bench = openBench();
  const seen: number[] = [];
  const first = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await bench.manager.subscribe(TASK, async ({ seq }) => {
    seen.push(seq);
    first.resolve();
    await gate.promise;
  });
  await bench.emit();
  await first.promise;
  await bench.emitSome(2);
  const disposed = bench.manager[Symbol.asyncDispose]();
  gate.resolve();
  await disposed;
  expect(seen).toEqual([1, 2, 3]);
});

test('a log that fails while somebody subscribes leaves nobody listening, and a later failure is outlived', async () => {
  const memory = openMemoryLog();
  let isBroken = true;
  const failing = async <Result>(proceed: () => Promise<Result>): Promise<Result> => {
    if (isBroken) throw new StoreUnavailableError('FAILED');
    return proceed();
  };
  const log = {
    ...memory,
    head: (taskId: string) => failing(async () => memory.head(taskId)),
    read: (...args: Parameters<typeof memory.read>) => failing(async () => memory.read(...args)),
  };
  await using bench = openBench({ log });
  const seen: number[] = [];
  const callback = ({ seq }: { readonly seq: number }): void => void seen.push(seq);
  await expect(bench.manager.subscribe(TASK, callback)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(bench.manager.followerCount).toBe(0);
  isBroken = false;
  await bench.manager.subscribe(TASK, callback);
  isBroken = true;
  await bench.emit();
  await waitFor(() => bench.errors.length > 0, { ...SOON, what: 'the failure to be told' });
  isBroken = false;
  await bench.emit();
  await waitFor(() => seen.length === 2, { ...SOON, what: 'both events' });
  expect(seen).toEqual([1, 2]);
});

test('a callback from which events were trimmed away goes on behind them, and the gap is reported', async () => {
  const log = openMemoryLog();
  await using bench = openBench({ log });
  const gate = Promise.withResolvers<void>();
  const got: number[] = [];
  await bench.manager.subscribe(TASK, async ({ seq }) => {
    got.push(seq);
    await gate.promise;
  });
  await bench.emit();
  await waitFor(() => got.length === 1, { ...SOON, what: 'the first' });
  await bench.emitSome(3);
  await log.trim(TASK, 3);
  gate.resolve();
  await waitFor(() => got.length === 2, { ...SOON, what: 'what is left' });
  expect(got).toEqual([1, 4]);
  expect(bench.errors).toMatchObject([{ code: 'CALLBACK_GAP', taskId: TASK, reason: 'expired' }]);
});
