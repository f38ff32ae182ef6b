/**
 * What goes out over one event stream: chunks that were made once for all its watchers, straight to the connection
 * below the answer, and words of its own. Both are written in the order in which they come.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Resumable } from '../util/turns.ts';
import { utf8AsLatin1, type Encode, type Encoder } from './frame.ts';
import { WriteWatch } from './heartbeat.ts';
import type { Outlet } from './pump.ts';

export interface SseOutlet extends Outlet, Disposable {
  readonly waitingSince: number | undefined;
  /** Makes of a frame what `write` takes. */
  readonly encoder: Encoder;
  /** Words that no frame holds, without waiting for the reader. */
  say(text: string): void;
  /** Resolves when the last words are handed over, or the reader is gone: until then it may still stall. */
  end(lastWords: string): Promise<void>;
}

export const STREAM_HEADERS = Object.freeze({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Proxies that would hold back what looks small: do not.
  'x-accel-buffering': 'no',
});

/** Begins the answer. Rejects when the connection is gone before its turn came. */
export async function openSseOutlet(response: ServerResponse): Promise<SseOutlet> {
  response.writeHead(200, STREAM_HEADERS);
  response.flushHeaders();
  const connection = response.socket ?? (await connectionOf(response));
  const watch = new WriteWatch();
  const encoder = { shared: response.chunkedEncoding ? encodeChunk : encodePlain, end: '' };
  let waiting: Resumable[] = [];
  let isFull = false;

  function drained(): void {
    if (isFull) watch.finished();
    isFull = false;
    const resumed = waiting;
    waiting = [];
    for (const writer of resumed) writer.resume();
  }
  connection.on('drain', drained);

  function write(bytes: string): boolean {
    if (response.writableEnded || response.destroyed) return false;
    if (connection.write(bytes, 'latin1')) return true;
    if (!isFull) watch.started();
    isFull = true;
    return false;
  }

  return {
    get waitingSince() {
      return watch.waitingSince;
    },
    encoder,
    write,
    whenWritable: (writer) => void waiting.push(writer),
    say: (text) => void write(response.chunkedEncoding ? toChunk(utf8AsLatin1(text)) : utf8AsLatin1(text)),
    async end(lastWords) {
      if (response.writableEnded || response.destroyed) return;
      watch.started();
      await new Promise<void>((resolve) => response.once('close', resolve).end(lastWords, resolve));
      watch.finished();
    },
    [Symbol.dispose]: () => void connection.off('drain', drained),
  };
}

/** A request that came before on the same connection may still be answered. */
async function connectionOf(response: ServerResponse): Promise<Socket> {
  // The answer itself hears nothing of its connection before its turn.
  const { socket } = response.req;
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new Error('The connection was closed before its stream began.'));
    if (socket.destroyed) return closed();
    socket.once('close', closed);
    response.once('socket', (connection: Socket) => {
      socket.off('close', closed);
      resolve(connection);
    });
  });
}

/** JSON has no line breaks of its own, so one `data:` line holds it. */
const encodePlain: Encode = ({ json, eventId }) =>
  `${eventId === undefined ? '' : `id: ${eventId}\n`}event: next\ndata: ${json}\n\n`;

const encodeChunk: Encode = (frame) => toChunk(encodePlain(frame));

/** HTTP/1.1's chunked transfer coding: RFC 9112, section 7.1. */
function toChunk(bytes: string): string {
  return `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
}
