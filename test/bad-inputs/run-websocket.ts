/**
 * Sends a row's messages over a WebSocket, or its bytes past every client, and says what came back: the status where
 * the upgrade was refused, the answers, and whether the socket was closed.
 */
import type { TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import { openWsClient, type WsClient, type WsOptions } from '../support/ws-client.ts';
import type { Outcome } from './row.ts';
import { portOf } from './run-http.ts';
import { codesIn, exchange, requestBytes, type HeaderLines } from './wire.ts';
import type { World } from './world.ts';

export interface MessagesSent {
  /** The payload of `connection_init`. Left out: there is none; null: it is not said at all. */
  readonly init?: object | null;
  readonly messages: readonly (string | Uint8Array)[];
  /** So many answers come. Left out: the socket is closed. */
  readonly answers?: number;
  /** Sockets that are open before, by what they say at the beginning. */
  readonly others?: readonly object[];
}

/** The handshake and what follows it, byte by byte. */
export interface BytesSent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: HeaderLines;
  readonly protocols?: HeaderLines;
  readonly key?: HeaderLines;
  readonly frame?: Uint8Array;
}

export type SocketSent = MessagesSent | BytesSent;

export function runSocket(sent: SocketSent, server: TestApp, world: World): Promise<Outcome> {
  return 'messages' in sent ? runMessages(sent, server, world) : runBytes(sent, server);
}

async function runMessages(sent: MessagesSent, server: TestApp, world: World): Promise<Outcome> {
  const { init, messages, answers = Infinity, others = [] } = sent;
  const saying = (payload: object | null | undefined): WsOptions =>
    payload == null ? {} : { params: JSON.parse(world.fill(JSON.stringify(payload))) as unknown };
  await using stack = new AsyncDisposableStack();
  for (const other of others) stack.use(await server.ws(saying(other)));
  const client = stack.use(await openWsClient(server.origin, saying(init)));
  if (init !== null) await client.init();
  for (const message of messages) client.send(typeof message === 'string' ? world.fill(message) : message);
  const ended = await Promise.race([client.closed(10_000), told(client, answers)]);
  const said = client.unread.map(describeMessage);
  const end = ended === undefined ? await afterwards(client) : `close ${ended.code}`;
  return { got: [...said.slice(0, answers), end].join(', '), seen: JSON.stringify([client.unread, ended]) };
}

/** @returns once so many messages came; never, when the socket is closed before. */
async function told(client: WsClient, answers: number): Promise<undefined> {
  if (answers === Infinity) return new Promise(() => undefined);
  await waitFor(() => client.unread.length >= answers, { withinMs: 10_000, what: () => `${answers} answers` });
  return undefined;
}

async function afterwards(client: WsClient): Promise<string> {
  client.send({ type: 'ping', payload: { after: true } });
  const isAnswered = (): boolean => client.unread.some(({ payload }) => JSON.stringify(payload) === '{"after":true}');
  const isStaying = waitFor(isAnswered, { withinMs: 5_000, what: 'the socket to go on' }).then(() => 'socket stays');
  return Promise.race([isStaying, client.closed(10_000).then(({ code }) => `close ${code}`)]);
}

function describeMessage({ type, payload }: { readonly type: string; readonly payload?: unknown }): string {
  return [type, ...codesIn(JSON.stringify(payload) ?? '')].join(' ');
}

const KEY: HeaderLines = [['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==']];
const PROTOCOL: HeaderLines = [['sec-websocket-protocol', 'graphql-transport-ws']];
const UPGRADE: HeaderLines = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
];

async function runBytes(sent: BytesSent, server: TestApp): Promise<Outcome> {
  const { headers = [], protocols = PROTOCOL, key = KEY, frame, ...line } = sent;
  const request = requestBytes({ ...line, headers: [...UPGRADE, ...key, ...protocols, ...headers] });
  const bytes = frame === undefined ? request : Buffer.concat([request, frame]);
  const received = await exchange(portOf(server), bytes, (so) => closeCodeIn(so) !== undefined);
  const [head = ''] = received.toString('latin1').split('\r\n\r\n');
  const status = / (\d{3}) /.exec(head)?.[1];
  if (status !== '101') return { got: `HTTP ${status}`, seen: received.toString() };
  const extension = /sec-websocket-extensions/i.test(head) ? ['an extension'] : [];
  const code = closeCodeIn(received);
  return {
    got: [...extension, code === undefined ? 'no close' : `close ${code}`].join(', '),
    seen: received.toString(),
  };
}

/** Of the first frame after the handshake, where that is a close. */
function closeCodeIn(received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  const frame = received.subarray(end + 4);
  return end !== -1 && frame[0] === 0x88 && frame.length >= 4 ? frame.readUInt16BE(2) : undefined;
}
