/**
 * An emit as producers send it takes a shorter way, and nobody can tell: whatever the input, it is accepted, refused and
 * answered as on the long way, over HTTP and over WebSocket.
 */
import fc from 'fast-check';
import { getOperationAST, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import { createSchema } from '../../src/schema/index.ts';
import { compileEmit } from '../../src/server/compiled-emit.ts';
import type { ShortWay } from '../../src/server/short-way.ts';
import { GOOD_EVENT, startApp, TASK, type Answer, type TestApp } from '../support/app.ts';
import { breakLog } from './faults.ts';

const SELECTION = '{ duplicate event { sequence eventId taskId eventType stage component message details progress } }';
const FIELDS = {
  emitEvent: `emitEvent(input: $input) ${SELECTION}`,
  emitEvents: `emitEvents(inputs: $input) { results ${SELECTION} }`,
};
const TYPES = { emitEvent: 'EmitEventInput!', emitEvents: '[EmitEventInput!]!' };
type Field = keyof typeof FIELDS;

/** Taken by the short way. */
const short = (field: Field): string => `mutation Emit($input: ${TYPES[field]}) { ${FIELDS[field]} }`;
/** The same for whoever asks, but with a directive that only an execution can judge. */
const long = (field: Field): string =>
  `mutation Emit($input: ${TYPES[field]}, $yes: Boolean = true) { ... @include(if: $yes) { ${FIELDS[field]} } }`;

let app: TestApp;
let emitted = 0;
beforeAll(async () => {
  app = await startApp();
  // What the server knows of a document and of a kind of client it learns from the first request.
  for (const field of ['emitEvent', 'emitEvents'] as const) await app.post(short(field), { input: GOOD_EVENT });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

/** Without what tells the two documents, or the first of two equal emits from the second, apart. */
function comparable({ data, errors, ...rest }: Answer): unknown {
  return JSON.parse(
    JSON.stringify({ data, errors, ...rest }, (key, value: unknown) =>
      key === 'locations' || key === 'duplicate' ? undefined : value,
    ),
  );
}

async function expectSame(field: Field, input: unknown): Promise<Answer> {
  const one = await app.post(long(field), { input });
  const other = await app.post(short(field), { input });
  expect(comparable(other)).toEqual(comparable(one));
  return other;
}

const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -0, 1, 0.5, 1.5, 2 ** 53, '', 'x', [], {}, ['x']),
  fc.string({ unit: 'binary' }),
  fc.jsonValue(),
);
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  taskId: fc.constantFrom<unknown>('a', 'b', 'a b', '', 7, 'x'.repeat(129)),
  eventType: fc.constantFrom<unknown>('PROGRESS_UPDATE', 'WARNING', 'progress_update', 'NO_SUCH', 'constructor'),
  component: fc.constantFrom<unknown>('camina', 'Ünïcode 𝄞', 'x'.repeat(129), '', 'a\u0000b', '\ud800', '__proto__'),
  stage: fc.constantFrom<unknown>('ANALYSIS', 'analysis', 'toString'),
  message: fc.constantFrom<unknown>('m', '', 'é'.repeat(1_024), 'é'.repeat(1_025), 5, '\ud800'),
  details: fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>({ a: { b: 1 } }, JSON.parse('{"__proto__": 1}'), [1], 'x'),
  ),
  progress: fc.constantFrom<unknown>(0, -0, 1, 0.25, 1.01, -0.1, '0.5', null, Number.POSITIVE_INFINITY),
  timestamp: fc.constantFrom<unknown>(
    '2026-11-23T06:37:34.799Z',
    '2026-11-23T06:37:34.7999+02:00',
    '2026-02-30T00:00:00Z',
    '2026-11-23T06:37:34',
    'now',
    7,
    null,
  ),
  estimatedTimeRemaining: fc.constantFrom<unknown>('2 minutes', 'x'.repeat(257), 3, null),
};
const input = fc
  .record({
    patch: fc.record(values, { requiredKeys: [] }),
    odd: fc.option(fc.tuple(fc.constantFrom(...Object.keys(values), 'more', '__proto__', 'eventId'), anything)),
    left: fc.option(fc.constantFrom('taskId', 'message', 'stage'), { freq: 8 }),
  })
  .map(({ patch, odd, left }) => {
    emitted += 1;
    const made: Record<string, unknown> = { ...GOOD_EVENT, eventId: `e${emitted}`, ...patch };
    if (odd !== null) Object.defineProperty(made, odd[0], { value: odd[1], enumerable: true, configurable: true });
    if (left !== null) delete made[left];
    return made;
  });

