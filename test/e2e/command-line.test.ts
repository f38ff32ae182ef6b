/** `drumline serve` and `main.ts` as real processes: the ready line, the signals, the exit codes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { request } from '../../src/client/index.ts';
import { openSubscription } from '../../src/client/subscription.ts';
import { createWebSocketTransport } from '../../src/client/websocket.ts';
import { InitTaskDocument, TaskUpdatesDocument } from '../../src/client/generated/graphql.ts';
import { startServer } from '../support/server-process.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** Runs to its end. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const since = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    const code = await settlesWithin(
      ended.then((exit) => ({ exit })),
      { withinMs: 20_000, what: `${args.join(' ')} to end` },
    );
    return { code: code.exit, stdout, stderr, tookMs: performance.now() - since };
  } finally {
    child.kill('SIGKILL');
  }
}

function isLogLine(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'level' in value && 'time' in value && 'msg' in value;
}

/** The server has read what came before: it answers in the order in which connections came. */
async function expectAnswer(url: string): Promise<void> {
  expect((await fetch(`${url}?query=%7B__typename%7D`)).status).toBe(200);
}

function serve(...args: readonly string[]): Promise<Ended> {
  return run([MAIN, 'serve', '--port', '0', '--store', 'memory:', ...args]);
}

test('prints one line when it is ready; logs are JSON lines on standard error', async () => {
  await using server = await startServer({ store: 'memory:' });
  await server.sigterm();
  expect(server.stdout).toEqual([`drumline listening on ${server.origin}`]);
  for (const line of server.stderr) expect(JSON.parse(line)).toSatisfy(isLogLine);
});

describe('a wrong setting ends it with 78, in one line that names it, in under two seconds', () => {
  const OTHERWISE_FINE = ['--port', '0', '--store', 'memory:'] as const;
  test.each([
    ['--port', 'abc'],
    ['--port', '70000'],
    ['--store', 'postgres://root:hunter2@db/x'],
    ['--store', 'sqlite:/nowhere/at/all.db'],
    ['--store', 'sqlite:/'],
    ['--bus', 'kafka://root:hunter2@bus'],
    ['--max-body-bytes', '10GB'],
    ['--host', '203.0.113.7'],
  ])('%s %s', async (flag, value) => {
    const { code, stdout, stderr, tookMs } = await run([MAIN, 'serve', ...OTHERWISE_FINE, flag, value]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^drumline: [^\\n]*${flag}[^\\n]*\\n$`));
    expect(stderr).not.toContain('hunter2');
    expect(tookMs).toBeLessThan(10_000);
  });

  test('a variable is named as such', async () => {
    const { code, stderr } = await run([MAIN, 'serve', '--store', 'memory:'], { DRUMLINE_PORT: '-1' });
    expect(code).toBe(78);
    expect(stderr).toMatch(/^drumline: DRUMLINE_PORT [^\n]*\n$/);
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    // A TCP server's address is never the path of a pipe.
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await serve('--port', String(port));
    other.close();
    expect(code).toBe(78);
    expect(stderr).toMatch(new RegExp(`^drumline: --port ${port} [^\\n]*\\n$`));
  });

  test('a store that another server holds', async () => {
    await using directory = await openTempDir();
    await using _first = await startServer({ store: directory.sqliteStore });
    const { code, stderr } = await serve('--store', directory.sqliteStore);
    expect(code).toBe(78);
    expect(stderr).toMatch(/^drumline: --store [^\n]*\n$/);
  });
});

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s: it drains, tells its watchers to come back (1012), and exits 0',
    async (signal) => {
      await using server = await startServer({ store: 'memory:' });
      const { graphqlUrl: url } = server;
      await request({ url, document: InitTaskDocument, variables: { input: { taskId: 't' } } });
      using transport = createWebSocketTransport({ url });
      using watching = openSubscription({
        transport,
        request: { query: TaskUpdatesDocument.toString(), variables: { taskId: 't' } },
        signal: new AbortController().signal,
        onConnected: () => {},
      });
      expect(await watching.next()).toMatchObject({
        result: { data: { taskUpdates: { __typename: 'TaskSnapshot' } } },
      });
      process.kill(server.pid, signal);
      await expect(watching.next()).rejects.toMatchObject({ status: 1012 });
      expect(await server.exited()).toMatchObject({ code: 0 });
    },
  );
});

test('a second signal ends it at once, whatever it still waits for', async () => {
  await using server = await startServer({ store: 'memory:' });
  // A request whose body never comes holds the drain until its deadline.
  const slow = connect(server.port, '127.0.0.1');
  slow.on('error', () => {});
  slow.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n');
  await once(slow, 'connect');
  await expectAnswer(server.graphqlUrl);
  process.kill(server.pid, 'SIGTERM');
  await waitFor(() => server.stderr.some((line) => line.includes('draining')), { withinMs: 5_000, what: 'the drain' });
  const { code, tookMs } = await server.sigterm();
  slow.destroy();
  expect(code).not.toBe(0);
  expect(tookMs).toBeLessThan(1_000);
});

test('an error that nothing caught is logged, and the process ends with 70', async () => {
  // Thrown once the server listens for such errors.
  const bomb = `const timer = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return;
    clearInterval(timer);
    throw new Error('boom');
  }, 50)`;
  const importing = ['--import', `data:text/javascript,${encodeURIComponent(bomb)}`];
  const { code, stderr } = await run([...importing, MAIN, 'serve', '--port', '0', '--store', 'memory:']);
  expect(code).toBe(70);
  const fatal = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number; err?: { message: string } })
    .find(({ level }) => level === 60);
  expect(fatal?.err?.message).toBe('boom');
});

describe('an old Node', () => {
  const HINT = /^drumline needs Node 24\.15[^\n]*\n$/;

  test.each(['18.20.4', '20.19.0', '22.15.0', '24.14.1', '25.9.0'])(
    '%s is told what is needed, and exits 70',
    async (version) => {
      const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
      const { code, stderr } = await run([
        '--import',
        `data:text/javascript,${encodeURIComponent(pretend)}`,
        MAIN,
        '--help',
      ]);
      expect(code).toBe(70);
      expect(stderr).toMatch(HINT);
    },
  );
});

test('a reader of its output that goes away ends a command quietly', async () => {
  const shell = `"${process.execPath}" "${MAIN}" help | head -c 1`;
  const child = spawn('sh', ['-c', shell], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const code = new Promise<{ exit: number | null }>((resolve) => child.once('close', (exit) => resolve({ exit })));
  expect((await settlesWithin(code, { withinMs: 10_000, what: 'the pipe to end' })).exit).toBe(0);
  expect(stderr).toBe('');
});
