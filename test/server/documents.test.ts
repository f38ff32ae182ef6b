/** Bad documents and bad values, over HTTP, WebSocket and event streams: the same code, its place, and nothing stored. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  codesOf,
  dataOf,
  EMIT,
  GOOD_EVENT,
  issuePathsOf,
  startApp,
  type Answer,
  type AnswerError,
  type TestApp,
  type Variables,
} from '../support/app.ts';
import type { WsClient } from '../support/ws-client.ts';

let server: TestApp;
let socket: WsClient;
let operations = 0;
beforeAll(async () => {
  server = await startApp();
  socket = await server.ws();
  await server.emit({ taskId: 'known', eventId: 'used' });
});
afterAll(async () => {
  await socket[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Errors = { readonly errors?: readonly AnswerError[] };

async function overWs(query: string, variables?: Variables): Promise<Errors> {
  operations += 1;
  const id = `o${operations}`;
  socket.subscribe(id, query, variables);
  const { type, payload } = await socket.next(id);
  return type === 'error' ? { errors: payload as readonly AnswerError[] } : (payload as Errors);
}

async function overSse(query: string, variables?: Variables): Promise<Errors> {
  await using stream = await server.sse({ query, variables, method: 'POST' });
  return await stream.nextResult<Errors>();
}

const TRANSPORTS: readonly ((query: string, variables?: Variables) => Promise<Errors>)[] = [
  (query, variables) => server.post(query, variables),
  overWs,
  overSse,
];

/** Asks over every transport. @returns what all of them answered alike. */
async function askEverywhere(
  query: string,
  variables?: Variables,
): Promise<{ codes: readonly unknown[]; paths: readonly string[] }> {
  const stored = await server.stored();
  const answers: { codes: readonly unknown[]; paths: readonly string[] }[] = [];
  for (const ask of TRANSPORTS) {
    const answer = await ask(query, variables);
    answers.push({ codes: codesOf(answer), paths: issuePathsOf(answer) });
  }
  const [first, ...others] = answers;
  for (const other of others) expect(other).toEqual(first);
  expect(await server.stored()).toBe(stored);
  return first ?? { codes: [], paths: [] };
}

const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');
const FRAGMENTS_13_DEEP = `{ ...F0 } ${times(12, (index) => `fragment F${index} on Query { a { ...F${index + 1} } }`)} fragment F12 on Query { a }`;
const nested = (depth: number, inner = 'id'): string => `{ ${'a { '.repeat(depth)}${inner}${' }'.repeat(depth)} }`;

