import { expect, test } from 'vitest';
import { createJoinNext, createJoinNextByKey } from '../../src/util/join-next.ts';

/** Runs that end when they are told to, each with its number. */
function createRuns() {
  const ends: PromiseWithResolvers<number>[] = [];
  const join = createJoinNext(() => {
    const end = Promise.withResolvers<number>();
    ends.push(end);
    return end.promise;
  });
  const end = (run: number): void => ends[run - 1]?.resolve(run);
  const fail = (run: number): void => ends[run - 1]?.reject(new Error(`run ${run}`));
  return { join, end, fail, begun: () => ends.length };
}

test('a call while nothing runs begins a run at once', async () => {
  const { join, end, begun } = createRuns();
  const first = join();
  expect(begun()).toBe(1);
  end(1);
  expect(await first).toBe(1);
  const second = join();
  expect(begun()).toBe(2);
  end(2);
  expect(await second).toBe(2);
});

test('calls while one runs share the next run, which begins when the first has ended', async () => {
  const { join, end, begun } = createRuns();
  const first = join();
  const waiting = [join(), join(), join()];
  expect(begun()).toBe(1);
  end(1);
  await first;
  expect(begun()).toBe(2);
  const later = join();
  end(2);
  expect(await Promise.all(waiting)).toEqual([2, 2, 2]);
  expect(begun()).toBe(3);
  end(3);
  expect(await later).toBe(3);
});

test('a run that fails rejects for those who joined it and for nobody else', async () => {
  const { join, end, fail } = createRuns();
  const first = join();
  const second = join();
  fail(1);
  await expect(first).rejects.toThrow('run 1');
  end(2);
  expect(await second).toBe(2);
});

test('whatever the moment of a call, its run begins after it, and no two run at once', async () => {
  let running = 0;
  let begun = 0;
  const join = createJoinNext(async () => {
    expect(running).toBe(0);
    running += 1;
    begun += 1;
    const mine = begun;
    for (let turn = 0; turn < mine % 3; turn += 1) await Promise.resolve();
    running -= 1;
    return mine;
  });
  const calls = Array.from({ length: 200 }, async (_, index) => {
    for (let turn = 0; turn < index % 17; turn += 1) await Promise.resolve();
    const before = begun;
    const mine = await join();
    expect(mine).toBeGreaterThan(before);
  });
  await Promise.all(calls);
  expect(begun).toBeLessThan(200);
});

test('calls by key join only those of their own key, and nothing is kept when all are answered', async () => {
  const join = createJoinNextByKey<string>();
  const begun: string[] = [];
  const call = (key: string, run: string): Promise<string> =>
    join(key, async () => {
      begun.push(run);
      return run;
    });
  expect(await Promise.all([call('a', 'a1'), call('b', 'b1'), call('a', 'a2'), call('a', 'a3')])).toEqual([
    'a1',
    'b1',
    'a1',
    'a1',
  ]);
  // The others of that key had one more run between them, for they came while the first was under way.
  expect(begun).toEqual(['a1', 'b1', 'a1']);
  expect(await call('a', 'a4')).toBe('a4');
});
