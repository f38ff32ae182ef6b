/** Who may come in at all: by the name they call the server, by the page they come from, and by who they are. */
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UnauthenticatedError } from '../../src/domain/errors.ts';
import { EMIT, GOOD_EVENT, startApp, type TestApp } from '../support/app.ts';

let server: TestApp;
beforeAll(async () => {
  server = await startApp();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly body: string;
}

function ask(headers: http.OutgoingHttpHeaders, options: http.RequestOptions = {}, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const path = '/graphql?query=%7B__typename%7D';
    const request = http.request(server.origin, { path, headers, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, body: '' });
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('the name the server is called by', () => {
  test.each(['[', 'x:y', 'localhost:99999', '%'])('%s is no host: 400, and nothing of ours is told', async (host) => {
    const { status, body } = await ask({ host });
    expect([status, body]).toEqual([400, 'Bad Request\n']);
  });

  test.each(['localhost:4000', '127.0.0.1', '[::1]:1'])('%s is this machine', async (host) => {
    expect((await ask({ host })).status).toBe(200);
  });

  test.each(['/graphql?query=%7B__typename%7D', '/'])(
    'a name that was pointed at this machine is not it, whatever the page says it is: %s',
    async (path) => {
      const evil = { host: 'evil.example:4000', origin: 'http://evil.example:4000' };
      expect((await ask(evil, { path })).status).toBe(403);
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'graphql-transport-ws' };
      const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' };
      expect((await ask({ ...evil, ...upgrade, ...key }, { path: '/graphql' })).status).toBe(403);
    },
  );
});

test('an offer of h2c is passed over, and the request answered', async () => {
  const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  const json = { 'content-type': 'application/json', accept: 'application/json' };
  const reply = await ask({ ...offer, ...json }, { method: 'POST', path: '/graphql' }, '{"query":"{__typename}"}');
  expect([reply.status, reply.body]).toEqual([200, '{"data":{"__typename":"Query"}}']);
});

describe('a check of the caller', () => {
  test('covers answers, event streams and sockets alike', async () => {
    await using closed = await startApp({
      authenticate: async () => {
        throw new UnauthenticatedError();
      },
    });
    const answer = await closed.post(EMIT, { input: GOOD_EVENT });
    expect([answer.status, answer.errors?.[0]?.extensions?.code]).toEqual([401, 'UNAUTHENTICATED']);
    const stream = await closed.sse({ query: 'subscription { taskUpdates(taskId: "t") { cursor } }' });
    expect(stream.status).toBe(401);
    await expect(closed.app.manager.getTask(GOOD_EVENT.taskId)).resolves.toBeUndefined();
  });

  test('that does not answer, or fails, lets nobody in', async () => {
    const never = new Promise<undefined>(() => undefined);
    await using slow = await startApp({ authenticate: () => never, authTimeoutMs: 50 });
    expect((await slow.post('{ __typename }')).status).toBe(503);
    await using broken = await startApp({ authenticate: () => Promise.reject(new Error('canary')) });
    const answer = await broken.post('{ __typename }');
    expect([answer.status, JSON.stringify(answer).includes('canary')]).toEqual([503, false]);
  });
});

test('a document of more than 16 KiB is refused before it is read, on every transport; variables may be larger', async () => {
  const long = `{ __typename ${'#'.repeat(16 * 1024)} }`;
  const answer = await server.post(long);
  expect([answer.status, answer.errors?.[0]?.extensions?.code]).toEqual([400, 'QUERY_TOO_LARGE']);
  await using client = await server.ws();
  client.subscribe('1', long, {});
  expect(await client.next('1')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'QUERY_TOO_LARGE' } }],
  });
  const tooLong = await server.post(EMIT, { input: { ...GOOD_EVENT, message: 'x'.repeat(200_000) } });
  expect(tooLong.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
});
