/**
 * What is not plain is for graphql-js to tell: a field that fails, a value that does not fit its type, one that has to
 * be waited for. Through the shared execution each gives what graphql-js gives, with its place, and masked.
 */
import { runInNewContext } from 'node:vm';
import {
  buildSchema,
  executeSubscriptionEvent,
  isAbstractType,
  isObjectType,
  parse,
  validateSubscriptionArgs,
  type ExecutionResult,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createErrorMask, maskResult, toPayload } from '../../src/server/errors.ts';
import type { Frame } from '../../src/server/frame.ts';
import { createSharedExecution } from '../../src/server/shared-execution.ts';
import { startApp, TASK, type AnswerError, type TestApp } from '../support/app.ts';

const CANARY = 'canary-5e2d';
const ignore = (): void => undefined;
const mask = createErrorMask({ error: ignore, warn: ignore, info: ignore, debug: ignore });

const schema = buildSchema(`
  enum Colour { RED GREEN }
  interface Thing { name: String }
  type Stone implements Thing { name: String weight: Int! }
  type Leaf implements Thing { name: String }
  type Item {
    number: Int! maybe: Int text: String! colour: Colour! maybeColour: Colour flag: Boolean! float: Float! id: ID!
    numbers: [Int!]! maybeNumbers: [Int] thing: Thing mustThing: Thing! stone: Stone stones: [Stone!] inner: Item
  }
  type Query { none: Int }
  type Subscription { item: Item must: Item! }
`);
for (const type of Object.values(schema.getTypeMap())) {
  if (isAbstractType(type)) type.resolveType = (value) => (value as { readonly type: string }).type;
}
const subscription = schema.getSubscriptionType();
if (!isObjectType(subscription)) throw new Error('no subscriptions');
for (const field of Object.values(subscription.getFields())) {
  field.extensions = { stream: { sharesItems: true } };
  field.resolve = (item: unknown) => (item as { readonly value: unknown }).value;
}

function argsOf(selection: string): ValidatedSubscriptionArgs {
  const args = validateSubscriptionArgs({ schema, document: parse(`subscription { ${selection} }`) });
  if (!('operation' in args)) throw new AggregateError(args);
  return args;
}

function textOf({ json }: Frame): string {
  return Buffer.from(json, 'latin1').toString('utf8');
}

/** What graphql-js gives, masked, as it is sent. */
function written(result: ExecutionResult): string {
  const { errors, ...rest } = maskResult(result, mask);
  return JSON.stringify({ ...rest, ...(errors === undefined ? {} : { errors: errors.map(toPayload) }) });
}

const fail = (): never => {
  throw new Error(CANARY);
};
const GOOD = { number: 1, text: 'x', colour: 'RED', flag: true, float: 0.5, id: 'a', numbers: [1] };

