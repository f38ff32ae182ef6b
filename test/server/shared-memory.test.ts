/** What is remembered for other watchers is bounded, oldest first out, and is gone with the last of them. */
import fc from 'fast-check';
import { buildSchema, parse, validateSubscriptionArgs, type ValidatedSubscriptionArgs } from 'graphql';
import { expect, test } from 'vitest';
import { createErrorMask } from '../../src/server/errors.ts';
import { Frame } from '../../src/server/frame.ts';
import { createSharedExecution, type OpenOperation, type SharedExecution } from '../../src/server/shared-execution.ts';
import { openRandom } from '../support/random.ts';

const ignore = (): void => undefined;
const mask = createErrorMask({ error: ignore, warn: ignore, info: ignore, debug: ignore });
const NOTHING = { operations: 0, frames: 0, bytes: 0 };
const { seed } = openRandom('memory of shared execution');

const schema = buildSchema('type Item { text: String! } type Query { none: Int } type Subscription { item: Item! }');
let executions = 0;
const field = schema.getSubscriptionType()?.getFields()['item'];
if (field === undefined) throw new Error('no field');
field.extensions = { stream: { sharesItems: true } };
field.resolve = (item: unknown) => {
  executions += 1;
  return item;
};

function argsOf(alias: string): ValidatedSubscriptionArgs {
  const args = validateSubscriptionArgs({ schema, document: parse(`subscription { item { ${alias}: text } }`) });
  if (!('operation' in args)) throw new AggregateError(args);
  return args;
}

interface Item {
  readonly text: string;
}

function itemOf(size: number): Item {
  return { text: 'x'.repeat(size) };
}

/** All of it is plain, so that none has to be waited for. */
function frameOf(operation: OpenOperation, item: Item): Frame {
  const frame = operation.frameOf(item);
  if (!(frame instanceof Frame)) throw new TypeError('a promise');
  return frame;
}

/** @returns how many executions the call takes. */
function executionsOf(call: () => unknown): number {
  const before = executions;
  call();
  return executions - before;
}

test('what is remembered stays within its bytes over all operations, and the oldest goes first', () => {
  const size = frameOf(createSharedExecution({ mask }).open(argsOf('a')), itemOf(100)).bytes;
  const shared = createSharedExecution({ mask, maxBytes: 3 * size });
  using a = shared.open(argsOf('a'));
  using b = shared.open(argsOf('b'));
  const [one, two, three, four] = [itemOf(100), itemOf(100), itemOf(100), itemOf(100)] as const;
  frameOf(a, one);
  frameOf(b, two);
  frameOf(a, three);
  expect(shared.stats).toEqual({ operations: 2, frames: 3, bytes: 3 * size });
  frameOf(b, four);
  expect(shared.stats).toEqual({ operations: 2, frames: 3, bytes: 3 * size });
  expect(executionsOf(() => [frameOf(b, two), frameOf(a, three), frameOf(b, four)])).toBe(0);
  expect(executionsOf(() => frameOf(a, one))).toBe(1);
});

test('a frame that alone is too large is delivered, and remembered for nobody', () => {
  const shared = createSharedExecution({ mask, maxBytes: 1_000 });
  using a = shared.open(argsOf('a'));
  const large = itemOf(2_000);
  expect(frameOf(a, large).json).toBe(`{"data":{"item":{"a":"${large.text}"}}}`);
  expect(shared.stats).toEqual({ ...NOTHING, operations: 1 });
});

test('an operation is remembered until its last watcher leaves', () => {
  const shared = createSharedExecution({ mask });
  const item = itemOf(1);
  const first = shared.open(argsOf('a'));
  const last = shared.open(argsOf('a'));
  frameOf(first, item);
  first[Symbol.dispose]();
  expect(shared.stats).toMatchObject({ operations: 1, frames: 1 });
  expect(executionsOf(() => frameOf(last, item))).toBe(0);
  last[Symbol.dispose]();
  expect(shared.stats).toEqual(NOTHING);
  using again = shared.open(argsOf('a'));
  expect(executionsOf(() => frameOf(again, item))).toBe(1);
});

test('5,000 different documents leave nothing behind', () => {
  const shared = createSharedExecution({ mask });
  const items = [itemOf(10), itemOf(20), itemOf(30)];
  const open: OpenOperation[] = [];
  for (let number = 0; number < 5_000; number += 1) {
    const operation = shared.open(argsOf(`a${number}`));
    for (const item of items) frameOf(operation, item);
    open.push(operation);
    if (open.length > 50) open.shift()?.[Symbol.dispose]();
    expect(shared.stats.operations).toBeLessThanOrEqual(50);
  }
  for (const operation of open) operation[Symbol.dispose]();
  expect(shared.stats).toEqual(NOTHING);
});

type Step = readonly [seat: number, operation: number, item: number, leaves: boolean];

test('whatever comes, watches and leaves: never above the bound, nothing when all are gone', () => {
  const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.nat(5), fc.nat(2), fc.nat(9), fc.boolean()), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000 }), steps, (maxBytes, tale) => {
      const shared = createSharedExecution({ mask, maxBytes });
      const items = Array.from({ length: 10 }, (_, index) => itemOf(index * 60));
      const seats = new Map<number, OpenOperation>();
      for (const step of tale) {
        play(step, { shared, seats, items });
        expect(shared.stats.bytes).toBeLessThanOrEqual(maxBytes);
        expect(shared.stats.operations).toBeLessThanOrEqual(seats.size);
      }
      for (const operation of seats.values()) operation[Symbol.dispose]();
      expect(shared.stats).toEqual(NOTHING);
    }),
    { seed, numRuns: 200 },
  );
});

interface Stage {
  readonly shared: SharedExecution;
  readonly seats: Map<number, OpenOperation>;
  readonly items: readonly Item[];
}

function play([seat, which, number, leaves]: Step, { shared, seats, items }: Stage): void {
  const operation = seats.get(seat) ?? shared.open(argsOf(`a${which}`));
  seats.set(seat, operation);
  const item = items[number] ?? itemOf(1);
  expect(frameOf(operation, item).json).toContain(`"${item.text}"`);
  if (!leaves) return;
  operation[Symbol.dispose]();
  seats.delete(seat);
}