describe('documents', () => {
  test.each<[string, string, string]>([
    ['a syntax error', 'GRAPHQL_PARSE_FAILED', '{'],
    ['only comments', 'GRAPHQL_PARSE_FAILED', '# nothing\n# at all'],
    ['only a byte order mark', 'GRAPHQL_PARSE_FAILED', '\uFEFF'],
    ['16 KiB of commas', 'GRAPHQL_PARSE_FAILED', ','.repeat(16 * 1024)],
    ['16 KiB of hashes', 'GRAPHQL_PARSE_FAILED', '#'.repeat(16 * 1024)],
    ['16 KiB and a comma', 'QUERY_TOO_LARGE', ','.repeat(16 * 1024 + 1)],
    ['1,001 tokens', 'QUERY_TOO_LARGE', `{ ${'a '.repeat(999)}}`],
    ['13 levels', 'QUERY_TOO_DEEP', nested(12)],
    ['13 levels through fragments', 'QUERY_TOO_DEEP', FRAGMENTS_13_DEEP],
    ['16 aliases', 'TOO_MANY_ALIASES', `{ ${times(16, (index) => `a${index}: __typename`)} }`],
    ['21 directives', 'TOO_MANY_DIRECTIVES', `{ __typename ${'@skip(if: false) '.repeat(21)} }`],
    ['11 fields at the root', 'TOO_MANY_ROOT_FIELDS', `{ ${'__typename '.repeat(11)} }`],
    [
      'pages of 1,000 within pages',
      'QUERY_TOO_EXPENSIVE',
      '{ tasks(first: 2) { nodes { events(first: 1000) { nodes { id } } } } }',
    ],
    [
      'a page of 1,000 with its components',
      'QUERY_TOO_EXPENSIVE',
      '{ tasks(first: 1000) { nodes { progress { components { name } } } } }',
    ],
    [
      'a page as large as a variable is by default',
      'QUERY_TOO_EXPENSIVE',
      'query ($n: Int = 1000) { tasks(first: $n) { nodes { events(first: 2) { nodes { id } } } } }',
    ],
    [
      'pages as large as they come, within pages',
      'QUERY_TOO_EXPENSIVE',
      '{ tasks { nodes { events { edges { cursor } } } } }',
    ],
    ['control characters', 'GRAPHQL_PARSE_FAILED', '{ \u0001 }'],
    ['an unfinished string', 'GRAPHQL_PARSE_FAILED', '{ task(id: "x) { id } }'],
    ['1,000 levels', 'QUERY_TOO_DEEP', nested(1_000)],
    ['5,000 levels', 'QUERY_TOO_DEEP', nested(5_000)],
    ['5,000 levels that are never closed', 'QUERY_TOO_DEEP', '{ a '.repeat(5_000)],
    ['60,000 levels', 'QUERY_TOO_DEEP', '{a'.repeat(60_000)],
    ['only a fragment', 'OPERATION_RESOLUTION_FAILURE', 'fragment F on Query { __typename }'],
    ['two operations and no name', 'OPERATION_RESOLUTION_FAILURE', 'query A { __typename } query B { __typename }'],
    ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', '{ nothing }'],
    ['an unknown argument', 'GRAPHQL_VALIDATION_FAILED', '{ task(nothing: 1) { id } }'],
    ['an undefined fragment', 'GRAPHQL_VALIDATION_FAILED', '{ ...Nothing }'],
    ['a fragment of itself', 'GRAPHQL_VALIDATION_FAILED', '{ ...F } fragment F on Query { ...F }'],
    ['a variable of another type', 'GRAPHQL_VALIDATION_FAILED', 'query ($id: Int) { task(id: $id) { id } }'],
    [
      'two roots of a subscription',
      'GRAPHQL_VALIDATION_FAILED',
      'subscription { a: tasks { ready } b: tasks { ready } }',
    ],
    ['a subscription to introspection', 'GRAPHQL_VALIDATION_FAILED', 'subscription { __typename }'],
  ])('%s is %s', async (_what, code, query) => {
    const { codes } = await askEverywhere(query);
    expect(codes).toContain(code);
    expect(new Set(codes)).toEqual(new Set([code]));
  });

  test('what is deep but honest is answered: introspection, as the tools ask it', async () => {
    const ofType = `ofType { kind name ${'ofType { kind name '.repeat(8)}${'}'.repeat(9)}`;
    const answer = await server.post(
      `{ __schema { types { name fields { name type { kind name ${ofType} } args { name type { name } } } } } }`,
    );
    expect(answer.errors).toBeUndefined();
  });

  test('what is at the limits is answered', async () => {
    const fields = times(10, (index) => `a${index}: tasks(first: 100) { nodes { id } }`);
    for (const query of [
      `{ ${times(10, (index) => `a${index}: __typename`)} }`,
      `{ ${fields} }`,
      '{ tasks(first: 1000) { edges { node { id } } } }',
      `{ ${times(10, (index) => `a${index}: __typename @skip(if: false) @include(if: true)`)} }`,
    ]) {
      expect((await server.post(query)).errors).toBeUndefined();
    }
  });

  test('the cost of a page goes by its variable', async () => {
    const query = 'query ($first: Int) { tasks(first: $first) { nodes { events(first: 10) { nodes { id } } } } }';
    expect((await askEverywhere(query, { first: 1_000 })).codes).toEqual(['QUERY_TOO_EXPENSIVE']);
    expect((await server.post(query, { first: 90 })).errors).toBeUndefined();
  });

  test('pages of the tasks of a batch count for each of its events', async () => {
    const query = `mutation ($inputs: [EmitEventInput!]!) {
      emitEvents(inputs: $inputs) { results { task { events(first: 100) { nodes { id } } } } } }`;
    const inputs = Array.from({ length: 11 }, () => GOOD_EVENT);
    expect((await askEverywhere(query, { inputs })).codes).toEqual(['QUERY_TOO_EXPENSIVE']);
  });

  test('pages of the tasks of a live board count for each of them', async () => {
    const board = (first: number) => `subscription { tasks { changed { events(first: ${first}) { nodes { id } } } } }`;
    for (const ask of [overWs, overSse]) {
      expect(codesOf(await ask(board(11)))).toEqual(['QUERY_TOO_EXPENSIVE']);
      expect(codesOf(await ask(board(10)))).toEqual([]);
    }
  });

  test('a live board costs no more for what it begins with: that comes in many updates', async () => {
    const rows = 'changed { progress { components { name } } } ready';
    const query = `subscription ($first: Int) { ...Board } fragment Board on Subscription { tasks(first: $first) { ${rows} } }`;
    for (const ask of [overWs, overSse]) expect(codesOf(await ask(query, { first: 10_000 }))).toEqual([]);
  });

  test('fragments that multiply each other are measured in no time', async () => {
    const since = performance.now();
    const chain = times(70, (index) => `fragment F${index} on Task { ...F${index + 1} ...F${index + 1} }`);
    const twice = times(
      11,
      (index) => `fragment G${index} on Query { a { ...G${index + 1} } b { ...G${index + 1} } c { ...G${index + 1} } }`,
    );
    await server.post(`{ task(id: "a") { ...F0 } } ${chain} fragment F70 on Task { id }`);
    await server.post(`{ ...G0 } ${twice} fragment G11 on Query { __typename }`);
    expect(performance.now() - since).toBeLessThan(500);
  });

  test('5,000 levels are refused in no time', async () => {
    const since = performance.now();
    await server.post(nested(5_000));
    expect(performance.now() - since).toBeLessThan(500);
  });
});

