import http from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codesOf, EMIT, GOOD_EVENT, startApp, TASK, type Answer, type TestApp } from '../support/app.ts';
import { settlesWithin } from '../support/wait-for.ts';

let server: TestApp;
beforeAll(async () => {
  server = await startApp({ settings: { maxBodyBytes: '65536', allowedOrigins: 'https://friend.example' } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** One request as it is written, over a connection of its own. */
async function ask({ method = 'GET', path = '/graphql', headers = {}, body }: Asking): Promise<Reply> {
  const replying = Promise.withResolvers<Reply>();
  const request = http.request(server.origin, { method, path, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', replying.reject);
    response.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const text = response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      replying.resolve({ status: response.statusCode ?? 0, headers: response.headers, body: String(text) });
    });
  });
  request.on('error', replying.reject);
  request.end(body);
  return settlesWithin(replying.promise, { withinMs: 5_000, what: `${method} ${path}` });
}

const JSON_IN = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const LEGACY = { 'content-type': 'application/json', accept: 'application/json' };

function post(body: unknown, headers: http.OutgoingHttpHeaders = JSON_IN): Promise<Reply> {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return ask({ method: 'POST', headers, body: text });
}

function get(params: Readonly<Record<string, string>>, headers: http.OutgoingHttpHeaders = JSON_IN): Promise<Reply> {
  return ask({ path: `/graphql?${new URLSearchParams(params)}`, headers });
}

function answerOf({ body }: Reply): Answer {
  return JSON.parse(body) as Answer;
}

const TASK_QUERY = '{ task(id: "none") { id } }';

describe('requests that are not well-formed are 400 BAD_REQUEST', () => {
  test.each<[string, () => Promise<Reply>]>([
    ['GET without a query', () => get({})],
    ['GET with an empty query', () => get({ query: '' })],
    ['POST {}', () => post({})],
    ['query: null', () => post({ query: null })],
    ['query: ""', () => post({ query: '' })],
    ['query: ""  for the legacy media type', () => post({ query: '' }, LEGACY)],
    ['GET with variables that are no JSON', () => get({ query: TASK_QUERY, variables: '{bad' })],
    ['GET with variables that are an array', () => get({ query: TASK_QUERY, variables: '[]' })],
    ['GET with extensions that are no JSON', () => get({ query: TASK_QUERY, extensions: 'x' })],
    ['an empty body', () => post('')],
    ['half a body', () => post('{')],
    ['null', () => post('null')],
    ['a string', () => post('"x"')],
    ['a number', () => post('1')],
    ['trailing garbage', () => post(`${JSON.stringify({ query: TASK_QUERY })}x`)],
    ['a batch', () => post([{ query: TASK_QUERY }, { query: TASK_QUERY }])],
    ['an empty batch', () => post([])],
    ['query: 1', () => post({ query: 1 })],
    ['variables: "x"', () => post({ query: TASK_QUERY, variables: 'x' })],
    ['variables: []', () => post({ query: TASK_QUERY, variables: [] })],
    ['operationName: 1', () => post({ query: TASK_QUERY, operationName: 1 })],
    ['extensions: 1', () => post({ query: TASK_QUERY, extensions: 1 })],
    ['bytes that are not UTF-8', () => post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]))],
    [
      'bytes that are not UTF-8 in a string',
      () =>
        post(Buffer.concat([Buffer.from('{"query":"{ x(a: \\"'), Buffer.from([0xc3, 0x28]), Buffer.from('\\") }"}')])),
    ],
  ])('%s', async (_what, send) => {
    const reply = await send();
    expect(reply.status).toBe(400);
    expect(codesOf(answerOf(reply))).toEqual(['BAD_REQUEST']);
  });

  test('what was sent is not repeated in the answer', async () => {
    const reply = await post('{"query": canary}');
    expect(reply.body).not.toContain('canary');
    expect(reply.body).not.toMatch(/position|token/i);
  });
});

describe('which operation', () => {
  test.each([
    [{ query: 'query A { __typename }', operationName: 'B' }],
    [{ query: 'query A { __typename } query B { __typename }' }],
    [{ query: 'fragment F on Query { __typename }' }],
  ])('%j is OPERATION_RESOLUTION_FAILURE', async (body) => {
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(codesOf(answerOf(reply))).toEqual(['OPERATION_RESOLUTION_FAILURE']);
  });

  test('a mutation by GET is 405, says POST, and changes nothing', async () => {
    const query = `mutation { initTask(input: { taskId: "by-get" }) { created } }`;
    const reply = await get({ query });
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST']);
    const named = await get({
      query: `query A { __typename } ${query.replace('mutation', 'mutation B')}`,
      operationName: 'B',
    });
    expect(named.status).toBe(405);
    expect((await server.post('{ task(id: "by-get") { id } }')).data).toEqual({ task: null });
  });
});

