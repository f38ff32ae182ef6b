/** Streams end with the token or key that they were begun with, say why, and go on from their cursor with another. */
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey, type ApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { signToken } from '../../src/auth/tokens.ts';
import { watchTask } from '../../src/client/index.ts';
import { toGrants } from '../../src/domain/viewer.ts';
import { codesOf, dataOf, EMIT, GOOD_EVENT, startApp, TASK, type Answer, type TestApp } from '../support/app.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';

const EVENT = {
  eventType: 'progress_update',
  component: 'camina',
  stage: 'analysis',
  message: 'on it',
} as const;

const SECRET = 'a secret that is long enough to sign with';
const UPDATES = `subscription { taskUpdates(taskId: "${TASK}") { cursor } }`;

let directory: TempDir;
let file: string;
let server: TestApp;
const kept: ApiKey[] = [];
const admin = addKey('admin', 'admin:*');
beforeAll(async () => {
  directory = await openTempDir();
  file = path.join(directory.path, 'keys.json');
  await writeKeyFile(file, { keys: kept, revoked: [] });
  server = await startApp({ settings: { authKeys: file, authSecret: SECRET } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

function addKey(id: string, grant: string): string {
  const made = createApiKey(id, [grant], new Date());
  kept.push(made.kept);
  return made.key;
}
function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}
async function emit(): Promise<void> {
  dataOf(await server.post(EMIT, { input: GOOD_EVENT }, bearer(admin)));
}
async function createToken(expiresIn: number, key = admin): Promise<{ token: string; id: string; expiresAt: string }> {
  const document = `mutation { createViewerToken(taskIds: ["${TASK}"], expiresIn: ${expiresIn}) { token id expiresAt } }`;
  const answer = await server.post(document, {}, bearer(key));
  return dataOf<{ createViewerToken: { token: string; id: string; expiresAt: string } }>(answer).createViewerToken;
}

describe('a token that expires', () => {
  test('ends its streams within a second, over both transports, with TOKEN_EXPIRED, and the socket with 4403', async () => {
    await emit();
    // Seconds are counted whole: one that lasts for one may end at once.
    const { token, expiresAt } = await createToken(2);
    await using socket = await server.ws({ params: bearer(token) });
    socket.subscribe('1', UPDATES);
    socket.subscribe('2', UPDATES);
    await socket.nextOf('1');
    await socket.nextOf('2');
    await using stream = await server.sse({ query: UPDATES, headers: bearer(token) });
    await stream.nextResult();

    for (const id of ['1', '2']) {
      const errors = await socket.nextOf<Answer['errors']>(id, 'error');
      expect(codesOf({ ...(errors && { errors }) })).toEqual(['TOKEN_EXPIRED']);
    }
    expect(await socket.closed()).toEqual({ code: 4403, reason: 'The token has expired.' });
    expect(codesOf(await stream.nextResult<Answer>())).toEqual(['TOKEN_EXPIRED']);
    const { whole, events } = await stream.ended();
    expect([whole, events.map(({ type }) => type)]).toEqual([true, ['complete']]);
    expect(Date.now() - Date.parse(expiresAt)).toBeGreaterThanOrEqual(0);
    expect(Date.now() - Date.parse(expiresAt)).toBeLessThan(1_000);
    expect((await server.post('{ __typename }', {}, bearer(token))).status).toBe(401);
  });

  test('a client that has another goes on from its cursor, and misses nothing', async () => {
    const asked: string[] = [];
    const leaving = new AbortController();
    const updates = watchTask({
      url: server.graphqlUrl,
      taskId: TASK,
      replay: true,
      signal: leaving.signal,
      headers: async () => {
        const { token } = await createToken(1);
        asked.push(token);
        return bearer(token);
      },
    });
    const sequences: number[] = [];
    for await (const update of updates) {
      if (update.__typename === 'TaskEventRecorded') sequences.push(update.event.sequence);
      if (asked.length < 3 || sequences.length < 8) await emit();
      else leaving.abort();
    }
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });
});

test('a key that is taken out of the file ends its streams, and those of tokens that it gave out, within five seconds', async () => {
  const backend = createApiKey('backend', ['admin:*'], new Date());
  await writeKeyFile(file, { keys: [...kept, backend.kept], revoked: [] });
  await expect
    .poll(async () => (await server.post('{ __typename }', {}, bearer(backend.key))).status, { timeout: 5_000 })
    .toBe(200);
  const { token } = await createToken(600, backend.key);
  const other = await createToken(600);
  await using ofKey = await server.ws({ params: bearer(backend.key) });
  await using ofToken = await server.ws({ params: bearer(token) });
  await using ofRevoked = await server.ws({ params: bearer(other.token) });
  await using ofAdmin = await server.ws({ params: bearer(admin) });
  for (const socket of [ofKey, ofToken, ofRevoked, ofAdmin]) {
    socket.subscribe('1', UPDATES);
    await socket.nextOf('1');
  }

  const removed = performance.now();
  await writeKeyFile(file, { keys: kept, revoked: [{ id: other.id }] });
  for (const socket of [ofKey, ofToken, ofRevoked]) {
    const errors = await socket.nextOf<Answer['errors']>('1', 'error');
    expect(codesOf({ ...(errors && { errors }) })).toEqual(['TOKEN_REVOKED']);
    expect((await socket.closed()).code).toBe(4403);
  }
  expect(performance.now() - removed).toBeLessThan(5_000);
  await emit();
  await ofAdmin.nextOf('1');
  expect((await server.post('{ __typename }', {}, bearer(token))).status).toBe(401);
});

test('a token does not outlive the one that it was made with', async () => {
  const rules = { secret: SECRET, audience: 'drumline' };
  const maker = await signToken(rules, { grants: ['admin:*'], expiresInSeconds: 60, givenBy: [] }, Date.now());
  const made = await createToken(3_600, maker.token);
  expect(Date.parse(made.expiresAt)).toBeLessThanOrEqual(maker.expiresAt);
});

test('what arrives after its token was revoked is not carried out, although it was begun before', async () => {
  const ended = new Set<string>();
  const viewer = { name: 'user', grants: toGrants(['emit:*']), expiresAt: Infinity, credentials: ['session-1'] };
  await using own = await startApp({
    authenticate: () => viewer,
    isRevoked: ({ credentials }) => credentials.some((id) => ended.has(id)),
  });
  await own.emit();
  const body = JSON.stringify({ query: EMIT, variables: { input: GOOD_EVENT } });
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request(own.graphqlUrl, { method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.write(body.slice(0, 10));
    request.on('socket', (socket) => {
      // What stands before it on the way was read when it is answered.
      socket.once('connect', () => {
        void fetch(`${own.origin}/healthz`).then(() => {
          ended.add('session-1');
          request.end(body.slice(10));
        });
      });
    });
  });
  expect(answer).toMatch(/TOKEN_REVOKED|UNAUTHENTICATED/);
  expect((await own.app.manager.getTask(TASK))?.progress.seq).toBe(1);
});

test('an embedder decides by its own rules, for each task and for as long as it likes', async () => {
  const ended = new Set<string>();
  const viewer = {
    name: 'user',
    grants: toGrants(['read:*', 'emit:*']),
    authorize: (_action: string, taskId: string | undefined) => taskId?.startsWith('mine') === true,
    expiresAt: Number.POSITIVE_INFINITY,
    credentials: ['session-1'],
  };
  await using own = await startApp({
    authenticate: () => viewer,
    isRevoked: ({ credentials }) => credentials.some((id) => ended.has(id)),
  });
  await own.app.manager.emit({ ...EVENT, taskId: 'theirs' });
  await own.emit({ taskId: 'mine/1' });
  expect(codesOf(await own.post(EMIT, { input: { ...GOOD_EVENT, taskId: 'theirs' } }))).toEqual(['FORBIDDEN']);
  expect(codesOf(await own.post('{ task(id: "theirs") { id } }'))).toEqual(['FORBIDDEN']);
  expect((await own.post('{ tasks { nodes { id } } }')).data).toEqual({ tasks: { nodes: [{ id: 'mine/1' }] } });
  await using socket = await own.ws();
  socket.subscribe('1', 'subscription { taskUpdates(taskId: "mine/1") { cursor } }');
  await socket.nextOf('1');
  ended.add('session-1');
  const errors = await socket.nextOf<Answer['errors']>('1', 'error');
  expect(codesOf({ ...(errors && { errors }) })).toEqual(['TOKEN_REVOKED']);
  expect((await socket.closed()).code).toBe(4403);
  expect((await own.post('{ __typename }')).status).toBe(401);
});