const deep = (depth: number): unknown => (depth === 0 ? 1 : { a: deep(depth - 1) });
const keys = (count: number): Variables =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]));

/** The place of the problem within the input, and what is put there. */
const BAD_VALUES: readonly (readonly [string, string, Variables])[] = [
  ['progress "0.5"', 'input.progress', { progress: '0.5' }],
  ['progress -0.01', 'input.progress', { progress: -0.01 }],
  ['progress 1.01', 'input.progress', { progress: 1.01 }],
  ['progress true', 'input.progress', { progress: true }],
  ['an empty task id', 'input.taskId', { taskId: '' }],
  ['a task id of 129 characters', 'input.taskId', { taskId: 'x'.repeat(129) }],
  ['a task id of 1 MB', 'input.taskId', { taskId: 'x'.repeat(1_000_000) }],
  ['a task id with NUL', 'input.taskId', { taskId: 'a\0b' }],
  ['a task id with a line break', 'input.taskId', { taskId: 'a\r\nb' }],
  ['a task id with a line break at its end', 'input.taskId', { taskId: 'a\n' }],
  ['a task id with ESC', 'input.taskId', { taskId: 'a\u001b[31m' }],
  ['a task id with a lone surrogate', 'input.taskId', { taskId: 'a\ud800' }],
  ['a task id with a mark that turns the text', 'input.taskId', { taskId: 'a\u202eb' }],
  ['a task id with a combining accent', 'input.taskId', { taskId: 'e\u0301' }],
  ['a task id with an accent', 'input.taskId', { taskId: '\u00e9' }],
  ['a task id with a space', 'input.taskId', { taskId: 'a b' }],
  ['the task id *', 'input.taskId', { taskId: '*' }],
  ['the task id a.>', 'input.taskId', { taskId: 'a.>' }],
  ['the task id {x}', 'input.taskId', { taskId: '{x}' }],
  ['the task id [a]', 'input.taskId', { taskId: '[a]' }],
  ['the task id ..', 'input.taskId', { taskId: '..' }],
  ['the task id __proto__', 'input.taskId', { taskId: '__proto__' }],
  ['the task id $JS.API', 'input.taskId', { taskId: '$JS.API' }],
  ['an empty event id', 'input.eventId', { eventId: '' }],
  ['an event id with a space', 'input.eventId', { eventId: 'a b' }],
  ['an empty component', 'input.component', { component: '' }],
  ['a component of 129 characters', 'input.component', { component: 'x'.repeat(129) }],
  ['a component with NUL', 'input.component', { component: 'a\0' }],
  ['a component with ESC', 'input.component', { component: '\u001b[2J' }],
  ['a component with a lone surrogate', 'input.component', { component: '\udc00' }],
  ['details with __proto__', 'input.details.__proto__', { details: JSON.parse('{"__proto__": {"x": 1}}') as unknown }],
  ['details with constructor deep inside', 'input.details.a.0.constructor', { details: { a: [{ constructor: 1 }] } }],
  ['details with prototype', 'input.details.prototype', { details: { prototype: 1 } }],
  ['details of more than 32 KiB', 'input.details', { details: { a: 'x'.repeat(32 * 1024) } }],
  ['details of 17 levels', 'input.details.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a', { details: deep(17) }],
  ['details of 257 keys', 'input.details', { details: keys(257) }],
  ['details of 20,000 elements', 'input.details', { details: { a: Array<number>(20_000).fill(1) } }],
  ['details that are a list', 'input.details', { details: [] }],
  ['details that are a text', 'input.details', { details: '{}' }],
  ['details with an integer beyond 2^53', 'input.details.a', { details: { a: 2 ** 53 } }],
  ['a message of more than 2 KiB', 'input.message', { message: 'x'.repeat(2 * 1024 + 1) }],
  ['a message of more than 2 KiB in bytes', 'input.message', { message: '€'.repeat(700) }],
  ['a timestamp without a zone', 'input.timestamp', { timestamp: '2026-01-01T00:00:00' }],
  ['the 30th of February', 'input.timestamp', { timestamp: '2026-02-30T00:00:00Z' }],
  ['a leap second', 'input.timestamp', { timestamp: '2016-12-31T23:59:60Z' }],
  ['a timestamp that is a number', 'input.timestamp', { timestamp: 0 }],
  ['the timestamp now', 'input.timestamp', { timestamp: 'now' }],
  ['a stage in lower case', 'input.stage', { stage: 'analysis' }],
  ['an unknown event type', 'input.eventType', { eventType: 'NOTHING' }],
  ['no event type', 'input.eventType', { eventType: null }],
  ['a field that is not known', 'input', { colour: 'red' }],
];

