/** Asks for an event stream as a browser does, and says what came first: a status, an item, or an error. */
import type { TestApp } from '../support/app.ts';
import type { SseClient } from '../support/sse-client.ts';
import type { Outcome } from './row.ts';
import { describeReply, fillRequest, portOf } from './run-http.ts';
import { codesIn, exchange, lastReply, requestBytes, type HeaderLines } from './wire.ts';
import type { World } from './world.ts';

export interface StreamSent {
  readonly query: string;
  /** Beside `Accept`. */
  readonly headers?: HeaderLines;
  readonly token?: string;
  /** Streams that are open before, with the headers of this one. */
  readonly others?: number;
}

export async function runStream(sent: StreamSent, server: TestApp, world: World): Promise<Outcome> {
  const { query, headers = [], token, others = 0 } = sent;
  const parameters = new URLSearchParams({ query: world.fill(query), ...(token === undefined ? {} : { token }) });
  const path = `/graphql?${parameters}`.replace('%24', '$');
  const request = fillRequest({ path, headers: [['accept', 'text/event-stream'], ...headers] }, world);
  await using stack = new AsyncDisposableStack();
  for (let count = 0; count < others; count += 1) stack.use(await openOther(server, query, request.headers ?? []));
  const received = await exchange(portOf(server), requestBytes(request), hasItem);
  const reply = lastReply(received);
  return { got: reply?.status === 200 ? itemOf(reply.body) : describeReply(reply), seen: received.toString() };
}

async function openOther(server: TestApp, query: string, headers: HeaderLines): Promise<SseClient> {
  const stream = await server.sse({ query, headers: Object.fromEntries(headers) });
  if (stream.status !== 200) throw new Error(`The other stream was refused: ${stream.status}`);
  return stream;
}

function hasItem(received: Buffer): boolean {
  return /^event: next\n[^]*?\n\n/m.test(received.toString());
}

function itemOf(body: string): string {
  const codes = codesIn(body);
  if (codes.length > 0) return `200, next ${codes.join(' ')}`;
  const type = /"__typename":"(\w+)"/.exec(body)?.[1];
  const reason = /"reason":"(\w+)"/.exec(body)?.[1];
  return ['200, next', type, reason].filter((part) => part !== undefined).join(' ');
}
