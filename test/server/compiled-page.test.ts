/**
 * A page of events takes a shorter way, and nobody can tell: whatever is asked, the answer is the one of the long way,
 * byte for byte. Over HTTP that is the way of GET, which says everything that POST does.
 */
import path from 'node:path';
import fc from 'fast-check';
import { getOperationAST, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import { createSchema } from '../../src/schema/index.ts';
import { compilePage } from '../../src/server/compiled-page.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { BOOLEANS, randomDocuments, type Root } from '../support/random-operations.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';
import type { WsClient, WsMessage } from '../support/ws-client.ts';
import { breakLog } from './faults.ts';

interface Ask {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

const { key, kept } = createApiKey('reader', ['read:open/*'], new Date());
const HEADERS = { authorization: `Bearer ${key}`, accept: 'application/graphql-response+json' };
const PAGE: Ask = {
  query: `query Page($taskId: ID!, $first: Int) {
    taskEvents(taskId: $taskId, first: $first) { nodes { sequence stage message } gap }
  }`,
  variables: { taskId: 'open/run' },
};

const schema = createSchema();
let directory: TempDir;
let app: TestApp;
let socket: WsClient;
const cursors: string[] = ['v1.3.0000000000000000', 'v1.99.0123456789abcdef', 'no cursor'];
beforeAll(async () => {
  directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  await writeKeyFile(file, { keys: [kept], revoked: [] });
  app = await startApp({ settings: { authKeys: file } });
  const { manager, log } = app.app;
  for (const taskId of ['open/run', 'open/trimmed', 'shut/run']) {
    for (let count = 1; count <= 12; count += 1) {
      const event = await manager.emit({
        taskId,
        eventType: count % 3 === 0 ? 'warning' : 'progress_update',
        component: count % 2 === 0 ? 'ß 🥁 "quoted"' : 'constructor',
        stage: count > 6 ? 'review' : 'analysis',
        message: `step ${count} \u2028`,
        details: count % 4 === 0 ? { __typename: 'x', deep: [1.5e-300, null, { er: 'é' }] } : undefined,
        progress: count % 5 === 0 ? count / 12 : undefined,
        estimatedTimeRemaining: count === 2 ? '2 minutes' : undefined,
      });
      if (count === 2 || count === 9) cursors.push(`v1.${count}.${event.event.hash}`);
    }
  }
  await manager.initTask({ taskId: 'open/empty' });
  await log.trim('open/trimmed', 5);
  socket = await app.ws({ headers: { authorization: HEADERS.authorization } });
  // The form in which such a client is answered is known from its first answer on.
  await post(PAGE);
});
afterAll(async () => {
  await socket[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

type HttpAnswer = readonly [status: number, headers: readonly (readonly [string, string])[], text: string];

async function read(response: Response): Promise<HttpAnswer> {
  const headers = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name));
  return [response.status, headers, await response.text()];
}

async function post(ask: Ask, headers: Readonly<Record<string, string>> = HEADERS): Promise<HttpAnswer> {
  return read(
    await fetch(app.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(ask),
    }),
  );
}

async function get(
  { query, operationName, variables = {} }: Ask,
  headers: Readonly<Record<string, string>> = HEADERS,
): Promise<HttpAnswer> {
  const params = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  if (operationName !== undefined) params.set('operationName', operationName);
  return read(await fetch(`${app.graphqlUrl}?${String(params)}`, { headers }));
}

let asked = 0;
async function overSocket(ask: Ask): Promise<unknown> {
  asked += 1;
  const id = String(asked);
  socket.send({ type: 'subscribe', id, payload: ask });
  const message: WsMessage = await socket.next(id);
  if (message.type === 'error') return { errors: message.payload };
  expect((await socket.next(id)).type).toBe('complete');
  return message.payload;
}

/** @returns the text of the answer. */
async function expectSame(ask: Ask): Promise<string> {
  const long = await get(ask);
  expect(await post(ask)).toEqual(long);
  const [, , text] = long;
  const told = await overSocket(ask);
  // Errors have no order of their keys there.
  const isPlain = !text.includes('"errors":');
  expect(isPlain ? JSON.stringify(told) : told).toEqual(isPlain ? text : JSON.parse(text));
  return text;
}

function isCompiled({ query, operationName }: Ask): boolean {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document, operationName);
  if (operation == null) throw new Error('no operation');
  return compilePage(schema, document, operation) !== undefined;
}

const ROOTS: readonly Root[] = [
  {
    kind: 'query',
    field: 'taskEvents',
    args: (cursor) =>
      `(taskId: $task, after: $${cursor}, before: $before, first: $first, last: $last,
        afterSequence: $from, filter: $filter)`,
    variables: (cursor) =>
      `$task: ID!, $${cursor}: String, $before: String, $first: Int, $last: Int, $from: Int = 1, $filter: TaskEventFilter`,
  },
  {
    kind: 'query',
    field: 'taskEvents',
    args: () => '(taskId: "open/run", first: $first, filter: { eventTypes: [WARNING], stages: $stages })',
    variables: () => '$first: Int! = 4, $stages: [ProgressStage!]',
  },
  { kind: 'query', field: 'taskEvents', args: () => '(taskId: "open/run", first: 1001)', variables: () => '' },
];

/** Mostly what is right. */
function mostly(right: readonly unknown[], ...wrong: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );
}
const randomVariables = () =>
  fc.record(
    {
      task: mostly(['open/run', 'open/trimmed', 'open/empty', 'open/unknown'], 'shut/run', '', 'a b', 7, null),
      first: mostly([undefined, 0, 1, 3, 5, 1_000], 1_001, -1, 2 ** 31, 1.5, '3', null),
      last: mostly([undefined], 2, 1_001, null),
      from: mostly([undefined, 0, 2, 5, 99], -1, null, '2'),
      before: mostly([undefined], ...cursors),
      filter: mostly(
        [
          undefined,
          {},
          { eventTypes: ['WARNING'] },
          { eventTypes: 'WARNING', stages: null },
          { components: 'constructor' },
        ],
        { eventTypes: ['warning'] },
        { components: [null] },
        { more: 1 },
        7,
      ),
      stages: mostly([undefined, ['REVIEW'], null], 'NOWHERE'),
      b0: mostly([true, false], undefined, null),
      b1: mostly([true, false, undefined], 'yes'),
      b2: mostly([true, false, undefined], null),
      more: fc.constant('unasked'),
    },
    { requiredKeys: ['task', ...BOOLEANS] },
  );