describe('the short way and the long way', () => {
  test('give one answer to every event', async () => {
    await fc.assert(
      fc.asyncProperty(input, async (event) => {
        await expectSame('emitEvent', event);
      }),
      { numRuns: 400 },
    );
  });

  test('give one answer to every batch', async () => {
    const batch = fc.oneof(
      { weight: 5, arbitrary: fc.array(input, { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.oneof(input, anything) },
    );
    await fc.assert(
      fc.asyncProperty(batch, async (events) => {
        await expectSame('emitEvents', events);
      }),
      { numRuns: 200 },
    );
  });

  test('say the same of an id that was used for something else, and of a repetition', async () => {
    const first = { ...GOOD_EVENT, eventId: 'used' };
    expect((await expectSame('emitEvent', first)).errors).toBeUndefined();
    const conflict = await expectSame('emitEvent', { ...first, message: 'other' });
    expect(conflict.errors?.[0]?.extensions?.code).toBe('EVENT_ID_CONFLICT');
    const again = await app.post(short('emitEvent'), { input: first });
    expect(again.data).toMatchObject({ emitEvent: { duplicate: true } });
  });

  test('say the same when the store fails, and try it once', async () => {
    let appends = 0;
    const repair = breakLog(app, {
      append() {
        appends += 1;
        return Promise.reject(new StoreUnavailableError('UNKNOWN'));
      },
    });
    try {
      const answer = await expectSame('emitEvent', { ...GOOD_EVENT, eventId: 'lost' });
      expect(answer.errors?.[0]?.extensions?.code).toBe('STORE_UNAVAILABLE');
      expect(appends).toBe(2);
    } finally {
      repair();
    }
  });
});

test('what was recorded and cannot be written is recorded once, and told as on the long way', async () => {
  const { append } = app.app.log;
  let appends = 0;
  const repair = breakLog(app, {
    async append(batch) {
      appends += 1;
      // No enum has it.
      return (await append(batch)).map((one) => ({ ...one, event: { ...one.event, stage: 'nowhere' as 'review' } }));
    },
  });
  try {
    const answer = await expectSame('emitEvent', { ...GOOD_EVENT, eventId: 'odd' });
    expect(answer.errors?.[0]).toMatchObject({
      path: ['emitEvent', 'event', 'stage'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
    expect(appends).toBe(2);
  } finally {
    repair();
  }
});

test.each(['application/json', 'application/graphql-response+json', '*/*', undefined])(
  'a client that accepts %s is answered in the same form, the first time and later',
  async (accept) => {
    const ask = async (query: string): Promise<readonly unknown[]> => {
      const response = await fetch(app.graphqlUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(accept === undefined ? {} : { accept }) },
        body: JSON.stringify({ query, variables: { input: { ...GOOD_EVENT, eventId: 'form' } } }),
      });
      const headers = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name));
      return [response.status, headers, (await response.json()) as unknown];
    };
    await ask(short('emitEvent'));
    const [one, other] = [await ask(long('emitEvent')), await ask(short('emitEvent'))];
    expect(other).toEqual(one);
  },
);

test('over WebSocket: a result and `complete`, or an `error` when the input is wrong', async () => {
  await using client = await app.ws();
  client.subscribe('1', short('emitEvent'), { input: { ...GOOD_EVENT, eventId: 'ws' } });
  expect(await client.nextOf('1')).toMatchObject({ data: { emitEvent: { event: { taskId: TASK } } } });
  expect((await client.next('1')).type).toBe('complete');
  client.subscribe('2', short('emitEvent'), { input: { ...GOOD_EVENT, stage: 'nowhere' } });
  expect(await client.nextOf('2', 'error')).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

describe('the short way', () => {
  const schema = createSchema();
  const compiled = (text: string): ShortWay | undefined => {
    const document = parse(text);
    expect(validate(schema, document)).toEqual([]);
    const operation = getOperationAST(document);
    if (operation == null) throw new Error('no operation');
    return compileEmit(schema, document, operation);
  };

  test.each([
    ['as in the documentation', short('emitEvent')],
    ['a batch', short('emitEvents')],
    [
      'without a name, with other names',
      'mutation ($e: EmitEventInput!) { a: emitEvent(input: $e) { b: __typename } }',
    ],
    [
      'with fragments and literal directives',
      `mutation ($e: EmitEventInput!) { emitEvent(input: $e) { ...F event @skip(if: true) { id } } }
       fragment F on EmitEventPayload { event { ... on TaskEvent { sequence } } }`,
    ],
  ])('takes an emit %s', (_what, text) => {
    expect(compiled(text)).toBeDefined();
  });

  test.each([
    ['a directive with a variable', long('emitEvent')],
    [
      'a literal input',
      'mutation { emitEvent(input: { taskId: "a", eventType: ERROR, component: "c", stage: REVIEW, message: "m" }) { duplicate } }',
    ],
    ['what reads more than was recorded', 'mutation ($e: EmitEventInput!) { emitEvent(input: $e) { task { id } } }'],
    [
      'two fields',
      'mutation ($e: EmitEventInput!) { a: emitEvent(input: $e) { duplicate } b: emitEvent(input: $e) { duplicate } }',
    ],
    ['another mutation', 'mutation ($e: InitTaskInput!) { initTask(input: $e) { created } }'],
    ['a default', 'mutation ($e: [EmitEventInput!]! = []) { emitEvents(inputs: $e) { results { duplicate } } }'],
  ])('leaves %s to the long one', (_what, text) => {
    expect(compiled(text)).toBeUndefined();
  });
});

test('a client that takes no JSON is answered as Yoga answers it, each time', async () => {
  const ask = async (): Promise<readonly unknown[]> => {
    const response = await fetch(app.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
      body: JSON.stringify({ query: short('emitEvent'), variables: { input: { ...GOOD_EVENT, eventId: 'mixed' } } }),
    });
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  await ask();
  expect(await ask()).toEqual(await ask());
});
