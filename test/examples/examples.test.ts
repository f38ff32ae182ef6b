/** Every example does what it says, run as its reader would run it: as a program, against a real server. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchTask } from '../../src/client/index.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { freePort } from '../support/free-port.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples');
const chromium = systemProgram('chromium', CHROMIUM);
const python = systemProgram('python3', { debian: 'python3' });
const curl = systemProgram('curl', { debian: 'curl' });
const bash = systemProgram('bash', { debian: 'bash' });

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({ store: 'memory:' });
});
afterAll(async () => server[Symbol.asyncDispose]());

describe('a watcher prints where the task stands, then each event, then the end', () => {
  test.each(['graphql-ws.ts', 'apollo.ts', 'urql.ts'])('%s', async (file) => {
    const taskId = `watched-by-${file}`;
    const emitter = createEmitter({ url: server.graphqlUrl });
    await emitter.emitUntilAcknowledged(eventOf(taskId, 1, 'TASK_STARTED'));
    await using example = start(process.execPath, [file, taskId]);
    await example.says(/^TaskSnapshot/);
    await emitter.emitUntilAcknowledged([eventOf(taskId, 2), eventOf(taskId, 3, 'TASK_COMPLETED')]);

    const { code, stdout, stderr } = await example.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] });
    expect(stdout.slice(stdout.findIndex((line) => line.startsWith('TaskSnapshot')))).toEqual([
      'TaskSnapshot: RUNNING (0 %)',
      '2. camina: Step 2 (0 %)',
      '3. camina: Step 3 (100 %)',
      'TaskEnded: COMPLETED (100 %)',
      'complete',
    ]);
  });
});

test('typed-client.ts begins a task, records its events and follows it to the end', async () => {
  await using example = start(process.execPath, ['typed-client.ts', 'typed']);
  const { code, stdout } = await example.ended;
  expect(stdout).toEqual([
    'created',
    'recorded 3 events',
    '1. Off we go',
    '2. Half',
    '3. Done',
    'COMPLETED, 1 component',
  ]);
  expect(code).toBe(0);
});

test('library.ts needs no server', async () => {
  await using example = start(process.execPath, ['library.ts'], 'http://127.0.0.1:1/nobody');
  const { code, stdout } = await example.ended;
  expect(stdout.join('\n')).toContain("camina: { status: 'task_started', progress: 0.1 }");
  expect(code).toBe(0);
});

describe('inside a server of your own', () => {
  test('embed.ts has the whole of it below a path, and the rest is yours', async () => {
    const { port, ask, example: embedded } = await startEmbedded('embed.ts');
    await using example = embedded;
    expect(await ask('/graphql', '{ hello }')).toEqual({ data: { hello: 'your own API' } });
    const origin = `http://127.0.0.1:${port}`;
    expect((await fetch(`${origin}/drumline`)).url).toBe(`${origin}/drumline/`);
    const updates = watchTask({ url: `${origin}/drumline/graphql`, taskId: 'embedded', replay: true });
    expect((await updates.next()).value).toMatchObject({ event: { message: 'From the inside' } });
    await updates.return?.();
    const events = watchTask({ url: `${origin}/drumline/graphql`, taskId: 'embedded', transport: 'sse' });
    expect((await events.next()).value).toMatchObject({ __typename: 'TaskSnapshot' });
    example.stop();
    // It is told to come back; nobody waits for it.
    expect((await example.ended).code).toBe(0);
    await events.return?.();
  });

  test("embed-schema.ts has both APIs' fields, and streams", async () => {
    const { port, ask, example: embedded } = await startEmbedded('embed-schema.ts');
    await using example = embedded;
    expect(await ask('/graphql', '{ hello tasks { nodes { id } } }')).toEqual({
      data: { hello: 'your own API', tasks: { nodes: [] } },
    });
    const url = `http://127.0.0.1:${port}/graphql`;
    await createEmitter({ url }).emitUntilAcknowledged(eventOf('merged', 1, 'TASK_STARTED'));
    const updates = watchTask({ url, taskId: 'merged', replay: true, transport: 'sse' });
    expect((await updates.next()).value).toMatchObject({ event: { message: 'Step 1' } });
    await updates.return?.();
    example.stop();
    expect((await example.ended).code).toBe(0);
  });
});

describe.skipIf(!python.present)('emit.py', () => {
  test('records every event once, though answers are lost and it is run again', async () => {
    await using proxy = await openTcpProxy({ target: { port: server.port } });
    // The first two answers never arrive: one is cut off before its first byte, the other within.
    proxy.onConnection((connection) => {
      if (connection.id <= 2) connection.cutMidFrame({ moreBytes: connection.id === 1 ? 1 : 60 });
    });
    for (const run of ['first', 'second']) {
      await using example = start(python.path, ['emit.py', 'from-python'], `${proxy.origin}/graphql`);
      const { code, stdout } = await example.ended;
      expect({ run, code, stdout }).toEqual({ run, code: 0, stdout: ['from-python: 6 events recorded'] });
    }
    expect(proxy.accepted).toBe(2 + 6 + 6);
    const log = await readTaskLog(server.graphqlUrl, 'from-python');
    expect(log.map(({ eventId }) => eventId)).toEqual([
      'camina-1',
      'survey_drummer-1',
      'survey_drummer-2',
      'survey_drummer-3',
      'camina-2',
      'camina-3',
    ]);
  });

  test('says why an event is refused, and does not try again', async () => {
    await using example = start(python.path, ['emit.py', 'not a task id']);
    const { code, stderr } = await example.ended;
    expect(stderr.join('\n')).toContain('BAD_USER_INPUT');
    expect(stderr.join('\n')).not.toContain('trying again');
    expect(code).toBe(1);
  });
});

describe.skipIf(!curl.present || !bash.present)('curl.sh', () => {
  test('begins, emits, asks and watches, and adds nothing when run again', async () => {
    for (const duplicate of [false, true]) {
      await using example = start(bash.path, ['curl.sh', 'by-hand']);
      const { code, stdout, stderr } = await example.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: [] });
      expect(stdout.slice(0, 4).map((line): unknown => JSON.parse(line))).toEqual([
        { data: { initTask: { created: !duplicate } } },
        { data: { emitEvent: { duplicate, event: { sequence: 1 } } } },
        { data: { emitEvent: { duplicate, event: { sequence: 2 } } } },
        {
          data: {
            task: { title: 'A task by hand', progress: { status: 'COMPLETED', displayProgress: 1, sequence: 2 } },
          },
        },
      ]);
      expect(stdout.filter((line) => line.startsWith('event:'))).toEqual([
        'event: next',
        'event: next',
        'event: next',
        'event: complete',
      ]);
      expect(stdout.filter((line) => /^id: v1\.\d+\.[0-9a-f]{16}\+?$/.test(line))).toHaveLength(3);
    }
  });
});

describe.skipIf(!chromium.present)('event-source.html', () => {
  test('shows a task of a server of another origin, to its end', async () => {
    await using stack = new AsyncDisposableStack();
    const pages = stack.use(await servePage('event-source.html'));
    const remote = stack.use(await startServer({ store: 'memory:', args: ['--allowed-origins', pages.origin] }));
    const browser = stack.use(await openBrowser(chromium));
    const page = await browser.newPage();
    const emitter = createEmitter({ url: remote.graphqlUrl });

    await emitter.emitUntilAcknowledged(eventOf('shown', 1, 'TASK_STARTED'));
    await page.goto(
      `${pages.origin}/event-source.html?${new URLSearchParams({ task: 'shown', server: remote.origin })}`,
    );
    await page.getByText('RUNNING, ANALYSIS').waitFor();
    await emitter.emitUntilAcknowledged([eventOf('shown', 2), eventOf('shown', 3, 'TASK_COMPLETED')]);
    await page.getByText('COMPLETED, ANALYSIS').waitFor();
    expect(await page.locator('h1').textContent()).toBe('shown');
    expect(await page.locator('li').allTextContents()).toEqual(['camina: Step 1', 'camina: Step 2', 'camina: Step 3']);
    expect(await page.locator('progress').getAttribute('value')).toBe('1');
  });
});

function eventOf(taskId: string, step: number, eventType = 'PROGRESS_UPDATE'): EmitInput {
  const message = `Step ${step}`;
  return { eventId: `step-${step}`, taskId, eventType, component: 'camina', stage: 'ANALYSIS', message };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

interface Example extends AsyncDisposable {
  says(line: RegExp): Promise<unknown>;
  /** SIGTERM. */
  stop(): void;
  readonly ended: Promise<Ended>;
}

