/** Plain answers and their readers: who leaves is no error of ours, who takes nothing is not kept, who waits is. */
import net from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Authenticate } from '../../src/server/auth.ts';
import { startApp, TASK, type TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import { breakLog } from './faults.ts';

const STALL_MS = 400;
const CANARY = 'canary-31d0';
const EVENTS = `{ taskEvents(taskId: "${TASK}", first: 500) { nodes { message details } } }`;

interface Line {
  readonly level: string;
  readonly message: string;
}

let server: TestApp;
let lines: Line[] = [];
let callers: net.Socket[] = [];
beforeAll(async () => {
  const note =
    (level: string) =>
    (_facts: object, message: string): void =>
      void lines.push({ level, message });
  const logger = { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
  const authenticate: Authenticate = async (request) => void callers.push(request.socket);
  server = await startApp({ logger, authenticate, settings: { stallMs: String(STALL_MS) } });
  await server.emit();
});
beforeEach(() => {
  lines = [];
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A connection, and the bytes that it is to send. */
async function connect(stack: AsyncDisposableStack, text: string): Promise<net.Socket> {
  const { hostname: host, port } = new URL(server.origin);
  const socket = net.connect({ port: Number(port), host });
  stack.defer(() => void socket.destroy());
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.write(text, () => resolve()));
  return socket;
}

function post(query: string, { contentLength = 0, headers = '' } = {}): string {
  const body = JSON.stringify({ query });
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}`;
  return `${head}content-length: ${contentLength || body.length}\r\n\r\n${body}`;
}

describe('a client that leaves', () => {
  test.each(['application/json', 'text/event-stream'])(
    'in the middle of its body is no error of the server (%s)',
    async (accept) => {
      await using stack = new AsyncDisposableStack();
      const socket = await connect(stack, post('{', { contentLength: 5_000, headers: `accept: ${accept}\r\n` }));
      await server.post('{ __typename }');
      socket.resetAndDestroy();
      await waitFor(() => socket.closed, { withinMs: 2_000, what: 'the connection to be closed' });
      for (let round = 0; round < 5; round += 1) await server.post('{ __typename }');
      expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
    },
  );
});

test('what goes wrong around GraphQL is 500, and nothing of the cause is told', async () => {
  // After our own checks, so that the adapter under Yoga finds an address that is none.
  const authenticate: Authenticate = async (request) => void (request.headers.host = `[${CANARY}`);
  await using broken = await startApp({ authenticate });
  const response = await fetch(`${broken.graphqlUrl}?query=%7B__typename%7D`);
  expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error\n']);
});

describe('an answer', () => {
  /** What every event says from now on. */
  function sayingDetails(stack: AsyncDisposableStack, text: string, gate?: Promise<void>): void {
    const { read } = server.app.log;
    const repair = breakLog(server, {
      async read(...args) {
        await gate;
        return (await read(...args)).map((event) => ({ ...event, details: { text } }));
      },
    });
    stack.defer(repair);
  }

  test('that its reader does not take is given up after stallMs, and one that is taken is whole', async () => {
    await using stack = new AsyncDisposableStack();
    // More than the buffers of any system keep.
    const text = 'x'.repeat(48 * 1024 * 1024);
    sayingDetails(stack, text);
    callers = [];
    const socket = await connect(stack, '');
    socket.pause();
    socket.write(post(EVENTS));
    await waitFor(() => callers[0]?.destroyed, { withinMs: 10_000, what: 'the connection to be cut' });

    const answer = await server.post(EVENTS);
    expect(JSON.stringify(answer).length).toBeGreaterThan(text.length);
  }, 20_000);

  test('that takes longer than stallMs to be found is waited for, also by what was asked after it', async () => {
    await using stack = new AsyncDisposableStack();
    const gate = Promise.withResolvers<void>();
    sayingDetails(stack, 'late', gate.promise);
    const socket = await connect(stack, '');
    let received = '';
    socket.on('data', (data) => (received += String(data)));
    socket.write(`${post(EVENTS)}${post('{ __typename }')}`);
    // Time is what is tested here.
    await pass(4 * STALL_MS);
    gate.resolve();
    const isWhole = (): boolean => received.includes('"late"') && received.includes('"__typename"');
    await waitFor(isWhole, { withinMs: 2_000, what: () => `two answers, not ${received}` });
  });
});
