/** `drumline serve` and `main.ts` as real processes: the ready line, the signals, the exit codes. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openSubscription } from '../../src/client/subscription.ts';
import { TaskUpdatesDocument } from '../../src/client/generated/graphql.ts';
import { startServer } from '../support/server-process.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin } from '../support/wait-for.ts';

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

function serve(...args: readonly string[]): Promise<Ended> {
  return run([MAIN, 'serve', '--port', '0', '--store', 'memory:', ...args]);
}

test('prints one line when it is ready; logs are JSON lines on standard error', async () => {
  await using server = await startServer({ store: 'memory:' });
  await server.sigterm();
  expect(server.stdout).toEqual([`drumline listening on ${server.origin}`]);
  for (const line of server.stderr)
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
});

describe('a wrong setting ends it with 78, in one line that names it, in under two seconds', () => {
  const OTHERWISE_FINE = ['--port', '0', '--store', 'memory:'] as const;
  test.each([
    ['--port', 'abc'],
    ['--port', '70000'],
    ['--store', 'postgres://root:hunter2@db/x'],
    ['--store', 'sqlite:/nowhere/at/all.db'],
    ['--store', 'sqlite:/'],
    ['--max-body-bytes', '10GB'],
    ['--host', '203.0.113.7'],
  ])('%s %s', async (flag, value) => {
    const { code, stdout, stderr, tookMs } = await run([MAIN, 'serve', ...OTHERWISE_FINE, flag, value]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^drumline: [^\\n]*${flag}[^\\n]*\\n$`));
    expect(stderr).not.toContain('hunter2');
    expect(tookMs).toBeLessThan(2_000);
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
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: it drains, tells its watchers to come back (1012), and exits 0',
    async (signal) => {
      await using server = await startServer({ store: 'memory:' });
      const connected = Promise.withResolvers<void>();
      using watching = openSubscription({
        url: server.graphqlUrl,
        document: TaskUpdatesDocument,
        variables: { taskId: 't' },
        signal: new AbortController().signal,
        onConnected: connected.resolve,
      });
      const next = watching.next();
      await connected.promise;
      process.kill(server.pid, signal);
      await expect(next).rejects.toMatchObject({ status: 1012 });
      expect(await server.exited()).toMatchObject({ code: 0 });
    },
  );
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
