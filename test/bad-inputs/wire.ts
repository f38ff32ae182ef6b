/** One connection, byte by byte: HTTP clients correct what these tests have to send wrong. */
import net from 'node:net';
import { settlesWithin } from '../support/wait-for.ts';

/** A header may come twice, and be wrong. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface HttpSent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: HeaderLines;
  readonly body?: string | Uint8Array;
  /** In the place of all that: the request as it is written. */
  readonly raw?: string;
  /** So many of them in a row, of which the last is judged. */
  readonly times?: number;
}

const WITHIN_MS = 25_000;

/** @returns all that came until the connection was closed, or until it is enough; bytes as characters of Latin-1. */
export async function exchange(
  port: number,
  bytes: Uint8Array,
  isEnough: (received: Buffer) => boolean = () => false,
): Promise<Buffer> {
  const socket = net.connect(port, '127.0.0.1');
  let received: Buffer = Buffer.alloc(0);
  const over = Promise.withResolvers<void>();
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (isEnough(received)) over.resolve();
  });
  // A server that refuses a body closes the connection while it is still being sent.
  socket.on('error', () => over.resolve());
  socket.on('close', () => over.resolve());
  try {
    socket.write(bytes);
    await settlesWithin(over.promise, { withinMs: WITHIN_MS, what: 'the end of the answer' });
    return received;
  } finally {
    socket.destroy();
  }
}

export function requestBytes({ method = 'GET', path = '/graphql', headers = [], body = '', raw }: HttpSent): Buffer {
  if (raw !== undefined) return Buffer.from(raw, 'latin1');
  const content = Buffer.from(body);
  const isNamed = (name: string): boolean => headers.some(([other]) => other.toLowerCase() === name);
  const isMeasured = isNamed('content-length') || isNamed('transfer-encoding') || (method === 'GET' && body === '');
  const lines: HeaderLines = [
    ...(isNamed('host') ? [] : ([['host', 'localhost']] as const)),
    ...(isNamed('connection') ? [] : ([['connection', 'close']] as const)),
    ...headers,
    ...(isMeasured ? [] : ([['content-length', String(content.length)]] as const)),
  ];
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), content]);
}

export interface HttpReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The last answer of what was received; undefined when there is none. */
export function lastReply(received: Buffer): HttpReply | undefined {
  const text = received.toString();
  const begin = text.lastIndexOf('HTTP/1.1 ');
  if (begin === -1) return undefined;
  const [head = '', ...rest] = text.slice(begin).split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((header): [string, string] => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
  });
  return { status: Number(line.split(' ')[1]), headers: new Map(headers), body: rest.join('\r\n\r\n') };
}

/** The codes of all errors that a text of JSON, or with JSON in it, names. */
export function codesIn(text: string): readonly string[] {
  return [...new Set(Array.from(text.matchAll(/"code":"([A-Z_]+)"/g), ([, code = '']) => code))];
}
