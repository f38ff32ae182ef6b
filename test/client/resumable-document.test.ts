/**
 * Whatever subscription an app writes, what is sent for it is valid, brings what the app would have got, and goes on
 * from any of its results with exactly the rest. graphql-js on our schema is the judge.
 */
import fc from 'fast-check';
import { parse, print, subscribe, validate, type DocumentNode } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toResumable, type ResumableDocument } from '../../src/client/operation/resumable-document.ts';
import { createHarness, emitAll, type Harness, type Variables } from '../schema/harness.ts';
import { openRandom } from '../support/random.ts';
import { sized } from '../support/sizes.ts';
import { randomDocuments, type Root } from '../support/random-operations.ts';

let harness: Harness;
let cursors: readonly string[];
beforeAll(async () => {
  harness = createHarness();
  cursors = await emitAll(harness, [{}, { component: 'drummer' }, { progress: 0.5 }, { eventType: 'TASK_COMPLETED' }]);
});
afterAll(async () => harness[Symbol.asyncDispose]());

/** Every result of a stream that ends, as JSON would bring it. */
async function resultsOf(document: DocumentNode, variables: Variables, operationName?: string): Promise<unknown[]> {
  const { schema, manager } = harness;
  const stream = await subscribe({
    schema,
    document,
    variableValues: variables,
    contextValue: { manager },
    ...(operationName === undefined ? {} : { operationName }),
  });
  if (!(Symbol.asyncIterator in stream)) return [{ errors: stream.errors?.map(({ message }) => message) }];
  const results: unknown[] = [];
  for await (const { data } of stream) results.push(JSON.parse(JSON.stringify(data)));
  return results;
}

function resumableOf(text: string): ResumableDocument {
  const resumable = toResumable(parse(text));
  if (resumable === undefined) throw new Error('It is one of ours.');
  return resumable;
}

/** What an app sees of what is sent for it, and what it would see had it come back after each result. */
async function expectSame(text: string, variables: Variables): Promise<void> {
  const theirs = parse(text);
  const [first] = theirs.definitions.flatMap((each) => (each.kind === 'OperationDefinition' ? [each] : []));
  const resumable = resumableOf(text);
  expect(validate(harness.schema, resumable.document)).toEqual([]);
  const expected = await resultsOf(theirs, variables, first?.name?.value);
  const sent = await resultsOf(resumable.document, resumable.variables(variables, undefined));
  const readings = sent.map((data) => resumable.read(data));
  expect(readings.map(({ data }) => data)).toEqual(expected);
  for (const [index, { cursor, typename }] of readings.entries()) {
    if (typename === 'TaskEnded') continue;
    const rest = await resultsOf(resumable.document, resumable.variables(variables, cursor));
    expect(rest.map((data) => resumable.read(data).data)).toEqual(expected.slice(index + 1));
  }
}

test('any document: the same results, and exactly the rest after each of them', async () => {
  const roots: readonly Root[] = [
    { field: 'taskUpdates', args: () => '(taskId: "survey", replay: true)', variables: () => '' },
    { field: 'taskUpdates', args: () => '(taskId: "survey", after: null)', variables: () => '' },
    { field: 'taskUpdates', args: () => `(after: "${cursors[0]}", taskId: "survey")`, variables: () => '' },
    {
      field: 'taskUpdates',
      args: (name) => `(taskId: "survey", after: $${name}, replay: true)`,
      variables: (name) => `$${name}: String`,
    },
    {
      field: 'taskUpdates',
      args: (name) => `(taskId: "survey", after: $${name}, filter: { components: ["camina", $${name}] })`,
      variables: (name) => `$${name}: String! = "${cursors[1]}"`,
    },
  ];
  const { seed } = openRandom('resumable document');
  const given = fc.constantFrom(undefined, 0, 1, 3);
  const booleans = fc.record({ b0: fc.boolean(), b1: fc.boolean(), b2: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      randomDocuments(harness.schema, roots),
      given,
      booleans,
      async ({ text, operations }, at, asked) => {
        // Some random documents merge fields that cannot be merged: the server refuses those, ours as theirs.
        fc.pre(validate(harness.schema, parse(text)).length === 0);
        const [{ cursor } = { cursor: '' }] = operations;
        const own = at === undefined ? {} : { [cursor]: cursors[at] };
        await expectSame(text, { ...asked, ...own });
        expect(print(resumableOf(text).document)).toBe(print(resumableOf(text).document));
      },
    ),
    { seed, numRuns: sized({ usual: 40, full: 1_000 }) },
  );
});

