/** Subscriptions over server-sent events, when the server or the way to it misbehaves. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createSseTransport, type SseOptions } from '../../src/client/sse.ts';
import { openSubscription, type Subscription } from '../../src/client/subscription.ts';

const HEAD = { 'content-type': 'text/event-stream' } as const;
const NEXT = `event: next\ndata: {"data":{"n":1}}\n\n`;

interface Stream extends AsyncDisposable {
  readonly subscription: Subscription;
}

/** One subscription at a server that answers as told. */
async function openStream(
  answer: (response: ServerResponse) => void,
  options: Omit<SseOptions, 'url'> = {},
): Promise<Stream> {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;
  const transport = createSseTransport({ url: `http://127.0.0.1:${port}/graphql`, ...options });
  const subscription = openSubscription({
    transport,
    request: { query: '', variables: {} },
    signal: new AbortController().signal,
    onConnected: () => {},
  });
  return {
    subscription,
    async [Symbol.asyncDispose]() {
      transport[Symbol.dispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a stream over server-sent events', () => {
  test('is complete when the server says so', async () => {
    await using stream = await openStream((response) => {
      response.writeHead(200, HEAD).write(`: hello\n\n${NEXT}event: complete\ndata:\n\n`);
    });
    expect(await stream.subscription.next()).toEqual({ result: { data: { n: 1 } } });
    expect(await stream.subscription.next()).toEqual({ end: 'completed' });
  });

  test.each([
    ['that ends without a word', (response: ServerResponse) => response.end()],
    ['that is cut', (response: ServerResponse) => response.destroy()],
    ['that is cut in an event', (response: ServerResponse) => response.end('event: next\ndata: {"da')],
    ['with an event that is no JSON', (response: ServerResponse) => response.write('event: next\ndata: {"da\n\n')],
  ])('%s is broken, after what came whole', async (_name, end) => {
    await using stream = await openStream((response) => {
      response.writeHead(200, HEAD).write(NEXT, () => end(response));
    });
    expect(await stream.subscription.next()).toEqual({ result: { data: { n: 1 } } });
    await expect(stream.subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED', status: undefined });
  });

  test('is lost when not even heartbeats come', async () => {
    await using stream = await openStream((response) => response.writeHead(200, HEAD).write(NEXT), { silenceMs: 30 });
    expect(await stream.subscription.next()).toEqual({ result: { data: { n: 1 } } });
    await expect(stream.subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('is given up when no answer comes within `connectTimeoutMs`', async () => {
    await using stream = await openStream(() => {}, { connectTimeoutMs: 30 });
    await expect(stream.subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('that the server refuses fails with its code', async () => {
    await using stream = await openStream((response) => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"errors":[{"message":"Who?","extensions":{"code":"UNAUTHENTICATED"}}]}');
    });
    await expect(stream.subscription.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('whose caller could not be looked up is not refused: it may be tried again', async () => {
    await using stream = await openStream((response) => {
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '2' });
      response.end('{"errors":[{"message":"Who?","extensions":{"code":"UNAUTHENTICATED"}}]}');
    });
    const retry = { code: 'CONNECTION_FAILED', status: 503, retryAfterMs: 2_000 };
    await expect(stream.subscription.next()).rejects.toMatchObject(retry);
  });

  test('whose headers never come is given up', async () => {
    const headers = async (): Promise<Record<string, string>> => new Promise(() => {});
    await using stream = await openStream(() => {}, { headers, connectTimeoutMs: 30 });
    await expect(stream.subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test.each([
    [502, 'text/html', '<h1>Bad gateway</h1>'],
    [200, 'text/html', '<h1>Welcome</h1>'],
    [404, 'application/json', '[]'],
  ])('in whose place comes %d %s is no stream of ours', async (status, type, body) => {
    await using stream = await openStream((response) => response.writeHead(status, { 'content-type': type }).end(body));
    await expect(stream.subscription.next()).rejects.toMatchObject({ code: 'CONNECTION_FAILED', status });
  });
});
