/** One subscription's results: what they hold, how they end, and that they end with the session that they belong to. */
import { buildSchema, GraphQLError, parse, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { parseConfig } from '../../src/config.ts';
import { TokenRevokedError } from '../../src/domain/errors.ts';
import { toGrants } from '../../src/domain/viewer.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { createEventManager } from '../../src/manager/event-manager.ts';
import type { Frame } from '../../src/server/frame.ts';
import { createLimits } from '../../src/server/limits.ts';
import { pump, type Outlet } from '../../src/server/pump.ts';
import { createSessions } from '../../src/server/session.ts';
import { createSharedExecution } from '../../src/server/shared-execution.ts';
import { subscribeOperation } from '../../src/server/subscribe.ts';
import { cancellable } from '../../src/util/cancellable.ts';
import { PullStream } from '../../src/util/pull-stream.ts';
import { createTurns, type Resumable } from '../../src/util/turns.ts';

const SCHEMA = buildSchema('type Query { none: Int } type Subscription { count: Int }');

/** @returns the arguments of a subscription, and whether its source is still held. */
function createCounting(): {
  readonly args: ExecutionArgs;
  readonly isHeld: () => boolean;
} {
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
const deps = { mask, shared: createSharedExecution({ mask }) };

function begun(stream: PullStream<Frame> | ExecutionResult): PullStream<Frame> {
  if (!(stream instanceof PullStream)) throw new Error('the stream did not begin');
  return stream;
}

async function nextOf(stream: PullStream<Frame>): Promise<unknown> {
  const { value } = await stream.next();
  return value === undefined ? undefined : JSON.parse(value.json);
}

test('each item is executed on its own, and leaving releases the source', async () => {
  const { args, isHeld } = createCounting();
  const stream = begun(await subscribeOperation(args, deps));
  expect([await nextOf(stream), await nextOf(stream)]).toEqual([{ data: { count: 1 } }, { data: { count: 2 } }]);
  expect(isHeld()).toBe(true);
  await stream.return();
  expect((await stream.next()).done).toBe(true);
  await Promise.resolve();
  expect(isHeld()).toBe(false);
});

test('a result that cannot be written as JSON fails the stream, masked, and releases the source', async () => {
  const { args, isHeld } = createCounting();
  const schema = buildSchema('scalar Any type Query { none: Int } type Subscription { count: Any }');
  const any = schema.getType('Any');
  if (any === undefined || !('coerceOutputValue' in any)) throw new Error('no scalar');
  any.coerceOutputValue = () => ({
    toJSON(): never {
      throw new Error('broken');
    },
  });
  const stream = begun(await subscribeOperation({ ...args, schema }, deps));
  await expect(stream.next()).rejects.toThrow('masked Error: broken');
  await Promise.resolve();
  expect(isHeld()).toBe(false);
});

test('a source that cannot begin is a result without data', async () => {
  const document = parse('subscription { count }');
  const rootValue = {
    count() {
      throw new Error('broken');
    },
  };
  const result = await subscribeOperation({ schema: SCHEMA, document, rootValue }, deps);
  expect(result).toMatchObject({ errors: [{ message: expect.stringMatching(/^masked/) as string }] });
  expect('data' in result && result.data != null).toBe(false);
});

/** Never has nothing to say. */
class Endless extends PullStream<{ readonly count: number }> {
  #count = 0;

  protected take(): { readonly count: number } {
    this.#count += 1;
    return { count: this.#count };
  }

  protected release(): void {
    // Holds nothing.
  }
}

test('once the session is over nothing more is handed on, not even what was pulled for a reader that was full', async () => {
  let isRevoked = false;
  await using log = openMemoryLog();
  await using manager = createEventManager({ log, bus: createMemoryBus({}) });
  using sessions = createSessions({
    manager,
    limits: createLimits({
      ...parseConfig({}),
      areCallersLimited: false,
      trustProxy: false,
      onRefused: () => undefined,
    }),
    tokens: undefined,
    whyOver: () => (isRevoked ? new TokenRevokedError() : undefined),
  });
  const session = sessions.of({ name: 'user', grants: toGrants(['read:*']), expiresAt: Infinity, credentials: [] });
  const rootValue = { count: () => new Endless() };
  const stream = begun(await subscribeOperation({ ...createCounting().args, rootValue }, { ...deps, session }));
  let written = '';
  const waiting: Resumable[] = [];
  const full: Outlet = {
    write: (bytes) => ((written += bytes), false),
    whenWritable: (writer) => void waiting.push(writer),
  };
  // Turns that are up at once: the pump stops with a frame in its hand.
  const done = pump(stream, full, { shared: ({ json }) => json, end: ';' }, createTurns(0));
  const before = written;
  isRevoked = true;
  for (const writer of waiting) writer.resume();
  await expect(done).rejects.toThrow('masked TokenRevokedError');
  expect([before === '', written]).toEqual([false, before]);
});