describe('media types', () => {
  test.each([
    ['text/plain', JSON.stringify({ query: 'mutation { initTask(input: { taskId: "plain" }) { created } }' })],
    ['application/graphql', 'mutation { initTask(input: { taskId: "plain" }) { created } }'],
    [
      'application/x-www-form-urlencoded',
      'query=mutation+%7B+initTask(input:+%7B+taskId:+%22plain%22+%7D)+%7B+created+%7D+%7D',
    ],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"mutation { initTask(input: { taskId: \\"plain\\" }) { created } }"}\r\n' +
        '--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
    ],
    [undefined, JSON.stringify({ query: 'mutation { initTask(input: { taskId: "plain" }) { created } }' })],
    ['application/json-x', JSON.stringify({ query: 'mutation { initTask(input: { taskId: "plain" }) { created } }' })],
    [
      'text/plain; a=application/json',
      JSON.stringify({ query: 'mutation { initTask(input: { taskId: "plain" }) { created } }' }),
    ],
  ])('a body that is %s is 415, over every way to ask, and nothing is stored', async (contentType, body) => {
    for (const accept of ['application/json', 'text/event-stream', '*/*']) {
      const headers = { accept, ...(contentType === undefined ? {} : { 'content-type': contentType }) };
      expect((await post(body, headers)).status).toBe(415);
    }
    expect((await server.post('{ task(id: "plain") { id } }')).data).toEqual({ task: null });
  });

  test('a body that is packed is 415, over every way to ask; one that says it is not is read', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    for (const accept of ['application/json', 'text/event-stream', '*/*']) {
      const packed = { 'content-type': 'application/json', accept, 'content-encoding': 'gzip' };
      expect((await post(gzipSync(body), packed)).status).toBe(415);
      expect((await post(body, { ...packed, 'content-encoding': 'identity' })).status).toBe(200);
    }
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/graphql+json'])(
    'a body that is %s is read',
    async (contentType) => {
      const reply = await post({ query: TASK_QUERY }, { 'content-type': contentType });
      expect([reply.status, reply.body]).toEqual([200, '{"data":{"task":null}}']);
    },
  );

  test('an answer that nobody could read is 406', async () => {
    expect((await post({ query: TASK_QUERY }, { ...JSON_IN, accept: 'image/png' })).status).toBe(406);
  });

  const WATCH = `subscription { taskUpdates(taskId: "${TASK}") { cursor } }`;
  test.each(['application/json', 'application/graphql-response+json', '*/*', 'multipart/mixed', undefined])(
    'a subscription with Accept: %s is 406 and leaves nothing behind: it needs text/event-stream',
    async (accept) => {
      const headers = { 'content-type': 'application/json', ...(accept === undefined ? {} : { accept }) };
      expect((await post({ query: WATCH }, headers)).status).toBe(406);
      expect((await get({ query: WATCH }, headers)).status).toBe(406);
      expect(server.app.stats()).toMatchObject({ followers: 0, streams: 0 });
    },
  );

  test('the answer has the media type that was asked for; for the old one a wrong document is 200', async () => {
    const wrong = { query: '{ nothing }' };
    const reply = await post(wrong);
    expect([reply.status, reply.headers['content-type']]).toEqual([
      400,
      expect.stringMatching(/^application\/graphql-response\+json/),
    ]);
    const legacy = await post(wrong, LEGACY);
    expect([legacy.status, legacy.headers['content-type']]).toEqual([200, expect.stringMatching(/^application\/json/)]);
    expect(codesOf(answerOf(legacy))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });
});

