/**
 * GraphQL over WebSocket: the sockets. What is said over them is `websocket-protocol.ts`; here is decided what becomes
 * of dead, slow and leaving peers.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloseCode, handleProtocols, type Server } from 'graphql-ws';
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws';
import { createHeartbeat, type BeatingStream, type Heartbeat } from './heartbeat.ts';
import type { Logger } from './logger.ts';
import type { Limits } from './limits.ts';
import { ageWithJitter, Liveness } from './liveness.ts';
import { MessageOrder } from './message-order.ts';
import { SocketOutlet } from './socket-outlet.ts';
import { StrangerBytes } from './stranger-bytes.ts';
import {
  createProtocol,
  isServerMessage,
  TRY_AGAIN_LATER,
  type Extra,
  type ProtocolOptions,
} from './websocket-protocol.ts';

export interface WebSocketOptions extends ProtocolOptions {
  readonly maxBodyBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
  /** Infinity where it may get as old as it likes. */
  readonly maxConnectionAgeMs: number;
  readonly random?: () => number;
}

export interface WebSocketTransport extends Disposable {
  handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Finish what was accepted, then close every socket with 1012, spread over `spreadMs`. Bounded by the signal. */
  drain(spreadMs: number, signal: AbortSignal): Promise<void>;
  readonly socketCount: number;
}

/** For graphql-ws clients: to be retried, as all but 44xx and 4500 are. */
const SERVICE_RESTART = 1012;
const MESSAGE_TOO_BIG = 1009;
/** How long a peer may take to answer our close frame before its socket is dropped. */
const CLOSE_TIMEOUT_MS = 5_000;
/** What a session that ended may still take to tell its streams. */
const LAST_WORDS_MS = 500;

export function createWebSocketTransport(options: WebSocketOptions): WebSocketTransport {
  const { logger, limits, random = Math.random } = options;
  // Documented by ws; its type declarations do not have these yet.
  const serverOptions: ServerOptions & {
    readonly closeTimeout: number;
    readonly maxFragments: number;
    readonly maxBufferedChunks: number;
  } = {
    noServer: true,
    maxPayload: options.maxBodyBytes,
    // Many small pieces take more memory than what they hold.
    maxFragments: 64,
    maxBufferedChunks: 4_096,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols,
  };
  const sockets = new WebSocketServer(serverOptions);
  const heartbeat = createHeartbeat(options);
  const state = { isDraining: false, running: new Set<Promise<unknown>>() };
  const protocol = createProtocol(options, state);

  async function drain(spreadMs: number, signal: AbortSignal): Promise<void> {
    state.isDraining = true;
    await settled(state.running, signal);
    const closings = Array.from(sockets.clients, (socket) => closeSoon(socket, random() * spreadMs, signal));
    await Promise.all(closings);
  }

  return {
    handleUpgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (upgraded) => {
        const endsAt = performance.now() + ageWithJitter(options.maxConnectionAgeMs, random);
        attach({ protocol, socket: upgraded, connection: socket, request, heartbeat, limits, endsAt, logger });
      });
    },
    drain,
    get socketCount() {
      return sockets.clients.size;
    },
    [Symbol.dispose]() {
      heartbeat[Symbol.dispose]();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}

interface Attachment {
  readonly protocol: Server<Extra>;
  readonly socket: WebSocket;
  readonly connection: Socket;
  readonly request: IncomingMessage;
  readonly heartbeat: Heartbeat;
  readonly limits: Limits;
  /** When it is told to come back, by `performance.now()`. */
  readonly endsAt: number;
  readonly logger: Logger;
}

