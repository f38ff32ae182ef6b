/**
 * Whoever watches, and whoever else does: each gets, to the byte, what graphql-js makes of their own document, their
 * own variables and the item. What is shared between watchers never shows; that it is shared is counted.
 */
import fc from 'fast-check';
import {
  executeSubscriptionEvent,
  parse,
  validate,
  validateSubscriptionArgs,
  type DocumentNode,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TaskUpdate } from '../../src/manager/task-updates.ts';
import { createSchema } from '../../src/schema/index.ts';
import { createErrorMask } from '../../src/server/errors.ts';
import type { Frame } from '../../src/server/frame.ts';
import { createSharedExecution, type OpenOperation } from '../../src/server/shared-execution.ts';
import { createHarness, emitAll, type Harness } from '../schema/harness.ts';
import { openRandom } from '../support/random.ts';
import { BOOLEANS, randomDocuments, type RandomDocument, type Root } from '../support/random-operations.ts';

const ignore = (): void => undefined;
const mask = createErrorMask({ error: ignore, warn: ignore, info: ignore, debug: ignore });
const { seed } = openRandom('shared execution');

/** What graphql-js says, on its own schema, so that nothing of it is counted below. */
const judge = createSchema();
const schema = createSchema();
/** Executions on the schema under test: the resolver of a root is asked once in each. */
let executions = 0;
for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
  const { resolve } = field;
  if (resolve === undefined) throw new Error(`${field.name} has no resolver`);
  const counting = (item: unknown): unknown => {
    executions += 1;
    // None takes more than the item.
    return (resolve as (item: unknown) => unknown)(item);
  };
  field.resolve = counting;
}

