/**
 * One subscription over a socket of its own. It counts its deliveries and holds each against the one before: a watcher
 * that has seen event n must see n + 1 next. What it cannot understand, or did not expect, is a failure of the row.
 */
import { connect, type Socket } from 'node:net';
import { createFrameReader, OPCODE, toFrame } from './frames.ts';
import { toRequest } from './http-client.ts';
import { openWebSocket } from './upgrade.ts';
import { createSequenceScanner, findSequence } from './sequence.ts';

export type Transport = 'ws' | 'sse';

export interface WatcherOptions {
  readonly port: number;
  readonly transport: Transport;
  /** What a WebSocket shows. */
  readonly bearer?: string | undefined;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Called for each delivery, in whatever order they come. */
  readonly onEvent: (sequence: number, watcher: Watcher) => void;
  readonly onClose?: (watcher: Watcher) => void;
  /** The event before the first that must come. */
  readonly startsAfter?: number;
  /** Reads the cursor of each event, which costs the load process time. */
  readonly keepCursor?: boolean;
}

export interface Watcher {
  readonly socket: Socket;
  /** The sequence of the latest event, 0 before the first. */
  last: number;
  /** Deliveries that did not follow the one before. */
  disorders: number;
  bytes: number;
  /** The close frame's code, or 1006 for a socket that ended without one. */
  closeCode: number | undefined;
  /** What the server answered instead of a stream. */
  refusal?: string;
  /** Of the latest event, if it is kept. */
  cursor: string | undefined;
}

/** All sockets read into one buffer, since a chunk is used up before the next is read. */
const shared = Buffer.alloc(256 * 1024);

/** Resolves when the subscription was sent; nothing but an event can tell that the server has begun it. */
export async function openWatcher(options: WatcherOptions): Promise<Watcher> {
  const ready = Promise.withResolvers<undefined>();
  let take: (chunk: Buffer) => void = () => undefined;
  const socket = connect({
    port: options.port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: shared,
      callback: (length, buffer) => {
        take(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    },
  });
  const watcher: Watcher = {
    socket,
    last: options.startsAfter ?? 0,
    disorders: 0,
    bytes: 0,
    closeCode: undefined,
    cursor: undefined,
  };
  const begin = options.transport === 'ws' ? beginWebSocket : beginEventStream;
  take = begin(options, watcher, () => ready.resolve(undefined));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    watcher.closeCode ??= 1006;
    options.onClose?.(watcher);
    ready.reject(new Error('the server closed a watcher before it was ready'));
  });
  await ready.promise;
  return watcher;
}

function note(sequence: number, watcher: Watcher, options: WatcherOptions): void {
  // The first delivery is wherever the stream began.
  if (watcher.last !== 0 && sequence !== watcher.last + 1) watcher.disorders += 1;
  watcher.last = sequence;
  options.onEvent(sequence, watcher);
}

type Begin = (options: WatcherOptions, watcher: Watcher, ready: () => void) => (chunk: Buffer) => void;

const CURSOR = /"cursor":"([^"]+)"/;

const beginWebSocket: Begin = (options, watcher, ready) => {
  const { port, query, variables } = options;
  const { socket } = watcher;
  const readFrames = createFrameReader((buffer, start, end, opcode) => {
    if (opcode === OPCODE.text) {
      const sequence = findSequence(buffer, start, end);
      if (sequence > 0) {
        if (options.keepCursor) watcher.cursor = CURSOR.exec(buffer.toString('latin1', start, end))?.[1];
        return note(sequence, watcher, options);
      }
      const text = buffer.toString('utf8', start, end);
      if (text.includes('"connection_ack"')) {
        socket.write(toFrame(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } })), ready);
      }
      if (!text.includes('"errors"') && !text.includes('"type":"error"')) return;
      watcher.refusal = text;
      socket.destroy();
      return;
    }
    if (opcode === OPCODE.ping) socket.write(toFrame(Buffer.from(buffer.subarray(start, end)), OPCODE.pong));
    if (opcode === OPCODE.close) watcher.closeCode = end - start >= 2 ? buffer.readUInt16BE(start) : 1005;
  });
  const open = openWebSocket(socket, port, readFrames, options.bearer);
  return (chunk) => {
    watcher.bytes += chunk.length;
    open(chunk);
  };
};

const beginEventStream: Begin = (options, watcher, ready) => {
  const { port, query, variables } = options;
  watcher.socket.write(toRequest(port, JSON.stringify({ query, variables }), 'text/event-stream'));
  const scan = createSequenceScanner((sequence) => note(sequence, watcher, options));
  let isOpen = false;
  return (chunk) => {
    watcher.bytes += chunk.length;
    if (!isOpen) {
      isOpen = true;
      ready();
    }
    scan(chunk);
  };
};