/** What joins a socket of `ws` to the protocol of graphql-ws. */
function attach({ protocol, socket, connection, request, heartbeat, limits, endsAt, logger }: Attachment): void {
  const outlet = new SocketOutlet(socket, connection);
  const peer = new Peer(socket, outlet, endsAt);
  const beating = heartbeat.add(peer);
  const mayGoOn = limits.messages();
  socket.on('pong', (ping) => peer.liveness.answered(ping.toString()));
  socket.on('error', (error) => logger.debug({ err: error }, 'a socket failed'));

  let order: MessageOrder | undefined;
  const extra: Extra = {
    request,
    outlet,
    session: undefined,
    isClosed: false,
    place: undefined,
    subscriptions: 0,
    member: {
      // Its streams are told why first; the close stands behind that.
      sessionEnded: (error) => void closeAfter(order, outlet, error),
    },
  };
  const tooLarge = (): void => outlet.close(MESSAGE_TOO_BIG, 'Too large before the acknowledgement');
  const strangerBytes = new StrangerBytes(connection, () => extra.session !== undefined, tooLarge);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => outlet.send(text),
      close: (code, reason) => outlet.close(code, reason),
      onMessage(protocolHandle) {
        // Whoever is on the way out begins nothing new.
        const inOrder = new MessageOrder((text) =>
          socket.readyState === socket.OPEN ? protocolHandle(text) : Promise.resolve(),
        );
        order = inOrder;
        socket.on('message', (data, isBinary) => {
          peer.liveness.heard();
          if (!mayGoOn()) return outlet.close(TRY_AGAIN_LATER, 'Too many messages');
          const text = messageText(data, isBinary);
          if (text === undefined) return outlet.close(CloseCode.BadRequest, 'Invalid message received');
          if (!strangerBytes.accept(Buffer.byteLength(text))) return tooLarge();
          inOrder.handle(text).catch((error: unknown) => {
            if (isServerMessage(text)) return outlet.close(CloseCode.BadRequest, 'Invalid message received');
            logger.error({ err: error }, 'a message could not be handled');
            outlet.close(CloseCode.InternalServerError, 'Internal server error');
          });
        });
      },
    },
    extra,
  );
  socket.once('close', (code, reason) => {
    beating[Symbol.dispose]();
    extra.isClosed = true;
    extra.session?.leave(extra.member);
    extra.place?.[Symbol.dispose]();
    closed(code, String(reason)).catch((error: unknown) => logger.error({ err: error }, 'a socket was left badly'));
  });
}

/** When the streams that are under way have ended, or that takes too long. */
async function closeAfter(order: MessageOrder | undefined, outlet: SocketOutlet, error: Error): Promise<void> {
  await Promise.race([order?.over(), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
  outlet.close(CloseCode.Forbidden, error.message);
}

/** One at the other end, as the heartbeat knows it. */
class Peer implements BeatingStream {
  readonly #socket: WebSocket;
  readonly #outlet: SocketOutlet;
  readonly #endsAt: number;
  readonly liveness: Liveness;

  constructor(socket: WebSocket, outlet: SocketOutlet, endsAt: number) {
    this.#endsAt = endsAt;
    this.#socket = socket;
    this.#outlet = outlet;
    this.liveness = new Liveness(() => outlet.bytesWritten);
  }

  get waitingSince(): number | undefined {
    return this.#outlet.waitingSince;
  }

  beat(late: boolean): void {
    if (performance.now() >= this.#endsAt) return this.#outlet.close(SERVICE_RESTART, 'Old enough; come back');
    // Our ping would stand behind what the reader has not taken yet; whether it takes anything is watched below.
    if (this.#outlet.waitingSince !== undefined) return this.liveness.heard();
    const verdict = this.liveness.beat(late);
    if (verdict === 'dead') this.#socket.terminate();
    else if (verdict !== 'wait') this.#socket.ping(verdict.ping);
  }

  /** The close frame stands behind what the reader does not take; if it never does, `closeTimeout` drops the socket. */
  stalled(): void {
    this.#outlet.close(TRY_AGAIN_LATER, 'Reading too slowly');
  }
}

/**
 * What `ws` hands over is bytes, in one piece or several.
 * @returns undefined for what is no text: `ws` looks at that of text frames only.
 */
function messageText(data: RawData, isBinary: boolean): string | undefined {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return isBinary && !isUtf8(bytes) ? undefined : bytes.toString('utf8');
}

async function closeSoon(socket: WebSocket, delayMs: number, signal: AbortSignal): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => socket.close(SERVICE_RESTART, 'Service restart'), delayMs);
    const drop = (): void => socket.terminate();
    signal.addEventListener('abort', drop, { once: true });
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', drop);
      resolve();
    });
    if (signal.aborted) drop();
  });
}

async function settled(running: ReadonlySet<Promise<unknown>>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    void Promise.allSettled(running).then(() => resolve());
  });
}