const WATCH = 'taskUpdates(taskId: "survey", replay: true)';

describe('what an app may have written', () => {
  test.each([
    [
      'our names',
      `subscription ($drumlineAfter: Boolean!) { ${WATCH} { drumlineCursor: __typename drumlineType: cursor @skip(if: $drumlineAfter) } }`,
    ],
    [
      'the field twice',
      `subscription { ${WATCH} { cursor } ...Rest } fragment Rest on Subscription { ${WATCH} { __typename } }`,
    ],
    [
      'a variable that has another use',
      `subscription ($drumlineAfter: Boolean!, $id: ID! = "survey", $after: String) { taskUpdates(taskId: $id, after: $after, replay: true) { a: cursor ... @skip(if: $drumlineAfter) { cursor } } }`,
    ],
  ])('%s', async (_, text) => {
    // Their variable, where they declare one.
    for (const own of [true, false])
      await expectSame(text, text.includes('$drumlineAfter') ? { drumlineAfter: own } : {});
  });

  test('several operations that share fragments: the first is sent, alone', async () => {
    const text = `fragment Root on Subscription { ${WATCH} { ...State } } fragment State on TaskUpdate { cursor }
      subscription A { ...Root } subscription B { ...Root } query C { task(id: "survey") { ...T } } fragment T on Task { id }`;
    await expectSame(text, {});
    expect(resumableOf(text).operationName).toBe('A');
  });

  test("a client's own __typename on Subscription, which servers refuse", () => {
    const text = `subscription { ...Root } fragment Root on Subscription { __typename it: ${WATCH} { cursor } }`;
    expect(validate(harness.schema, parse(text))).not.toEqual([]);
    const { document, read } = resumableOf(text);
    expect(validate(harness.schema, document)).toEqual([]);
    expect(read({ it: { cursor: 'c', drumlineCursor: 'c', drumlineType: 'TaskEnded' } })).toEqual({
      data: { __typename: 'Subscription', it: { cursor: 'c' } },
      cursor: 'c',
      typename: 'TaskEnded',
    });
  });

  test.each(['task(id: "survey") { id }', 'taskProgress(taskId: "survey") { sequence }', 'tasks { ready }'])(
    'a state, which has no place to go on from: %s',
    (field) => {
      const { document, variables } = resumableOf(`subscription { it: ${field} }`);
      expect(print(document)).toBe(print(parse(`subscription { it: ${field} }`)));
      expect(variables({ own: 1 }, 'cursor')).toEqual({ own: 1 });
    },
  );

  test('observations', () => {
    const { document, variables } = resumableOf('subscription { observations { ... on ObservationGap { reason } } }');
    expect(validate(harness.schema, document)).toEqual([]);
    expect(variables({}, 'cursor')).toEqual({ drumlineAfter: 'cursor' });
  });

  test.each([
    '{ task(id: "survey") { id } }',
    'mutation { deleteTask(taskId: "t") { deleted } }',
    'subscription { yours }',
  ])('none of our subscriptions: %s', (text) => expect(toResumable(parse(text))).toBeUndefined());

  test('what the server must refuse stays as it is refused', () => {
    for (const text of [
      'subscription { taskUpdates(taskId: "t", after: 5) { cursor } }',
      'subscription { ...A } fragment A on Subscription { ...A }',
    ]) {
      const document = toResumable(parse(text))?.document ?? parse(text);
      expect(validate(harness.schema, document).map(({ message }) => message)).toEqual(
        validate(harness.schema, parse(text)).map(({ message }) => message),
      );
    }
  });
});
