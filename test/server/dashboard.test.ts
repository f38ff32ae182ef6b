/** The dashboard at `/`, over real HTTP, from files of the test's own: what is served, how, and what never is. */
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';

const PAGE = '<!doctype html><title>Drumline</title><script type="module" src="./assets/index-A1.js"></script>';
const SCRIPT = `console.log(${JSON.stringify('drum'.repeat(2_000))});`;
const SECRET = 'nobody may read this';

let dir: TempDir;
let server: TestApp;
let directory: string;
beforeAll(async () => {
  dir = await openTempDir();
  directory = join(dir.path, 'dashboard');
  await mkdir(join(directory, 'assets', 'deep'), { recursive: true });
  await mkdir(join(directory, '.git'));
  const files: Readonly<Record<string, string>> = {
    'index.html': PAGE,
    'other.html': SECRET,
    '.git/config.txt': SECRET,
    '../secret.txt': SECRET,
    'assets/index-A1.js': SCRIPT,
    'assets/index-A1.css': 'body { color: red }',
    'assets/drum-A1.png': 'not really',
    'assets/.hidden.txt': SECRET,
    'assets/notes': SECRET,
    'assets/deep/chunk-A1.js': 'deep()',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  await symlink(join(dir.path, 'secret.txt'), join(directory, 'assets', 'link.txt'));
  await symlink(dir.path, join(directory, 'assets', 'out'));
  server = await startApp({ dashboardDirectory: directory });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly origin?: string;
}

/** As it stands: `fetch` would unpack it, and mend the path. */
function ask({ path = '/', method = 'GET', headers = {}, origin = server.origin }: Ask = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('what is served', () => {
  test('the page, to be asked for anew each time, under a strict policy', async () => {
    const { status, headers, body } = await ask();
    expect([status, body.toString()]).toEqual([200, PAGE]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      vary: 'accept-encoding',
    });
  });

  test.each([
    ['/assets/index-A1.js', 'text/javascript; charset=utf-8'],
    ['/assets/index-A1.css', 'text/css; charset=utf-8'],
    ['/assets/drum-A1.png', 'image/png'],
    ['/assets/deep/chunk-A1.js', 'text/javascript; charset=utf-8'],
  ])('%s, to be kept for good', async (path, type) => {
    for (const asked of [path, `${path}?v=1`]) {
      const { status, headers } = await ask({ path: asked });
      expect([status, headers['content-type'], headers['cache-control'], headers['x-content-type-options']]).toEqual([
        200,
        type,
        'public, max-age=31536000, immutable',
        'nosniff',
      ]);
    }
  });

  test('the mark as an icon', async () => {
    const { status, headers, body } = await ask({ path: '/favicon.svg' });
    expect([status, headers['content-type']]).toEqual([200, 'image/svg+xml']);
    expect(body.toString()).toContain('<svg');
  });

  test('HEAD tells the same as GET, without the body', async () => {
    for (const path of ['/', '/assets/index-A1.js', '/dashboard.json']) {
      const [got, head] = [await ask({ path }), await ask({ path, method: 'HEAD' })];
      expect(head.body.length).toBe(0);
      expect({ ...head.headers, date: '' }).toEqual({ ...got.headers, date: '' });
    }
  });

  test.each(['/', '/assets/index-A1.js', '/dashboard.json'])('nothing can be sent to %s', async (path) => {
    const { status, headers } = await ask({ path, method: 'POST' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

describe('compressed for those who take it so', () => {
  const UNPACK = { br: brotliDecompressSync, gzip: gunzipSync, identity: (body: Buffer) => body };
  test.each<[string, 'br' | 'gzip' | undefined]>([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0, gzip;q=0.1', 'gzip'],
    ['br;q=0, gzip;q=0', undefined],
    ['deflate', undefined],
    ['vibrant', undefined],
    ['', undefined],
  ])('who accepts `%s` gets %s', async (accept, encoding) => {
    const { headers, body } = await ask({ path: '/assets/index-A1.js', headers: { 'accept-encoding': accept } });
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['content-length']).toBe(String(body.length));
    expect(UNPACK[encoding ?? 'identity'](body).toString()).toBe(SCRIPT);
    expect(body.length < SCRIPT.length / 10).toBe(encoding !== undefined);
  });

  test('a picture is not compressed again', async () => {
    const { headers } = await ask({ path: '/assets/drum-A1.png', headers: { 'accept-encoding': 'br' } });
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, undefined]);
  });
});

describe('asked anew', () => {
  const etagFor = async (encoding: string): Promise<string> =>
    String((await ask({ headers: { 'accept-encoding': encoding } })).headers.etag);

  test('what has not changed is not sent again, in whatever way its validator is told', async () => {
    const etag = await etagFor('br');
    for (const told of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, headers, body } = await ask({ headers: { 'accept-encoding': 'br', 'if-none-match': told } });
      expect([status, headers.etag, headers['cache-control'], body.length]).toEqual([304, etag, 'no-cache', 0]);
    }
    for (const told of ['"other"', await etagFor('gzip'), await etagFor('identity')]) {
      expect((await ask({ headers: { 'accept-encoding': 'br', 'if-none-match': told } })).status).toBe(200);
    }
  });

  test('a new page of the same size and time is a new page, and comes without a restart', async () => {
    await using own = await openTempDir();
    await using there = await startApp({ dashboardDirectory: own.path });
    const { origin } = there;
    const told: (string | undefined)[] = [];
    for (const content of ['index-A1.js', 'index-B2.js']) {
      const made = join(own.path, 'made.html');
      await writeFile(made, content);
      await utimes(made, 0, 0);
      await rename(made, join(own.path, 'index.html'));
      const { headers, body } = await ask({ origin });
      expect(body.toString()).toBe(content);
      told.push(headers.etag);
    }
    expect(new Set(told).size).toBe(2);
    await rm(join(own.path, 'index.html'));
    expect((await ask({ origin })).body.toString()).toContain('npm run build');
  });
});

describe('what is never served', () => {
  test.each([
    '/assets/',
    '/assets',
    '/assets/deep',
    '/assets/nothing.js',
    '/assets/index-A1.js/',
    '/assets//index-A1.js',
    '/index.html',
    '/other.html',
    '/assets/notes',
    '/assets/.hidden.txt',
    '/.git/config.txt',
    '/assets/link.txt',
    '/assets/out/secret.txt',
    '/assets/../../secret.txt',
    '/assets/../other.html',
    '/assets/deep/../index-A1.js',
    '/../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/%2E%2E%2F%2E%2E%2Fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%252e%252e/secret.txt',
    '/assets/..\\..\\secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/assets/index-A1.js%00.txt',
    '/assets/index-A1%2Ejs',
    '/assets/%ff',
    '/assets/C:/secret.txt',
    '/assets///etc/passwd',
    '//assets/index-A1.js',
    `/assets/${'a'.repeat(5_000)}.js`,
  ])('%s', async (path) => {
    const { status, body } = await ask({ path });
    expect([status, body.toString()]).toEqual([404, 'Not Found\n']);
  });

  test.each(['/assets/index-A1.js\0', '/assets/\u0001', '/assets/ä'])(
    '%j, as no client would send it',
    async (path) => {
      const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
      socket.end(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 (400|404) /);
    },
  );

  test('a name of another host gets nothing', async () => {
    for (const path of ['/', '/assets/index-A1.js', '/dashboard.json', '/favicon.svg']) {
      expect((await ask({ path, headers: { host: 'evil.example' } })).status).toBe(403);
    }
  });
});

describe('what the page is told of the server', () => {
  const factsOf = async (origin: string): Promise<unknown> => {
    const { headers, body } = await ask({ path: '/dashboard.json', origin });
    expect([headers['content-type'], headers['cache-control'], headers['access-control-allow-origin']]).toEqual([
      'application/json; charset=utf-8',
      'no-store',
      undefined,
    ]);
    return JSON.parse(body.toString());
  };

  test('whether there is GraphiQL, whether it asks who calls, and nothing else: no version, for one', async () => {
    expect(await factsOf(server.origin)).toEqual({ graphiql: true, auth: false });
    await using strict = await startApp({ settings: { production: 'true', authSecret: 'x'.repeat(32) } });
    expect(await factsOf(strict.origin)).toEqual({ graphiql: false, auth: true });
  });
});

test('a checkout that was not built says so, how to build it, and what else there is', async () => {
  await using own = await openTempDir();
  await using there = await startApp({ dashboardDirectory: join(own.path, 'none') });
  const { status, headers, body } = await ask({ origin: there.origin });
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([
    200,
    'text/html; charset=utf-8',
    'no-store',
  ]);
  for (const part of ['npm run build', 'href="./graphql"', 'href="./healthz"', 'href="./readyz"']) {
    expect(body.toString()).toContain(part);
  }
});

test('switched off there is nothing at its addresses, and the rest is as before', async () => {
  await using off = await startApp({ dashboardDirectory: directory, settings: { dashboard: 'false' } });
  for (const path of ['/', '/assets/index-A1.js', '/dashboard.json', '/favicon.svg']) {
    expect((await ask({ path, origin: off.origin })).status).toBe(404);
  }
  expect((await off.post('{ __typename }')).status).toBe(200);
});

test('below a prefix of another server it is the same', async () => {
  const mount = server.app.mount('/drumline');
  const other = createServer((request, response) => {
    if (!mount.request(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;
  try {
    expect((await ask({ origin, path: '/drumline' })).headers.location).toBe('/drumline/');
    const asked = await ask({ origin, path: '/drumline?task=a%2Fb&at=3' });
    expect([asked.status, asked.headers.location]).toEqual([308, '/drumline/?task=a%2Fb&at=3']);
    expect((await ask({ origin, path: '/drumline/?task=a' })).body.toString()).toBe(PAGE);
    expect((await ask({ origin, path: '/drumline/' })).body.toString()).toBe(PAGE);
    expect((await ask({ origin, path: '/drumline/assets/index-A1.js' })).body.toString()).toBe(SCRIPT);
    expect((await ask({ origin, path: '/drumline/dashboard.json' })).status).toBe(200);
    expect((await ask({ origin, path: '/assets/index-A1.js' })).status).toBe(418);
  } finally {
    other.closeAllConnections();
    other.close();
  }
});
