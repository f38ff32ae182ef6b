/** Who may do what, over every transport: by the grants alone, so that a refusal tells nothing of what there is. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { signToken } from '../../src/auth/tokens.ts';
import { codesOf, dataOf, EMIT, GOOD_EVENT, startApp, type Answer, type TestApp } from '../support/app.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';
import { openWsClient } from '../support/ws-client.ts';

const SECRET = 'a secret that is long enough to sign with';
const KEYS = {
  admin: createApiKey('admin', ['admin:*'], new Date()),
  emitter: createApiKey('emitter', ['emit:a/*'], new Date()),
  reader: createApiKey('reader', ['read:a/*', 'read:b/1'], new Date()),
};

let directory: TempDir;
let server: TestApp;
beforeAll(async () => {
  directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  await writeKeyFile(file, { keys: Object.values(KEYS).map(({ kept }) => kept), revoked: [] });
  server = await startApp({ settings: { authKeys: file, authSecret: SECRET, tokenInUrl: 'true' } });
  for (const taskId of ['a/1', 'b/1', 'c/1']) await emitAs(KEYS.admin.key, { taskId });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

function bearer(key: string): { readonly authorization: string } {
  return { authorization: `Bearer ${key}` };
}
function emitAs(key: string, patch: object): Promise<Answer> {
  return server.post(EMIT, { input: { ...GOOD_EVENT, ...patch } }, bearer(key));
}
async function tokenFor(grants: readonly string[], expiresInSeconds = 60): Promise<string> {
  const rules = { secret: SECRET, audience: 'drumline' };
  return (await signToken(rules, { grants, expiresInSeconds, givenBy: [] }, Date.now())).token;
}

describe('who does not say who they are', () => {
  test.each([
    ['nothing', {}],
    ['a scheme that is not ours', { authorization: 'Basic YTpi' }],
    ['a key that is none', { authorization: 'Bearer drumline_admin_nope' }],
    ['a token that is none', { authorization: 'Bearer a.b.c' }],
  ])('%s: 401, in the same words', async (_name, headers) => {
    const answer = await server.post('{ __typename }', {}, headers);
    expect(answer).toEqual({
      status: 401,
      errors: [{ message: 'Who is asking could not be established.', extensions: { code: 'UNAUTHENTICATED' } }],
    });
    await using stream = await server.sse({ query: 'subscription { tasks { ready } }', headers });
    expect([stream.status, stream.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    await using socket = await openWsClient(server.origin, { headers });
    socket.send({ type: 'connection_init' });
    expect((await socket.closed()).code).toBe(4401);
  });

  test('a token in the URL is for event streams alone, and only where that is wanted', async () => {
    const token = await tokenFor(['read:a/1']);
    const url = new URL(server.graphqlUrl);
    url.searchParams.set('token', token);
    const query = 'subscription { taskProgress(taskId: "a/1") { sequence } }';
    await using stream = await server.sse({ query, headers: {} });
    expect(stream.status).toBe(401);
    url.searchParams.set('query', query);
    const opened = await fetch(url, { headers: { accept: 'text/event-stream' } });
    expect(opened.status).toBe(200);
    await opened.body?.cancel();
    url.searchParams.set('query', '{ __typename }');
    expect((await fetch(url, { headers: { accept: 'application/json' } })).status).toBe(401);
    await using closed = await startApp({ settings: { authSecret: SECRET } });
    const there = new URL(url);
    there.port = new URL(closed.origin).port;
    there.searchParams.set('query', query);
    expect((await fetch(there, { headers: { accept: 'text/event-stream' } })).status).toBe(401);
  });
});

const FORBIDDEN_QUERIES = [
  '{ task(id: "TASK") { id } }',
  '{ taskProgress(taskId: "TASK") { sequence } }',
  '{ taskEvents(taskId: "TASK") { edges { cursor } } }',
  '{ observations(taskId: "TASK") { edges { cursor } } }',
  '{ observations { edges { cursor } } }',
  'mutation { initTask(input: { taskId: "TASK" }) { created } }',
  'mutation { publishObservation(input: { content: "x", taskId: "TASK" }) { duplicate } }',
  'mutation { deleteTask(taskId: "TASK") { deleted } }',
  'mutation { createViewerToken(taskIds: ["TASK"]) { token } }',
  'subscription { taskUpdates(taskId: "TASK") { cursor } }',
  'subscription { taskProgress(taskId: "TASK") { sequence } }',
  'subscription { task(id: "TASK") { id } }',
  'subscription { observations { cursor } }',
];

describe('what is not granted', () => {
  test.each(FORBIDDEN_QUERIES)('is FORBIDDEN whether there is such a task or not: %s', async (text) => {
    const answers = [];
    for (const taskId of ['c/1', 'c/no-such-task']) {
      const query = text.replaceAll('TASK', taskId);
      await using socket = await server.ws({ params: bearer(KEYS.reader.key) });
      socket.subscribe('1', query);
      const { type, payload } = await socket.next('1');
      answers.push(JSON.stringify([type, payload]).replaceAll(taskId, 'TASK'));
      await using stream = await server.sse({ query, method: 'POST', headers: bearer(KEYS.reader.key) });
      const result = await stream.nextResult<Answer>();
      expect(codesOf(result)).toEqual(['FORBIDDEN']);
      answers.push(JSON.stringify(result).replaceAll(taskId, 'TASK'));
    }
    expect(answers[0]).toContain('FORBIDDEN');
    expect(answers.slice(0, 2)).toEqual(answers.slice(2));
  });

  test('refuses an emit, alone or among others, and stores nothing', async () => {
    const before = await server.stored();
    expect(codesOf(await emitAs(KEYS.reader.key, { taskId: 'a/1' }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await emitAs(KEYS.emitter.key, { taskId: 'b/1' }))).toEqual(['FORBIDDEN']);
    const many = 'mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }';
    const inputs = [
      { ...GOOD_EVENT, taskId: 'a/1' },
      { ...GOOD_EVENT, taskId: 'b/1' },
    ];
    expect(codesOf(await server.post(many, { inputs }, bearer(KEYS.emitter.key)))).toEqual(['FORBIDDEN']);
    expect(await server.stored()).toBe(before);
  });
});

test('who may emit and not read is told of its event, and nothing of the task', async () => {
  const document = `mutation ($input: EmitEventInput!) { emitEvent(input: $input) { event { sequence } task { id } } }`;
  const input = { ...GOOD_EVENT, taskId: 'a/2' };
  const answer = await server.post(document, { input }, bearer(KEYS.emitter.key));
  expect(answer.data).toEqual({ emitEvent: { event: { sequence: 1 }, task: null } });
  const begin = 'mutation { initTask(input: { taskId: "a/2" }) { created task { id } } }';
  expect((await server.post(begin, {}, bearer(KEYS.emitter.key))).data).toEqual({
    initTask: { created: false, task: null },
  });
});

test('lists and boards show what may be read of what is asked for', async () => {
  const idsFor = async (key: string, filter = '{}'): Promise<readonly string[]> => {
    const query = `{ tasks(filter: ${filter}) { edges { node { id } } } }`;
    const { tasks } = dataOf<{ tasks: { edges: { node: { id: string } }[] } }>(
      await server.post(query, {}, bearer(key)),
    );
    return tasks.edges.map(({ node }) => node.id).toSorted();
  };
  const readable = ['a/1', 'a/2', 'b/1'];
  expect(await idsFor(KEYS.reader.key)).toEqual(readable);
  expect(await idsFor(KEYS.reader.key, '{ taskIdPrefix: "b/" }')).toEqual(['b/1']);
  expect(await idsFor(KEYS.reader.key, '{ taskIdPrefix: "c/" }')).toEqual([]);
  expect(await idsFor(KEYS.admin.key)).toEqual([...readable, 'c/1']);
  expect(await idsFor(await tokenFor(['read:c/1']))).toEqual(['c/1']);
  const two = await tokenFor(['read:c/1', 'read:a/2', 'read:no-such-task']);
  expect(await idsFor(two)).toEqual(['a/2', 'c/1']);
  expect(await idsFor(two, '{ taskIdPrefix: "a/" }')).toEqual(['a/2']);
  const none = await server.post('{ tasks { edges { cursor } } }', {}, bearer(KEYS.emitter.key));
  expect(codesOf(none)).toEqual(['FORBIDDEN']);

  await using socket = await server.ws({ params: bearer(KEYS.reader.key) });
  socket.subscribe('1', 'subscription { tasks(maxRate: 60) { changed { id } } }');
  interface Board {
    readonly data: { readonly tasks: { readonly changed: readonly { readonly id: string }[] } };
  }
  const first = await socket.nextOf<Board>('1');
  expect(first.data.tasks.changed.map(({ id }) => id).toSorted()).toEqual(readable);
  await emitAs(KEYS.admin.key, { taskId: 'c/1' });
  await emitAs(KEYS.admin.key, { taskId: 'a/1' });
  const second = await socket.nextOf<Board>('1');
  expect(second.data.tasks.changed.map(({ id }) => id)).toEqual(['a/1']);
});

test('the id of an observation of a task that is not granted is a conflict, which tells nothing else of it', async () => {
  const publish = (key: string, input: object): Promise<Answer> => {
    const document = 'mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { duplicate } }';
    return server.post(document, { input }, bearer(key));
  };
  const secret = { id: 'shared-id', taskId: 'b/1', content: 'canary-71c4' };
  dataOf(await publish(KEYS.admin.key, secret));
  const answer = await publish(KEYS.emitter.key, { id: 'shared-id', taskId: 'a/1', content: 'mine' });
  expect(codesOf(answer)).toEqual(['EVENT_ID_CONFLICT']);
  expect(JSON.stringify(answer)).not.toMatch(/canary|b\/1/);
  // Not even with its own words: the task belongs to what is compared.
  expect(codesOf(await publish(KEYS.emitter.key, { ...secret, taskId: 'a/1' }))).toEqual(['EVENT_ID_CONFLICT']);
});

test('a backend makes a token for a browser: it reads those tasks, and neither emits nor makes others', async () => {
  const make = 'mutation ($ids: [ID!]!) { createViewerToken(taskIds: $ids, expiresIn: 60) { token id expiresAt } }';
  const answer = await server.post(make, { ids: ['a/1'] }, bearer(KEYS.admin.key));
  const { token, expiresAt } = dataOf<{ createViewerToken: { token: string; expiresAt: string } }>(
    answer,
  ).createViewerToken;
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  const ask = (query: string): Promise<Answer> => server.post(query, {}, bearer(token));
  expect((await ask('{ task(id: "a/1") { id } }')).data).toEqual({ task: { id: 'a/1' } });
  expect((await ask('{ observations(taskId: "a/1") { edges { cursor } } }')).errors).toBeUndefined();
  expect(codesOf(await ask('{ task(id: "a/2") { id } }'))).toEqual(['FORBIDDEN']);
  expect(codesOf(await emitAs(token, { taskId: 'a/1' }))).toEqual(['FORBIDDEN']);
  expect(codesOf(await server.post(make, { ids: ['a/1'] }, bearer(token)))).toEqual(['FORBIDDEN']);
  for (const ids of [[], ['not an id'], Array.from({ length: 51 }, (_, index) => `t${index}`)]) {
    expect(codesOf(await server.post(make, { ids }, bearer(KEYS.admin.key)))).toEqual(['BAD_USER_INPUT']);
  }
  await using without = await startApp();
  expect(codesOf(await without.post(make, { ids: ['a'] }))).toEqual(['TOKENS_DISABLED']);
});

test('a server that others can reach does not start without asking who calls, unless it is told to', async () => {
  await expect(startApp({ settings: { host: '0.0.0.0' } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await using open = await startApp({ settings: { host: '0.0.0.0', allowAnonymous: 'true' } });
  await using guarded = await startApp({ settings: { host: '0.0.0.0', authSecret: SECRET } });
  expect([open, guarded]).toHaveLength(2);
});