const CASES: readonly (readonly [string, string, unknown])[] = [
  ['null where none may be', 'number', { number: null }],
  ['nothing where something must be', 'number', {}],
  ['null where it may be', 'maybe maybeColour thing { name } stone { name } stones { name } inner { number }', {}],
  ['an enum value that there is not', 'colour', { colour: 'BLUE' }],
  ['the same in a field that may be null', 'maybeColour text', { ...GOOD, maybeColour: 'BLUE' }],
  ['an enum value that is no text', 'colour', { colour: 7 }],
  ['a resolver that throws', 'number', { number: fail }],
  ['the same in a field that may be null', 'text maybe id', { ...GOOD, maybe: fail }],
  ['a resolver that gives an error', 'maybe', { maybe: new Error(CANARY) }],
  ['a getter that throws', 'maybe text', Object.defineProperty({ ...GOOD }, 'maybe', { get: fail, enumerable: true })],
  ['a function that gives a value', 'number', { number: () => 5 }],
  ['a promise', 'number text', { ...GOOD, number: Promise.resolve(5) }],
  ['a promise of null', 'number', { number: Promise.resolve(null) }],
  ['a promise of another realm', 'inner { maybe }', { inner: foreignPromise({ maybe: 5 }) }],
  ['a list of a promise of another realm', 'stones { name }', { stones: [foreignPromise({ name: 'x', weight: 5 })] }],
  ['a promise of an item of a list', 'numbers', { numbers: [1, Promise.resolve(2)] }],
  ['a text where a number belongs', 'number', { number: 'many' }],
  ['a number that is too large', 'number', { number: 2 ** 31 }],
  ['not a number', 'float', { float: Number.NaN }],
  ['what a number is made of', 'number float text id', { number: '5', float: true, text: 7, id: 7 }],
  ['an object where a text belongs', 'text', { text: {} }],
  ['no list where one belongs', 'numbers', { numbers: 5 }],
  ['a set where a list belongs', 'numbers', { numbers: new Set([1, 2]) }],
  ['null in a list where none may be', 'text numbers', { ...GOOD, numbers: [1, null] }],
  ['null in a list where it may be', 'maybeNumbers', { maybeNumbers: [1, null, undefined, 2] }],
  ['an error in a list', 'maybeNumbers', { maybeNumbers: [1, new Error(CANARY), 2] }],
  ['two that fail', 'a: maybe b: maybeColour c: maybeNumbers', { maybe: 'x', maybeColour: 'x', maybeNumbers: ['x'] }],
  ['one far below', 'inner { inner { stones { name weight } text } number }', deep()],
  ['a type that there is not', 'thing { name }', { thing: { type: 'Rock', name: 'x' } }],
  ['a type that is none of the interface', 'thing { name }', { thing: { type: 'Item', name: 'x' } }],
  ['no type', 'mustThing { name }', { mustThing: { name: 'x' } }],
  ['a type that has to be waited for', 'thing { name }', { thing: { type: Promise.resolve('Leaf'), name: 'x' } }],
  ['a part of one type', 'thing { name ... on Stone { weight } }', { thing: { type: 'Leaf', name: 'x' } }],
  ['a failing part of one type', 'thing { name ... on Stone { weight } }', { thing: { type: 'Stone', name: 'x' } }],
  ['an item that is an error', 'number', new Error(CANARY)],
  ['no item', 'number', null],
];

function deep(): unknown {
  return { number: 1, inner: { inner: { text: 'x', stones: [{ weight: 1 }, { name: 'b', weight: null }] } } };
}

/** A promise of another realm, which is none of our `Promise`. */
function foreignPromise(value: unknown): unknown {
  return runInNewContext('Promise.resolve(value)', { value });
}

describe.each(['item', 'must'])('under a root called %s', (root) => {
  test.each(CASES)('%s (%s)', async (_what, inner, value) => {
    const args = argsOf(`${root} { ${inner} }`);
    const item = { value };
    const right = written(await executeSubscriptionEvent({ ...args, rootValue: item }));
    expect(right).not.toContain(CANARY);
    const shared = createSharedExecution({ mask });
    using first = shared.open(args);
    using second = shared.open(args);
    for (const watcher of [first, second, first]) expect(textOf(await watcher.frameOf(item))).toBe(right);
  });
});

describe('a condition that is null, which only a variable with a default can be', () => {
  const query = `subscription ($on: Boolean = true) {
    taskUpdates(taskId: "${TASK}") { cursor progress { sequence @include(if: $on) } }
  }`;
  let server: TestApp;
  beforeAll(async () => {
    server = await startApp();
    await server.emit();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test('over WebSocket it costs that operation and nothing else', async () => {
    await using client = await server.ws();
    client.subscribe('live', `subscription { taskUpdates(taskId: "${TASK}") { cursor } }`);
    await client.nextOf('live');
    client.subscribe('1', query, { on: null });
    const { payload } = await client.next('1');
    expect(payload).toMatchObject({ errors: [{ path: ['taskUpdates', 'progress'] }] });
    await server.emit();
    await client.nextOf('live');
  });

  test('as an event stream it is an answer like any other', async () => {
    await using stream = await server.sse({ query, variables: { on: null } });
    const { errors = [] } = await stream.nextResult<{ errors?: readonly AnswerError[] }>();
    expect(errors.map(({ path }) => path)).toEqual([['taskUpdates', 'progress']]);
  });
});
