/** One subscription on one connection that may be there only by half. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { TaskUpdatesDocument } from '../../src/client/generated/graphql.ts';
import { openSubscription } from '../../src/client/subscription.ts';
import { createWebSocketTransport } from '../../src/client/websocket.ts';
import { waitFor } from '../support/wait-for.ts';
import { openScriptedServer } from './scripted-server.ts';
import { recorded } from './updates.ts';

const COMMON = {
  request: { query: TaskUpdatesDocument.toString(), variables: { taskId: 't' } },
  signal: new AbortController().signal,
  onConnected: () => {},
} as const;

test('a server that stops answering is given up within ping and pong time', async () => {
  await using server = await openScriptedServer(() => {}, { answersPings: false });
  using transport = createWebSocketTransport({ url: server.url, pingMs: 20, pongTimeoutMs: 20 });
  using subscription = openSubscription({ ...COMMON, transport });
  await expect(subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('a server that answers keeps its silent connection', async () => {
  await using server = await openScriptedServer((asked) => {
    void asked.pings(3).then(() => asked.next({ taskUpdates: recorded(1) }));
  });
  using transport = createWebSocketTransport({ url: server.url, pingMs: 10, pongTimeoutMs: 2_000 });
  using subscription = openSubscription({ ...COMMON, transport });
  expect(await subscription.next()).toMatchObject({ result: { data: { taskUpdates: { cursor: 'c1' } } } });
});

test('a port that accepts and says nothing is given up within `connectTimeoutMs`', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never the path of a pipe.
  const { port } = silent.address() as AddressInfo;
  using transport = createWebSocketTransport({ url: `http://127.0.0.1:${port}/`, connectTimeoutMs: 30 });
  using subscription = openSubscription({ ...COMMON, transport });
  await expect(subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  silent.close();
});

test('results beyond `maxBuffered` end the stream as paused, after all that was buffered', async () => {
  await using server = await openScriptedServer((asked) => {
    for (let sequence = 1; sequence <= 10; sequence += 1) asked.next({ taskUpdates: recorded(sequence) });
  });
  using transport = createWebSocketTransport({ url: server.url });
  using subscription = openSubscription({ ...COMMON, transport, maxBuffered: 3 });
  // It ends when the third comes: the connection closes while nothing was read.
  await waitFor(() => server.asked.length === 1 && server.openConnections() === 0, {
    withinMs: 5_000,
    what: 'the connection to close',
  });
  for (const cursor of ['c1', 'c2', 'c3']) {
    expect(await subscription.next()).toMatchObject({ result: { data: { taskUpdates: { cursor } } } });
  }
  expect(await subscription.next()).toEqual({ end: 'paused' });
});

test('who leaves and comes again in one turn keeps the connection, and hears that it is there', async () => {
  await using server = await openScriptedServer((asked) => {
    if (asked.variables['taskId'] === 'first') asked.next({ taskUpdates: recorded(1) });
  });
  using transport = createWebSocketTransport({ url: server.url, connectTimeoutMs: 300 });
  const query = TaskUpdatesDocument.toString();
  const first = openSubscription({ ...COMMON, transport, request: { query, variables: { taskId: 'first' } } });
  await first.next();
  first[Symbol.dispose]();
  const connected = Promise.withResolvers<void>();
  const request = { query, variables: { taskId: 'second' } };
  using second = openSubscription({ ...COMMON, transport, request, onConnected: connected.resolve });
  await connected.promise;
  await waitFor(() => server.asked.length === 2, { withinMs: 5_000, what: 'the second subscription' });
  // Longer than a connection may take: it is no new one that would have to be acknowledged.
  expect(await settlesFirst(second.next(), 600)).toBe('silent');
  expect(server.asked.map(({ connection }) => connection)).toEqual([1, 1]);
});

test('a connection that closes normally before it was acknowledged is a failed try, and not tried for ever', async () => {
  await using stranger = await openStranger();
  using transport = createWebSocketTransport({ url: stranger.url });
  using subscription = openSubscription({ ...COMMON, transport });
  await expect(subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  expect(stranger.sockets()).toBe(1);
});

/** Which of the two comes first: an answer, or so much silence. */
async function settlesFirst(answer: Promise<unknown>, silenceMs: number): Promise<unknown> {
  const silence = Promise.withResolvers<string>();
  const timer = setTimeout(() => silence.resolve('silent'), silenceMs);
  try {
    return await Promise.race([answer, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface Stranger extends AsyncDisposable {
  readonly url: string;
  sockets(): number;
}

/** Takes WebSockets, and closes them politely. */
async function openStranger(): Promise<Stranger> {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
  let count = 0;
  sockets.on('connection', (socket) => {
    count += 1;
    socket.close(1000);
  });
  await new Promise<void>((resolve) => sockets.once('listening', () => resolve()));
  // A TCP server's address is never the path of a pipe.
  const { port } = sockets.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    sockets: () => count,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}