describe('values in variables', () => {
  test.each(BAD_VALUES)('%s is BAD_USER_INPUT at %s', async (_what, place, patch) => {
    const { codes, paths } = await askEverywhere(EMIT, { input: { ...GOOD_EVENT, ...patch } });
    expect(codes).toEqual(['BAD_USER_INPUT']);
    expect(paths[0]?.startsWith(place)).toBe(true);
  });

  test('progress 1e999 is no number that JSON has', async () => {
    const body = JSON.stringify({ query: EMIT, variables: { input: { ...GOOD_EVENT, progress: 'HERE' } } }).replace(
      '"HERE"',
      '1e999',
    );
    const response = await fetch(server.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const answer = (await response.json()) as Answer;
    expect([codesOf(answer), issuePathsOf(answer)]).toEqual([['BAD_USER_INPUT'], ['input.progress']]);
  });

  test('in a batch the place has the index, and every problem is told', async () => {
    const query = 'mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }';
    const bad = { ...GOOD_EVENT, component: '' };
    const { codes, paths } = await askEverywhere(query, {
      inputs: [GOOD_EVENT, bad, GOOD_EVENT, { ...bad, message: 'x'.repeat(3_000) }],
    });
    expect(codes).toEqual(['BAD_USER_INPUT']);
    expect(paths).toEqual(['inputs.1.component', 'inputs.3.component', 'inputs.3.message']);
    const wrongType = await askEverywhere(query, { inputs: [GOOD_EVENT, { ...GOOD_EVENT, stage: 1 }] });
    expect([wrongType.codes, wrongType.paths]).toEqual([['BAD_USER_INPUT'], ['inputs.1.stage']]);
    for (const inputs of [[], Array<unknown>(1_001).fill(GOOD_EVENT)]) {
      const size = await askEverywhere(query, { inputs });
      expect([size.codes, size.paths]).toEqual([['BAD_USER_INPUT'], ['inputs']]);
    }
  });

  test('the path begins with the argument, whatever its variable is called', async () => {
    const query = EMIT.replaceAll('$input', '$e');
    for (const patch of [{ progress: 2 }, { stage: 'NOWHERE' }]) {
      const { codes, paths } = await askEverywhere(query, { e: { ...GOOD_EVENT, ...patch } });
      expect([codes, paths]).toEqual([['BAD_USER_INPUT'], [`input.${Object.keys(patch)[0]}`]]);
    }
  });

  test('an id that was used with other content is EVENT_ID_CONFLICT at its place', async () => {
    const input = { ...GOOD_EVENT, taskId: 'known', eventId: 'used', message: 'other' };
    const { codes, paths } = await askEverywhere(EMIT, { input });
    expect([codes, paths]).toEqual([['EVENT_ID_CONFLICT'], ['input.eventId']]);
  });
});

describe('values in the document', () => {
  const emit = (fields: string): string =>
    `mutation { emitEvent(input: { taskId: "literal", eventType: WARNING, component: "camina", stage: REVIEW, message: "" ${fields} }) { duplicate } }`;
  test.each([
    ['progress 1e999', 'progress: 1e999', 'input.progress'],
    ['progress -1e999', 'progress: -1e999', 'input.progress'],
    ['progress 1.01', 'progress: 1.01', 'input.progress'],
    ['progress "0.5"', 'progress: "0.5"', 'input.progress'],
    ['details with __proto__', 'details: { __proto__: { x: 1 } }', 'input.details.__proto__'],
    ['details with an infinite number', 'details: { a: [1e999] }', 'input.details.a.0'],
    ['details that are a number', 'details: 1', 'input.details'],
    ['a timestamp that is a number', 'timestamp: 1', 'input.timestamp'],
  ])('%s is BAD_USER_INPUT', async (_what, fields, place) => {
    const { codes, paths } = await askEverywhere(emit(fields));
    expect([codes, paths]).toEqual([['BAD_USER_INPUT'], [place]]);
  });

  test('a field that is not known is BAD_USER_INPUT', async () => {
    expect((await askEverywhere(emit('colour: "red"'))).codes).toEqual(['BAD_USER_INPUT']);
  });

  test('details that are nested 5,000 deep are BAD_USER_INPUT', async () => {
    const details = `details: ${'{ a: '.repeat(5_000)}1${' }'.repeat(5_000)}`;
    expect((await askEverywhere(emit(details))).codes).toEqual(['BAD_USER_INPUT']);
  });

  test.each([
    ['first: 99999999', ['first']],
    ['first: -1', ['first']],
    ['first: 1, last: 1', ['last']],
  ])('a page with %s is BAD_USER_INPUT', async (args, paths) => {
    const answer = await askEverywhere(`{ taskEvents(taskId: "known", ${args}) { gap } }`);
    expect(answer).toEqual({ codes: ['BAD_USER_INPUT'], paths });
  });
});

describe('values that are accepted', () => {
  async function recorded(patch: Variables): Promise<Readonly<Record<string, unknown>>> {
    const query = `mutation ($input: EmitEventInput!) {
      emitEvent(input: $input) { event { progress details message timestamp component } }
    }`;
    const answer = await server.post(query, { input: { ...GOOD_EVENT, taskId: 'accepted', ...patch } });
    return dataOf<{ emitEvent: { event: Readonly<Record<string, unknown>> } }>(answer).emitEvent.event;
  }

  test('-0 is stored as 0; the smallest and the largest progress as they are', async () => {
    expect(Object.is((await recorded({ progress: -0 }))['progress'], 0)).toBe(true);
    expect((await recorded({ progress: 1e-320 }))['progress']).toBe(1e-320);
    expect((await recorded({ progress: 1 }))['progress']).toBe(1);
  });

  test('details at their limits come back as they were', async () => {
    for (const details of [
      deep(16),
      keys(256),
      { a: 'x'.repeat(32 * 1024 - 8) },
      { ключ: ['\u0000', '\ud83d\ude00', null, -1.5e-300] },
    ]) {
      expect((await recorded({ details }))['details']).toEqual(details);
    }
  });

  test('instants with any zone come back in UTC with milliseconds, finer digits cut', async () => {
    expect((await recorded({ timestamp: '2026-01-01T02:00:00.123999+02:00' }))['timestamp']).toBe(
      '2026-01-01T00:00:00.123Z',
    );
    expect((await recorded({ timestamp: '1970-01-01T00:00:00Z' }))['timestamp']).toBe('1970-01-01T00:00:00.000Z');
    expect((await recorded({ timestamp: '9999-12-31T23:59:59Z' }))['timestamp']).toBe('9999-12-31T23:59:59.000Z');
  });

  test('a component may be named __proto__, constructor or toString, and is one', async () => {
    for (const component of ['__proto__', 'constructor', 'toString', 'Чан', '船'])
      await recorded({ component, taskId: 'names', progress: 0.5 });
    const { data } = await server.post(
      '{ taskProgress(taskId: "names") { overallProgress components { name progress } } }',
    );
    expect(data?.['taskProgress']).toEqual({
      overallProgress: 0.5,
      components: ['__proto__', 'constructor', 'toString', 'Чан', '船'].map((name) => ({ name, progress: 0.5 })),
    });
  });

  test('a message may hold line breaks and escapes up to 2 KiB', async () => {
    const message = `\u001b[31m\n${'x'.repeat(2 * 1024 - 6)}`;
    expect((await recorded({ message }))['message']).toBe(message);
  });

  test('ids that look alike stay apart: a:b and a, b', async () => {
    await server.emit({ taskId: 'a:b' });
    await server.emit({ taskId: 'a' });
    await server.emit({ taskId: 'a' });
    const { data } = await server.post(
      '{ one: taskProgress(taskId: "a:b") { sequence } two: taskProgress(taskId: "a") { sequence } }',
    );
    expect(data).toEqual({ one: { sequence: 1 }, two: { sequence: 2 } });
  });
});