function start(command: string, args: readonly string[], url = server.graphqlUrl): Example {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const child = spawn(command, args, {
    cwd: EXAMPLES,
    env: { ...process.env, DRUMLINE_URL: url, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  const closed = Promise.withResolvers<number | null>();
  child.once('error', closed.reject);
  child.once('close', closed.resolve);
  const said = (): string => [...stdout, ...stderr].join('\n');
  return {
    says: async (line) =>
      waitFor(() => stdout.some((each) => line.test(each)), { withinMs: 15_000, what: () => `${line} in:\n${said()}` }),
    ended: settlesWithin(closed.promise, {
      withinMs: 20_000,
      what: () => `the end of ${args[0]}; it said:\n${said()}`,
    }).then((code) => ({ code, stdout, stderr })),
    stop: () => void child.kill('SIGTERM'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed.promise;
    },
  };
}

interface Embedded {
  readonly example: Example;
  readonly port: number;
  ask(path: string, query: string): Promise<unknown>;
}

async function startEmbedded(file: string): Promise<Embedded> {
  const port = await freePort();
  const example = start(process.execPath, [file, String(port)]);
  await example.says(/^listening$/);
  return {
    example,
    port,
    async ask(at, query) {
      const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
      const body = JSON.stringify({ query });
      const response = await fetch(`http://127.0.0.1:${port}${at}`, { method: 'POST', headers, body });
      return (await response.json()) as unknown;
    },
  };
}

interface PageServer extends AsyncDisposable {
  readonly origin: string;
}

/** One file, from an origin of its own. */
async function servePage(file: string): Promise<PageServer> {
  const html = await readFile(path.join(EXAMPLES, file));
  const pages = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html));
  const listening = Promise.withResolvers<void>();
  pages.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  // A TCP server's address is never the path of a pipe.
  const { port } = pages.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      pages.close(() => closed.resolve());
      pages.closeAllConnections();
      await closed.promise;
    },
  };
}
