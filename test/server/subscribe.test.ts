import { buildSchema, GraphQLError, parse, type ExecutionArgs } from 'graphql';
import { expect, test } from 'vitest';
import { subscribeOperation } from '../../src/server/subscribe.ts';
import { cancellable } from '../../src/util/cancellable.ts';
import { createTurns } from '../../src/util/turns.ts';

const SCHEMA = buildSchema('type Query { none: Int } type Subscription { count: Int }');

/** @returns the arguments of a subscription, and whether its source is still held. */
function createCounting(): { readonly args: ExecutionArgs; readonly isHeld: () => boolean } {
  let held = false;
  const count = (): AsyncIterable<{ count: number }> =>
    cancellable(async function* () {
      held = true;
      try {
        for (let number = 1; ; number += 1) yield { count: number };
      } finally {
        held = false;
      }
    });
  return {
    args: { schema: SCHEMA, document: parse('subscription { count }'), rootValue: { count } },
    isHeld: () => held,
  };
}

const mask = (error: unknown): GraphQLError => new GraphQLError(`masked ${String(error)}`);
const deps = { mask, turns: createTurns() };

test('each item is executed on its own, and leaving releases the source', async () => {
  const { args, isHeld } = createCounting();
  const stream = await subscribeOperation(args, deps, ({ result }) => result.data?.['count']);
  if (!(Symbol.asyncIterator in stream)) throw new Error('the stream did not begin');
  expect([(await stream.next()).value, (await stream.next()).value]).toEqual([1, 2]);
  expect(isHeld()).toBe(true);
  await stream.return?.();
  expect(isHeld()).toBe(false);
  expect((await stream.next()).done).toBe(true);
});

test('a result that cannot be delivered fails the stream, masked, and releases the source', async () => {
  const { args, isHeld } = createCounting();
  const stream = await subscribeOperation(args, deps, () => {
    throw new Error('broken');
  });
  if (!(Symbol.asyncIterator in stream)) throw new Error('the stream did not begin');
  await expect(stream.next()).rejects.toThrow('masked Error: broken');
  expect(isHeld()).toBe(false);
});

test('a source that cannot begin is a result without data', async () => {
  const document = parse('subscription { count }');
  const rootValue = {
    count() {
      throw new Error('broken');
    },
  };
  const result = await subscribeOperation({ schema: SCHEMA, document, rootValue }, deps, ({ result }) => result);
  expect(result).toMatchObject({ errors: [{ message: expect.stringMatching(/^masked/) as string }] });
  expect('data' in result && result.data != null).toBe(false);
});