const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: -1e6, max: 1e6 }),
  fc.boolean(),
  fc.constant(null),
);
const randomEvent = fc.record(
  {
    component: fc.constantFrom('camina', 'drummer', 'ß 🥁', 'constructor'),
    eventType: fc.constantFrom('WARNING', 'BELTER_STARTED', 'PROGRESS_UPDATE'),
    stage: fc.constantFrom('REVIEW', 'DATA_GATHERING'),
    message: fc.string({ unit: 'grapheme', maxLength: 60 }),
    progress: fc.double({ min: 0, max: 1, noNaN: true }),
    details: fc.dictionary(fc.string({ maxLength: 5 }), fc.oneof(value, fc.array(value, { maxLength: 3 })), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    estimatedTimeRemaining: fc.string({ maxLength: 20 }),
  },
  { requiredKeys: ['component'] },
);

let harness: Harness;
const items: Record<string, readonly object[]> = {};
beforeAll(async () => {
  harness = createHarness();
  const { manager, log } = harness;
  await manager.initTask({ taskId: 'survey', title: 'Übersicht "1"\n', labels: ['a', 'ß'] });
  await emitAll(harness, [
    { progress: 0.5, details: { a: [1, { b: null }], __typename: 'x' }, estimatedTimeRemaining: '2 minutes' },
    { component: '__proto__', message: 'tab\tnewline\nquote" \u2028 🥁' },
    ...fc.sample(randomEvent, { seed, numRuns: 6 }),
    { eventType: 'TASK_COMPLETED' },
    { component: 'late' },
  ]);
  const updates: TaskUpdate[] = [];
  for (const options of [{ replay: true }, {}]) {
    for await (const update of await manager.taskUpdates({ taskId: 'survey', ...options })) updates.push(update);
  }
  const [first] = updates;
  const head = await log.head('survey');
  if (first === undefined || head === undefined) throw new Error('nothing was recorded');
  const { progress } = first;
  updates.push({ kind: 'gap', progress, reason: 'diverged' }, { kind: 'checkpoint', progress });
  const heads = [head, { ...head, progress }, { ...head, genesis: { ...head.genesis, title: undefined, labels: [] } }];
  // As a board has them that was asked for it.
  const [last] = await log.read('survey', { after: head.progress.seq - 1, limit: 1 });
  const rows = heads.map((each, index) => ({ ...each, lastEvent: index === 1 ? null : last }));
  await manager.publishObservation({ content: 'all is well', metadata: { deep: { er: [1.5e-300, 0.1] } } });
  const [observation] = await log.readObservations({ after: 0, limit: 1 });
  if (observation === undefined) throw new Error('nothing was observed');
  const cursor = { seq: observation.seq, hash: observation.hash };
  Object.assign(items, {
    taskUpdates: updates,
    taskProgress: heads,
    task: heads,
    tasks: [{ changed: rows, removed: ['gone'], ready: true, truncated: false }],
    observations: [
      { kind: 'recorded', cursor, observation },
      { kind: 'recorded', cursor, observation: { ...observation, taskId: 'survey' } },
      { kind: 'checkpoint', cursor },
      { kind: 'gap', cursor, reason: 'expired' },
    ],
  });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

interface Request {
  readonly document: DocumentNode;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

function validated(on: typeof schema, { document, operationName, variables = {} }: Request): ValidatedSubscriptionArgs {
  const args = validateSubscriptionArgs({
    schema: on,
    document,
    operationName: operationName ?? null,
    variableValues: variables,
    contextValue: { manager: harness.manager },
  });
  if (!('operation' in args)) throw new AggregateError(args, args.join('\n'));
  return args;
}

async function right(request: Request, item: object): Promise<string> {
  return JSON.stringify(await executeSubscriptionEvent({ ...validated(judge, request), rootValue: item }));
}

/** As a client reads it. */
function textOf({ json }: Frame): string {
  return Buffer.from(json, 'latin1').toString('utf8');
}

describe('random operations, random watchers, the same items', () => {
  const roots: readonly Root[] = [
    {
      field: 'taskUpdates',
      args: (cursor) => `(taskId: "survey", after: $${cursor}, filter: { components: [$${cursor}] })`,
      variables: (cursor) => `$${cursor}: String!`,
    },
    {
      field: 'taskUpdates',
      args: (cursor) => `(taskId: "survey", after: $${cursor})`,
      variables: (cursor) => `$${cursor}: String = "none"`,
    },
    { field: 'taskProgress', args: (id) => `(taskId: $${id})`, variables: (id) => `$${id}: ID!` },
    { field: 'task', args: (id) => `(id: $${id}, maxRate: 5)`, variables: (id) => `$${id}: ID!` },
    { field: 'tasks', args: () => '', variables: () => '' },
    { field: 'observations', args: (cursor) => `(after: $${cursor})`, variables: (cursor) => `$${cursor}: String` },
  ];
  /** Their items are the same for all, and nothing below them depends on the moment. */
  const SHARED = ['taskUpdates', 'taskProgress'];

  const watcher = fc.record({
    document: fc.nat(2),
    operation: fc.nat(2),
    cursor: fc.constantFrom('x', 'y', 'z'),
    booleans: fc.tuple(
      fc.boolean(),
      fc.option(fc.boolean(), { nil: undefined }),
      fc.option(fc.boolean(), { nil: undefined }),
    ),
  });
  const story = fc.record({
    documents: fc.array(randomDocuments(judge, roots), { minLength: 1, maxLength: 2 }),
    watchers: fc.array(watcher, { minLength: 2, maxLength: 12 }),
    // A watcher comes with its first item, and now and then leaves after one.
    steps: fc.array(
      fc.record({ watcher: fc.nat(11), item: fc.nat(14), leaves: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }),
      { minLength: 10, maxLength: 80 },
    ),
    isLeft: fc.boolean(),
    maxBytes: fc.constantFrom(undefined, undefined, 0, 2_000),
  });
  type Story = typeof story extends fc.Arbitrary<infer Value> ? Value : never;

  interface Seat {
    readonly request: Request;
    readonly field: string;
    /** Equal for those who may share. */
    readonly key: string;
    open: OpenOperation | undefined;
  }

  function seatsOf({ documents, watchers }: Story): readonly Seat[] {
    const parsed = documents.map(({ text }) => parse(text));
    return watchers.map(({ document: pick, operation: which, cursor, booleans }) => {
      const index = pick % documents.length;
      const { operations } = at<RandomDocument>(documents, index);
      const operation = at(operations, which % operations.length);
      const values = new Map<string, unknown>(BOOLEANS.map((name, number) => [name, booleans[number]]));
      const asked = Object.fromEntries(
        operation.asked.flatMap((name) => (values.get(name) === undefined ? [] : [[name, values.get(name)]])),
      );
      const variables = { ...asked, [operation.cursor]: cursor };
      const request = { document: at(parsed, index), operationName: operation.name, variables };
      // A variable with a default that is left out has its default.
      const relevant = operation.asked.map((name) => values.get(name) ?? name === 'b1');
      const key = JSON.stringify([documents[index]?.text, operation.name, relevant]);
      return { request, field: operation.field, key, open: undefined };
    });
  }

  test('each delivery is what graphql-js gives for that watcher alone, and each execution serves all who may share it', async () => {
    let sharedDeliveries = 0;
    await fc.assert(
      fc.asyncProperty(story, async (tale) => {
        const { documents, isLeft, maxBytes } = tale;
        expect(documents.flatMap(({ text }) => validate(judge, parse(text)))).toEqual([]);
        const shared = createSharedExecution({ mask, ...(maxBytes === undefined ? {} : { maxBytes }) });
        const seats = seatsOf(tale);
        const before = executions;
        const distinct = new Set<string>();
        let alone = 0;
        for (const { watcher, item: which, leaves } of tale.steps) {
          const seat = at(seats, watcher % seats.length);
          const { field, request, key } = seat;
          const pool = items[field] ?? [];
          const index = which % pool.length;
          const item = at(pool, index);
          seat.open ??= shared.open(validated(schema, request));
          const frame = await seat.open.frameOf(item);
          expect(textOf(frame)).toBe(await right(request, item));
          if (SHARED.includes(field)) distinct.add(`${key} ${index}`);
          else alone += 1;
          if (!isLeft || !leaves) continue;
          seat.open[Symbol.dispose]();
          seat.open = undefined;
        }
        const executed = executions - before;
        const deliveries = tale.steps.length;
        // What is forgotten is made again, for whoever comes later.
        const isKept = !isLeft && maxBytes === undefined;
        expect(executed).toBeLessThanOrEqual(isKept ? distinct.size + alone : deliveries);
        if (isKept) sharedDeliveries += deliveries - executed;
        for (const { open } of seats) open?.[Symbol.dispose]();
        expect(shared.stats).toEqual({ operations: 0, frames: 0, bytes: 0 });
      }),
      { seed, numRuns: 300 },
    );
    // Had no two watchers anything in common, this would have shown nothing.
    expect(sharedDeliveries).toBeGreaterThan(100);
  }, 120_000);
});

function at<Value>(list: readonly Value[], index: number): Value {
  const value = list[index];
  if (value === undefined) throw new RangeError(`there is no ${index} of ${list.length}`);
  return value;
}

describe('who shares', () => {
  /** @returns how many executions served one item to a watcher with each of these variables. */
  async function executionsFor(text: string, variables: readonly Readonly<Record<string, unknown>>[]): Promise<number> {
    const shared = createSharedExecution({ mask });
    const before = executions;
    const [item] = items['taskUpdates'] ?? [];
    if (item === undefined) throw new Error('no item');
    const open = variables.map((values) =>
      shared.open(validated(schema, { document: parse(text), operationName: 'A', variables: values })),
    );
    for (const [index, operation] of open.entries()) {
      const request = { document: parse(text), operationName: 'A', variables: variables[index] ?? {} };
      expect(textOf(await operation.frameOf(item))).toBe(await right(request, item));
    }
    return executions - before;
  }

  test.each(['after', 'cursor', 'x', 'taskId', 'include'])(
    'whose cursors differ, in a variable called %s',
    async (name) => {
      const text = `subscription A($${name}: String) { taskUpdates(taskId: "survey", after: $${name}) { cursor } }`;
      expect(await executionsFor(text, [{ [name]: 'a' }, { [name]: 'b' }, { [name]: null }, {}])).toBe(1);
    },
  );

  test.each([
    [
      'in two arguments of the root',
      'taskUpdates(taskId: "x", after: $v, filter: { components: [$v] }) { cursor }',
      '',
    ],
    [
      'in a root within a fragment',
      '...R',
      'fragment R on Subscription { taskUpdates(taskId: "x", after: $v) { cursor } }',
    ],
    [
      'in a root that stands twice',
      'taskUpdates(taskId: "x", after: $v) { cursor } taskUpdates(taskId: "x", after: $v) { cursor }',
      '',
    ],
    [
      'in another operation of the document as well',
      'taskUpdates(taskId: "x", after: $v) { cursor }',
      'subscription B($v: String!) { taskUpdates(taskId: "x", after: $v) { ...P } } fragment P on TaskUpdate { cursor }',
    ],
    [
      'and by a directive in another operation, that of a fragment included',
      'taskUpdates(taskId: "x", after: $v) { cursor }',
      'subscription B($v: Boolean!) { taskUpdates(taskId: "x") { ...P } } fragment P on TaskUpdate { cursor @include(if: $v) }',
    ],
  ])('whose cursors differ, where the variable is used %s', async (_what, root, more) => {
    expect(await executionsFor(`subscription A($v: String!) { ${root} } ${more}`, [{ v: 'a' }, { v: 'b' }])).toBe(1);
  });

  test.each([
    ['a directive on a field', 'taskUpdates(taskId: "x", replay: $v) { cursor kind: __typename @skip(if: $v) }', ''],
    [
      'a directive on a fragment',
      'taskUpdates(taskId: "x", replay: $v) { cursor ... @include(if: $v) { k: __typename } }',
      '',
    ],
    [
      'a directive in a named fragment',
      'taskUpdates(taskId: "x", replay: $v) { ...P }',
      'fragment P on TaskUpdate { cursor @include(if: $v) }',
    ],
    [
      'a directive in a fragment of a fragment',
      'taskUpdates(taskId: "x", replay: $v) { ...P }',
      'fragment P on TaskUpdate { ... { ...Q } } fragment Q on TaskUpdate { progress { status @include(if: $v) stage } }',
    ],
  ])(
    'not those who differ in a variable that is used in %s, even if it is an argument too',
    async (_what, root, more) => {
      expect(await executionsFor(`subscription A($v: Boolean!) { ${root} } ${more}`, [{ v: true }, { v: false }])).toBe(
        2,
      );
    },
  );

  test('not those of another text', async () => {
    const [item] = items['taskUpdates'] ?? [];
    if (item === undefined) throw new Error('no item');
    const shared = createSharedExecution({ mask });
    const before = executions;
    const ask = async (text: string): Promise<void> => {
      await shared.open(validated(schema, { document: parse(text) })).frameOf(item);
    };
    await ask('subscription { taskUpdates(taskId: "x") { cursor } }');
    await ask('subscription { taskUpdates(taskId: "x") { cursor  } }');
    await ask('subscription { taskUpdates(taskId: "x") { cursor } }');
    expect(executions - before).toBe(2);
  });

  test('nobody, when the document has no text', async () => {
    const [item] = items['taskUpdates'] ?? [];
    if (item === undefined) throw new Error('no item');
    const document = parse('subscription { taskUpdates(taskId: "x") { cursor } }', { noLocation: true });
    const shared = createSharedExecution({ mask });
    const before = executions;
    for (let count = 0; count < 2; count += 1) await shared.open(validated(schema, { document })).frameOf(item);
    expect([executions - before, shared.stats.operations]).toEqual([2, 0]);
  });
});