test('the short way and the long way give one answer, over HTTP and over WebSocket', async () => {
  const seen = { pages: 0, errors: 0 };
  await fc.assert(
    fc.asyncProperty(
      randomDocuments(schema, ROOTS),
      randomVariables(),
      fc.option(fc.constantFrom(...cursors)),
      fc.nat(2),
      async ({ text, operations }, given, cursor, pick) => {
        const operation = operations[pick % operations.length];
        if (operation === undefined) throw new Error('a document has an operation');
        const after = cursor === null ? {} : { [operation.cursor]: cursor };
        const ask = { query: text, operationName: operation.name, variables: { ...given, ...after } };
        const answer = await expectSame(ask);
        if (!isCompiled(ask)) return;
        if (answer.includes('"errors":')) seen.errors += 1;
        else seen.pages += 1;
      },
    ),
    { numRuns: 250 },
  );
  // Of each there were some that had a short way.
  expect(Math.min(seen.pages, seen.errors)).toBeGreaterThan(0);
});

test.each([
  ['a task that is not known', { ...PAGE, variables: { taskId: 'open/unknown' } }, '{"data":{"taskEvents":null}}'],
  ['what the caller may not read', { ...PAGE, variables: { taskId: 'shut/run' } }, '"code":"FORBIDDEN"'],
  [
    'more than a page may have',
    { ...PAGE, variables: { taskId: 'open/run', first: 1_001 } },
    '"code":"BAD_USER_INPUT"',
  ],
  ['no task', { ...PAGE, variables: {} }, '"code":"BAD_USER_INPUT"'],
  [
    'a cursor that is none',
    { query: '{ taskEvents(taskId: "open/run", after: "x") { gap } }' },
    '"code":"CURSOR_INVALID"',
  ],
  [
    'a place that is no longer kept',
    { query: '{ taskEvents(taskId: "open/trimmed", afterSequence: 2) { gap } }' },
    '{"data":{"taskEvents":{"gap":"EXPIRED"}}}',
  ],
])('say the same of %s', async (_what, ask, told) => {
  expect(isCompiled(ask)).toBe(true);
  expect(await expectSame(ask)).toContain(told);
});

