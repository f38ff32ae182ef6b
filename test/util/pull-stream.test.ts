/**
 * A stream that is pulled: items by plain calls, a call back when there are more, and the promises of an async
 * iterator for whoever reads it as one.
 */
import { describe, expect, test } from 'vitest';
import { PullStream, toPullStream } from '../../src/util/pull-stream.ts';

interface Item {
  readonly n: number;
}

/** Gives what it was told to, when it was told to. */
class Scripted extends PullStream<Item> {
  readonly items: Item[] = [];
  releases = 0;
  takes = 0;
  error: Error | undefined;
  isLast = false;

  protected take(): Item | undefined {
    this.takes += 1;
    if (this.error !== undefined) throw this.error;
    const item = this.items.shift();
    if (item === undefined && this.isLast) this.end();
    return item;
  }

  protected release(): void {
    this.releases += 1;
  }

  give(...numbers: readonly number[]): void {
    this.items.push(...numbers.map((n) => ({ n })));
    this.ready();
  }

  finish(): void {
    this.isLast = true;
    this.ready();
  }

  fail(error: Error): void {
    this.error = error;
    this.ready();
  }

  wait(work: Promise<unknown>): void {
    this.waitFor(work);
  }
}

describe('pulled', () => {
  test('what is ready is had at once; then the stream says when there is more, and when it is over', () => {
    const stream = new Scripted();
    let calls = 0;
    stream.reader = { ready: () => (calls += 1) };
    expect(stream.pull()).toBeUndefined();
    stream.give(1, 2);
    expect([calls, stream.pull()?.n, stream.pull()?.n, stream.pull()]).toEqual([1, 1, 2, undefined]);
    stream.finish();
    expect([calls, stream.isOver, stream.pull(), stream.isOver, stream.releases]).toEqual([
      2,
      false,
      undefined,
      true,
      1,
    ]);
  });

  test('nothing begins before the first pull, and nothing is taken while something is waited for', async () => {
    const stream = new Scripted();
    let calls = 0;
    stream.reader = { ready: () => (calls += 1) };
    expect(stream.takes).toBe(0);
    const work = Promise.withResolvers<void>();
    stream.wait(work.promise);
    stream.give(1);
    expect([calls, stream.pull(), stream.takes]).toEqual([0, undefined, 0]);
    work.resolve();
    await work.promise;
    await Promise.resolve();
    expect([calls, stream.pull()?.n]).toEqual([1, 1]);
  });

  test('what is waited for and fails is thrown once, by the next pull; then the stream is over', async () => {
    const stream = new Scripted();
    const called = Promise.withResolvers<void>();
    stream.reader = { ready: called.resolve };
    stream.wait(Promise.reject(new Error('broken')));
    await called.promise;
    expect(() => stream.pull()).toThrow('broken');
    expect([stream.pull(), stream.isOver, stream.releases]).toEqual([undefined, true, 1]);
  });

  test('one that was left while it waited takes no notice of how that ends', async () => {
    const stream = new Scripted();
    const work = Promise.withResolvers<void>();
    stream.wait(work.promise);
    await stream.return();
    expect([stream.isOver, stream.releases]).toEqual([true, 1]);
    work.reject(new Error('too late'));
    await Promise.allSettled([work.promise]);
    expect([stream.pull(), stream.releases]).toEqual([undefined, 1]);
  });
});

describe('read as an iterator', () => {
  test('calls of next that wait are answered in their order, also when less comes than is asked for', async () => {
    const stream = new Scripted();
    const asked = [stream.next(), stream.next(), stream.next(), stream.next()];
    stream.give(1);
    expect((await asked[0])?.value).toEqual({ n: 1 });
    stream.give(2, 3);
    stream.finish();
    expect(await Promise.all(asked)).toEqual([
      { done: false, value: { n: 1 } },
      { done: false, value: { n: 2 } },
      { done: false, value: { n: 3 } },
      { done: true, value: undefined },
    ]);
  });

  test('one that asks late gets nothing that belongs to one who asked before', async () => {
    const stream = new Scripted();
    const early = stream.next();
    stream.give(1);
    const late = stream.next();
    stream.give(2);
    expect([(await early).value, (await late).value]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('return settles every next that waits, at once, whatever is waited for', async () => {
    const stream = new Scripted();
    stream.wait(new Promise(() => undefined));
    const asked = [stream.next(), stream.next()];
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(await Promise.all(asked)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect([await stream.return(), await stream.next(), stream.releases]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      1,
    ]);
  });

  test('a failure rejects once; of all others that wait, and of all that come, the stream is over', async () => {
    const stream = new Scripted();
    const asked = [stream.next(), stream.next()];
    stream.fail(new Error('broken'));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: { done: true } }]);
    expect([await stream.next(), stream.releases]).toEqual([{ done: true, value: undefined }, 1]);
  });
});

describe('toPullStream', () => {
  test('a stream stays itself', () => {
    const stream = new Scripted();
    expect(toPullStream(stream)).toBe(stream);
  });

  test('of a generator gives its items, and its end', async () => {
    const seen: number[] = [];
    const stream = toPullStream(numbers({ upTo: 3 }));
    for await (const { n } of stream) seen.push(n);
    expect([seen, stream.isOver]).toEqual([[1, 2, 3], true]);
  });

  test('asks the generator for one item at a time, and only when it is asked itself', async () => {
    const state = { asked: 0, left: 0 };
    const stream = toPullStream(numbers({ upTo: 9, ...watch(state) }));
    expect(state.asked).toBe(0);
    const ready = Promise.withResolvers<void>();
    stream.reader = { ready: ready.resolve };
    expect(stream.pull()).toBeUndefined();
    expect(stream.pull()).toBeUndefined();
    await ready.promise;
    expect([stream.pull(), state.asked]).toEqual([{ n: 1 }, 1]);
  });

  test('leaving it leaves the generator, which runs to its `finally`', async () => {
    const state = { asked: 0, left: 0 };
    const stream = toPullStream(numbers({ upTo: 9, ...watch(state) }));
    await stream.next();
    await stream.return();
    expect([await stream.next(), state]).toEqual([
      { done: true, value: undefined },
      { asked: 1, left: 1 },
    ]);
  });

  test('a generator that fails rejects once, and is over', async () => {
    const stream = toPullStream(failing());
    expect((await stream.next()).value).toEqual({ n: 1 });
    await expect(stream.next()).rejects.toThrow('broken');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('an iterator whose return fails harms nobody', async () => {
    const source: AsyncIterable<Item> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: { n: 1 } }),
        return: () => Promise.reject(new Error('will not go')),
      }),
    };
    const stream = toPullStream(source);
    await stream.next();
    expect(await stream.return()).toEqual({ done: true, value: undefined });
  });
});

interface Numbers {
  readonly upTo: number;
  readonly onAsk?: () => void;
  readonly onLeave?: () => void;
}

async function* numbers({ upTo, onAsk, onLeave }: Numbers): AsyncGenerator<Item> {
  try {
    for (let n = 1; n <= upTo; n += 1) {
      onAsk?.();
      yield { n };
    }
  } finally {
    onLeave?.();
  }
}

function watch(state: { asked: number; left: number }): Omit<Numbers, 'upTo'> {
  return { onAsk: () => void (state.asked += 1), onLeave: () => void (state.left += 1) };
}

async function* failing(): AsyncGenerator<Item> {
  yield { n: 1 };
  throw new Error('broken');
}
