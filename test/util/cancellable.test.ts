import { expect, test } from 'vitest';
import { cancellable } from '../../src/util/cancellable.ts';
import { settlesWithin } from '../support/wait-for.ts';

const SOON = { withinMs: 2_000, what: 'the iterator to settle' };

/** Counts what a generator holds: it must be back at 0 after every way of leaving. */
function createHolder(): {
  readonly held: () => number;
  readonly waitFor: (signal: AbortSignal) => AsyncGenerator<number, void, void>;
} {
  let held = 0;
  return {
    held: () => held,
    async *waitFor(signal) {
      held += 1;
      try {
        yield 1;
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener('abort', () => resolve(), { once: true });
        });
      } finally {
        held -= 1;
      }
    },
  };
}

test('return() while next() is pending runs finally at once and settles that next()', async () => {
  const holder = createHolder();
  const iterator = cancellable(holder.waitFor);
  await iterator.next();
  const pending = iterator.next();
  expect(holder.held()).toBe(1);
  await settlesWithin(Promise.resolve(iterator.return?.()), SOON);
  expect(holder.held()).toBe(0);
  expect(await settlesWithin(pending, SOON)).toEqual({ done: true, value: undefined });
});

test('return() before the first next() begins nothing, and the iterator is done', async () => {
  const holder = createHolder();
  const iterator = cancellable(holder.waitFor);
  await iterator.return?.();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(holder.held()).toBe(0);
});

test('leaving a loop by break releases what the generator holds', async () => {
  const holder = createHolder();
  for await (const item of cancellable(holder.waitFor)) {
    expect(item).toBe(1);
    break;
  }
  expect(holder.held()).toBe(0);
});

test('the outer signal ends a pending next(), and one that aborted before ends the first', async () => {
  const holder = createHolder();
  const outer = new AbortController();
  const iterator = cancellable(holder.waitFor, outer.signal);
  await iterator.next();
  const pending = iterator.next();
  outer.abort();
  expect(await settlesWithin(pending, SOON)).toEqual({ done: true, value: undefined });
  expect(holder.held()).toBe(0);

  const late = cancellable(holder.waitFor, outer.signal);
  await late.next();
  expect(await settlesWithin(late.next(), SOON)).toEqual({ done: true, value: undefined });
  expect(holder.held()).toBe(0);
});

test('an error of the generator reaches the reader, aborts its signal and ends the iterator', async () => {
  let given: AbortSignal | undefined;
  const broken = new Error('broken');
  const iterator = cancellable(async function* (signal): AsyncGenerator<number, void, void> {
    given = signal;
    yield 1;
    throw broken;
  });
  await iterator.next();
  await expect(iterator.next()).rejects.toBe(broken);
  expect(given?.aborted).toBe(true);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test('nothing stays on an outer signal that outlives a thousand iterators, however they ended', async () => {
  const outer = new AbortController();
  let listeners = 0;
  const { signal } = outer;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  for (let round = 0; round < 1_000; round += 1) {
    const iterator = cancellable(async function* (): AsyncGenerator<number, void, void> {
      yield round;
    }, signal);
    await iterator.next();
    if (round % 2 === 0) await iterator.return?.();
    else await iterator.next();
  }
  expect(listeners).toBe(0);
});
