import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { paced } from '../../src/cli/pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('each item comes when it is due, late ones at once, so that the whole keeps its pace', async () => {
  const leaving = new AbortController();
  const dueMs = (_item: string, index: number) => index * 100;
  const seen: (readonly [string, number])[] = [];
  const start = performance.now();
  const reading = (async () => {
    for await (const item of paced(['a', 'b', 'c', 'd'], { dueMs, signal: leaving.signal })) {
      seen.push([item, performance.now() - start]);
      // The reader takes long over the second: the third is late, the fourth is not.
      if (item === 'b') await vi.advanceTimersByTimeAsync(150);
    }
  })();
  await vi.advanceTimersByTimeAsync(100);
  await vi.advanceTimersByTimeAsync(500);
  await reading;
  expect(seen).toEqual([
    ['a', 0],
    ['b', 100],
    ['c', 250],
    ['d', 300],
  ]);
});