test('say the same when the store fails, and ask it as often', async () => {
  let asked = 0;
  const repair = breakLog(app, {
    head() {
      asked += 1;
      return Promise.reject(new StoreUnavailableError('FAILED'));
    },
  });
  try {
    const long = await get(PAGE);
    const askedByLong = asked;
    expect(await post(PAGE)).toEqual(long);
    expect(long[2]).toContain('"code":"STORE_UNAVAILABLE"');
    expect(asked).toBe(2 * askedByLong);
  } finally {
    repair();
  }
});

test('say the same of what cannot be written, with its place', async () => {
  const { read: readLog } = app.app.log;
  // No enum has it.
  const repair = breakLog(app, {
    read: async (...args) => (await readLog(...args)).map((event) => ({ ...event, stage: 'nowhere' as 'review' })),
  });
  try {
    expect(await expectSame(PAGE)).toContain('"path":["taskEvents","nodes",0,"stage"]');
  } finally {
    repair();
  }
});

test.each(['application/json', 'application/graphql-response+json', '*/*', 'multipart/mixed'])(
  'a client that accepts %s is answered in the same form, the first time and later',
  async (accept) => {
    const headers = { authorization: HEADERS.authorization, accept };
    const long = await get(PAGE, headers);
    expect(await post(PAGE, headers)).toEqual(long);
    expect(await post(PAGE, headers)).toEqual(long);
  },
);

test('a page of a thousand events lets others have their turn while it is read', async () => {
  const { manager } = app.app;
  const input = { eventType: 'progress_update', component: 'c', stage: 'review', message: 'm' } as const;
  await manager.emitMany(Array.from({ length: 1_000 }, () => ({ ...input, taskId: 'open/long' })));
  let turns = 0;
  let isRead = false;
  const count = (): void => {
    turns += 1;
    if (!isRead) setImmediate(count);
  };
  setImmediate(count);
  const page = await manager.readEvents('open/long', { first: 1_000 });
  isRead = true;
  expect(page?.items).toHaveLength(1_000);
  expect(turns).toBeGreaterThan(1);
});

describe('the short way', () => {
  test.each([
    ['as the dashboard asks', PAGE.query],
    [
      'with an alias, twice, and by its edges',
      `{ it: taskEvents(taskId: "a") { edges { cursor } } it: taskEvents(taskId: "a") { edges { node { id } } } }`,
    ],
    [
      'with fragments and literal directives',
      `query ($id: ID!) { ...Q } fragment Q on Query { taskEvents(taskId: $id) { ...P gap @skip(if: true) } }
       fragment P on TaskEventConnection { pageInfo { endCursor } nodes { ... on TaskEvent { sequence } } }`,
    ],
  ])('takes a page %s', (_what, query) => {
    expect(isCompiled({ query })).toBe(true);
  });

  test.each([
    [
      'a directive with a variable',
      'query ($yes: Boolean! = true) { taskEvents(taskId: "a") { gap @include(if: $yes) } }',
    ],
    ['two fields', '{ taskEvents(taskId: "a") { gap } __typename }'],
    ['no field', '{ taskEvents(taskId: "a") @skip(if: true) { gap } }'],
    ['the events of a task', '{ task(id: "a") { events { nodes { sequence } } } }'],
  ])('leaves %s to the long one', (_what, query) => {
    expect(isCompiled({ query })).toBe(false);
  });
});
