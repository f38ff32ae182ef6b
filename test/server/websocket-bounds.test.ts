/** What one peer or one result can cost: its own operation or its own socket, and never more memory than a bound. */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/domain/values.ts';
import type { Authenticate } from '../../src/server/auth.ts';
import { codesOf, startApp, TASK, type AnswerError, type TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import { openWsClient } from '../support/ws-client.ts';
import { breakLog } from './faults.ts';

const CANARY = 'canary-90aa';
const MIB = 1024 * 1024;

let server: TestApp;
const peers: Socket[] = [];
beforeAll(async () => {
  const authenticate: Authenticate = async (request) => void peers.push(request.socket);
  server = await startApp({ authenticate });
  await server.emit();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test.each([
  ['an answer', `{ taskEvents(taskId: "${TASK}") { nodes { details } } }`],
  [
    'an item of a stream',
    `subscription { taskUpdates(taskId: "${TASK}", replay: true) { ... on TaskEventRecorded { event { details } } } }`,
  ],
])('%s that cannot be written as JSON is a masked `error` of its id, and the socket stays', async (_what, query) => {
  await using stack = new AsyncDisposableStack();
  const { read } = server.app.log;
  const poison = { toJSON: (): never => refuse() } as unknown as JsonObject;
  const repair = breakLog(server, {
    read: async (...args) => (await read(...args)).map((event) => ({ ...event, details: poison })),
  });
  stack.defer(repair);
  const client = stack.use(await server.ws());
  client.subscribe('1', query);
  const errors = await client.nextOf<readonly AnswerError[]>('1', 'error');
  expect([codesOf({ errors }), JSON.stringify(errors).includes(CANARY)]).toEqual([['INTERNAL_SERVER_ERROR'], false]);
  client.subscribe('1', '{ __typename }');
  expect(await client.nextOf('1')).toEqual({ data: { __typename: 'Query' } });
});

function refuse(): never {
  throw new Error(CANARY);
}

test('of a peer that sends and does not read no more is read, and all that it sent is answered once it reads', async () => {
  await using flooding = await server.ws();
  await using other = await server.ws();
  const [connection] = peers.slice(-2);
  flooding.socket.pause();
  const payload = { text: 'x'.repeat(64 * 1024) };
  const pings = 768;
  for (let sent = 0; sent < pings; sent += 1) flooding.send({ type: 'ping', payload });
  await waitFor(() => connection !== undefined && connection.isPaused() && connection.writableLength > MIB, {
    withinMs: 5_000,
    what: () => `the server to read no more of it, holding ${connection?.writableLength} bytes`,
  });
  for (let round = 0; round < 100; round += 1) {
    other.send({ type: 'ping' });
    await other.next();
    expect(connection?.writableLength).toBeLessThan(3 * MIB);
  }
  expect(flooding.socket.bufferedAmount).toBeGreaterThan(MIB);
  flooding.socket.resume();
  await waitFor(() => flooding.unread.length === pings, {
    withinMs: 10_000,
    what: () => `${pings} pongs, not ${flooding.unread.length}`,
  });
}, 20_000);

test('before the acknowledgement each message may be large, however many there are; afterwards larger', async () => {
  await using client = await openWsClient(server.origin);
  const large = { text: 'x'.repeat(65_000) };
  for (let count = 0; count < 20; count += 1) client.send({ type: 'ping', payload: large });
  client.send({ type: 'connection_init', payload: large });
  for (let count = 0; count < 20; count += 1) expect((await client.next()).type).toBe('pong');
  expect((await client.next()).type).toBe('connection_ack');
  client.send({ type: 'ping', payload: { text: 'x'.repeat(MIB) } });
  expect((await client.next()).type).toBe('pong');
});
