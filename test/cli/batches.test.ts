import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesOf, type Sized } from '../../src/cli/batches.ts';

interface Item extends Sized {
  readonly name: string;
}

async function* from(items: readonly Item[], error?: Error): AsyncGenerator<Item> {
  yield* items;
  if (error !== undefined) throw error;
}

function items(...names: readonly string[]): Item[] {
  return names.map((name) => ({ name, bytes: name.length }));
}

async function collect(batches: AsyncIterable<readonly Item[]>): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of batches) all.push(batch.map(({ name }) => name).join(' '));
  return all;
}

test('batches keep every item, in order, and neither limit is passed', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }));
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 50, max: 120 }),
      async (all, max, bytes) => {
        const source = all.map((size, index) => ({ name: String(index), bytes: size }));
        const seen: Item[] = [];
        for await (const batch of batchesOf(from(source), { maxCount: max, maxBytes: bytes })) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(max);
          expect(batch.reduce((sum, item) => sum + item.bytes, 0)).toBeLessThanOrEqual(bytes);
          seen.push(...batch);
        }
        expect(seen).toEqual(source);
      },
    ),
  );
});

test('an item that alone is larger than the limit goes alone: the server is the one to refuse it', async () => {
  expect(await collect(batchesOf(from(items('a', 'bbbbbb', 'c')), { maxCount: 10, maxBytes: 3 }))).toEqual([
    'a',
    'bbbbbb',
    'c',
  ]);
});

test('what is at hand goes together; an item that comes later does not hold it up', async () => {
  const gate = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Item> {
    yield* items('a', 'b');
    await gate.promise;
    yield* items('c');
  }
  const seen: string[] = [];
  for await (const batch of batchesOf(slow(), { maxCount: 10, maxBytes: 100 })) {
    seen.push(batch.map(({ name }) => name).join(' '));
    gate.resolve();
  }
  expect(seen).toEqual(['a b', 'c']);
});

describe('when the source fails', () => {
  test('what it gave before comes out first', async () => {
    const seen: string[] = [];
    const failing = batchesOf(from(items('a', 'b', 'c'), new Error('line 4')), { maxCount: 2, maxBytes: 100 });
    const reading = (async () => {
      for await (const batch of failing) seen.push(batch.map(({ name }) => name).join(' '));
    })();
    await expect(reading).rejects.toThrow('line 4');
    expect(seen).toEqual(['a b', 'c']);
  });
});

test('leaving closes the source', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<Item> {
    try {
      while (true) yield* items('a');
    } finally {
      closed = true;
    }
  }
  for await (const batch of batchesOf(endless(), { maxCount: 3, maxBytes: 100 })) {
    expect(batch).toHaveLength(3);
    break;
  }
  expect(closed).toBe(true);
});
