/** One subscription on one connection that may be there only by half. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
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