describe('sizes', () => {
  const tooLarge = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(65_536)}` });

  test.each([['application/json'], ['text/event-stream']])('a body over the limit is 413 (%s)', async (accept) => {
    const headers = { 'content-type': 'application/json', accept };
    expect((await post(tooLarge, headers)).status).toBe(413);
  });

  test.each([['application/json'], ['text/event-stream']])(
    'a body over the limit that does not tell its length is 413 (%s)',
    async (accept) => {
      const headers = { 'content-type': 'application/json', accept, 'transfer-encoding': 'chunked' };
      expect((await post(tooLarge, headers)).status).toBe(413);
    },
  );

  test('a body at the limit is read', async () => {
    const body = (text: string): object => ({ query: '{ __typename }', variables: { text } });
    const reply = await post(body('x'.repeat(65_536 - JSON.stringify(body('')).length)));
    expect([reply.status, reply.body]).toEqual([200, '{"data":{"__typename":"Query"}}']);
  });

  test('headers beyond 16 KiB are 431, and two thousand small ones do no harm', async () => {
    expect((await get({ query: TASK_QUERY }, { ...JSON_IN, 'x-large': 'x'.repeat(20_000) })).status).toBe(431);
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`x${index}`, '1']));
    expect([200, 431]).toContain((await get({ query: TASK_QUERY }, { ...JSON_IN, ...many })).status);
    expect((await get({ query: TASK_QUERY })).status).toBe(200);
  });
});

describe('pages of other origins', () => {
  const foreign = { origin: 'https://evil.example' };

  test('a preflight of a foreign origin gets no CORS header', async () => {
    const reply = await ask({
      method: 'OPTIONS',
      headers: {
        ...foreign,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([['https://evil.example'], ['null'], ['http://127.0.0.1:1']])(
    'a request of the origin %s is 403, gets no CORS header, and is not run',
    async (origin) => {
      const query = 'mutation { initTask(input: { taskId: "foreign" }) { created } }';
      const reply = await post({ query }, { ...JSON_IN, origin });
      expect(reply.status).toBe(403);
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect((await server.post('{ task(id: "foreign") { id } }')).data).toEqual({ task: null });
    },
  );

  test('a listed origin may read, and its own pages may', async () => {
    const friend = await post({ query: TASK_QUERY }, { ...JSON_IN, origin: 'https://friend.example' });
    expect([friend.status, friend.headers['access-control-allow-origin']]).toEqual([200, 'https://friend.example']);
    expect(friend.headers['access-control-allow-credentials']).toBeUndefined();
    expect(friend.headers.vary).toMatch(/origin/i);
    const preflight = await ask({ method: 'OPTIONS', headers: { origin: 'https://friend.example' } });
    expect(preflight.headers['access-control-allow-origin']).toBe('https://friend.example');
    expect((await post({ query: TASK_QUERY }, { ...JSON_IN, origin: server.origin })).status).toBe(200);
  });
});

describe('paths', () => {
  test.each([
    '/graphql/',
    '/graphql/..',
    '//graphql',
    '/graphql%00',
    '/%00',
    '/nothing',
    '/graphql/x',
    '/healthz/',
    '/..%2f',
  ])('%s is 404', async (path) => {
    expect((await ask({ path, headers: JSON_IN })).status).toBe(404);
  });

  test('methods that GraphQL does not have are refused', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      for (const accept of ['application/json', 'text/event-stream']) {
        const reply = await ask({ method, headers: { accept } });
        expect([reply.status, reply.headers.allow]).toEqual([405, 'GET, POST']);
      }
    }
  });

  test('/healthz lives and /readyz is ready', async () => {
    const healthy = await ask({ path: '/healthz' });
    expect([healthy.status, JSON.parse(healthy.body)]).toEqual([200, { status: 'ok' }]);
    const ready = await ask({ path: '/readyz' });
    expect([ready.status, JSON.parse(ready.body)]).toEqual([200, { ready: true, reasons: [], degraded: [] }]);
  });

  test('/readyz is 503 while the store does not answer, and /healthz is not', async () => {
    await using broken = await startApp();
    await broken.app.log[Symbol.asyncDispose]();
    const ready = await fetch(`${broken.origin}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ['store'], degraded: [] }]);
    expect((await fetch(`${broken.origin}/healthz`)).status).toBe(200);
    const failed = await broken.post(EMIT, { input: GOOD_EVENT });
    expect(failed.errors?.[0]?.extensions).toEqual({ code: 'STORE_UNAVAILABLE', outcome: 'FAILED' });
  });
});

describe('pages for people', () => {
  const BROWSER = {
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'accept-encoding': 'gzip',
  };
  /** Anything that a page loads by itself from another host. */
  const LOADS_ELSEWHERE =
    /<(?:script|img|iframe)\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?\/\/|<link\b[^>]*\bhref\s*=\s*["']?(?:https?:)?\/\//i;

  test('/ tells what this is, without loading anything from elsewhere', async () => {
    const { status, headers, body } = await ask({ path: '/', headers: BROWSER });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('Drumline');
    expect(body).not.toMatch(LOADS_ELSEWHERE);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('a browser gets GraphiQL at /graphql, compressed, from our own files', async () => {
    const { status, headers, body } = await ask({ headers: BROWSER });
    expect([status, headers['content-encoding'], headers['content-type']]).toEqual([
      200,
      'gzip',
      'text/html; charset=utf-8',
    ]);
    // The page is large: a failure must not print it.
    const outside = body.replaceAll(/(<script\b[^>]*>)[\s\S]*?<\/script>/gi, '$1');
    expect({
      isGraphiql: body.includes('Drumline') && /graphiql/i.test(body),
      loadsElsewhere: LOADS_ELSEWHERE.exec(outside)?.[0],
      cdn: /unpkg\.com|jsdelivr\.net|cdnjs|esm\.sh/.exec(body)?.[0],
    }).toEqual({ isGraphiql: true, loadsElsewhere: undefined, cdn: undefined });
  });

  test('an address that a browser shows as a page answers programs as before, also out of a cache', async () => {
    const path = `/graphql?${new URLSearchParams({ query: TASK_QUERY })}`;
    const page = await ask({ path, headers: BROWSER });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    // The page may be kept: whoever keeps it must know that the address has more than one answer.
    expect(page.headers.vary?.split(/, */)).toContain('accept');
    expect(answerOf(await ask({ path, headers: { accept: 'application/json' } })).data).toEqual({ task: null });
  });

  test('switched off, there is no page', async () => {
    await using plain = await startApp({ settings: { graphiql: 'false' } });
    const reply = await fetch(plain.graphqlUrl, { headers: BROWSER });
    expect(reply.headers.get('content-type') ?? '').not.toContain('html');
  });
});
