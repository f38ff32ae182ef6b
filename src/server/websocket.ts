/**
 * GraphQL over WebSocket. graphql-ws keeps the protocol; what it leaves open is decided here: which pages may connect,
 * how long a check may take, that a bad document ends only its own operation, and what becomes of dead, slow and
 * leaving peers.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { validateExecutionArgs, type ExecutionArgs } from 'graphql';
import { CloseCode, handleProtocols, makeServer, MessageType, type Context, type Server } from 'graphql-ws';
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws';
import { ShuttingDownError } from '../domain/errors.ts';
import { PullStream } from '../util/pull-stream.ts';
import type { Turns } from '../util/turns.ts';
import { authenticateWithin, type Authenticate } from './auth.ts';
import { toPayload, type MaskError } from './errors.ts';
import { Frame, resultFrame } from './frame.ts';
import { replaying, type Graphql, type Operation } from './graphql.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { Logger } from './logger.ts';
import { createLiveness } from './liveness.ts';
import { keepOrderById } from './message-order.ts';
import { pump } from './pump.ts';
import { createSocketOutlet, type SocketOutlet } from './socket-outlet.ts';
import { SingleFrame } from './subscribe.ts';
import { createNextFrames } from './websocket-frame.ts';

export interface WebSocketOptions {
  readonly graphql: Graphql;
  readonly mask: MaskError;
  readonly turns: Turns;
  readonly logger: Logger;
  readonly authenticate?: Authenticate | undefined;
  readonly maxBodyBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
  readonly authTimeoutMs: number;
  readonly random?: () => number;
}

export interface WebSocketTransport extends Disposable {
  handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Finish what was accepted, then close every socket with 1012, spread over `spreadMs`. Bounded by the signal. */
  drain(spreadMs: number, signal: AbortSignal): Promise<void>;
  readonly socketCount: number;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  readonly outlet: SocketOutlet;
}

/** What `onSubscribe` makes of an operation: also which one it is, and where its results go. */
interface OperationArgs extends ExecutionArgs {
  readonly id: string;
  readonly outlet: SocketOutlet;
  readonly record: Operation['record'];
}
type Params = Record<string, unknown>;

/** Retryable, as all but 44xx and 4500 are for graphql-ws clients. */
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;
/** How long a peer may take to answer our close frame before its socket is dropped. */
const CLOSE_TIMEOUT_MS = 5_000;

export function createWebSocketTransport(options: WebSocketOptions): WebSocketTransport {
  const { logger, random = Math.random } = options;
  // `closeTimeout` is documented by ws; its type declarations do not have it yet.
  const serverOptions: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    maxPayload: options.maxBodyBytes,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols,
  };
  const sockets = new WebSocketServer(serverOptions);
  const heartbeat = createHeartbeat(options);
  const running = new Set<Promise<unknown>>();
  const state = { isDraining: false };
  const protocol = createProtocol(options, state, running);

  async function drain(spreadMs: number, signal: AbortSignal): Promise<void> {
    state.isDraining = true;
    await settled(running, signal);
    const closings = Array.from(sockets.clients, (socket) => closeSoon(socket, random() * spreadMs, signal));
    await Promise.all(closings);
  }

  return {
    handleUpgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (upgraded) => {
        attach({ protocol, socket: upgraded, connection: socket, request, heartbeat, logger });
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

function createProtocol(
  { graphql, mask, turns, authenticate, authTimeoutMs, logger }: WebSocketOptions,
  state: { readonly isDraining: boolean },
  running: Set<Promise<unknown>>,
): Server<Extra> {
  const frames = createNextFrames();

  async function onConnect({ extra, connectionParams }: Context<Params, Extra>): Promise<boolean> {
    if (authenticate === undefined) return true;
    const check = (signal: AbortSignal): Promise<void> => authenticate(extra.request, connectionParams, signal);
    try {
      const outcome = await authenticateWithin(authTimeoutMs, check);
      if (outcome === 'accepted') return true;
      if (outcome === 'refused') extra.socket.close(CloseCode.Unauthorized, 'Unauthorized');
      else extra.socket.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout');
    } catch (error) {
      logger.error({ err: error }, 'the authentication hook failed');
      extra.socket.close(TRY_AGAIN_LATER, 'Try again later');
    }
    return false;
  }

  /** @returns what makes the answer's frame: one that cannot be written as JSON fails its operation alone. */
  async function answerOf({ record, id: _id, outlet: _outlet, ...args }: OperationArgs): Promise<() => Frame> {
    const outcome = await record?.();
    if (outcome !== undefined && 'json' in outcome) return () => new Frame(outcome.json, undefined);
    const result = await graphql.run(outcome === undefined ? args : replaying(args, outcome.replay));
    return () => resultFrame(result);
  }

  function deliver({ id, outlet }: OperationArgs, results: PullStream<Frame>): AsyncIterableIterator<never, undefined> {
    return pumping(results, () => pump(results, outlet, frames.encoderFor(id), turns));
  }

  return makeServer<Params, Extra>({
    onConnect,
    async onSubscribe({ extra: { outlet } }, id, payload) {
      const prepared = await graphql.prepare({
        query: payload.query,
        ...(payload.operationName == null ? {} : { operationName: payload.operationName }),
        ...(payload.variables == null ? {} : { variables: payload.variables }),
      });
      // Asked last: from here to `execute` nothing is waited for, so a drain finds everything that was let through.
      if (state.isDraining) return [mask(new ShuttingDownError())];
      if (!('kind' in prepared)) return prepared;
      const { args, record } = prepared;
      if (record !== undefined) return { ...args, id, outlet, record } satisfies OperationArgs;
      // Wrong variables end the operation before it begins; left to `execute` they would be sent as its result.
      const validated = validateExecutionArgs(args);
      if (!('operation' in validated)) return validated.map(mask);
      return { ...args, id, outlet, record } satisfies OperationArgs;
    },
    async execute(args) {
      const result = answerOf(args as OperationArgs);
      running.add(result);
      try {
        const make = await result;
        return deliver(args as OperationArgs, new SingleFrame(make));
      } finally {
        running.delete(result);
      }
    },
    async subscribe(args) {
      const results = await graphql.subscribe(args);
      const stream = results instanceof PullStream ? results : new SingleFrame(() => resultFrame(results));
      return deliver(args as OperationArgs, stream);
    },
    onError: (_context, _id, _payload, errors) => errors.map((error) => toPayload(mask(error))),
  });
}

/**
 * To graphql-ws a stream that gives nothing and ends with its source, so that graphql-ws says `complete` or `error` in
 * its time; the results go out by the pump.
 */
function pumping(results: PullStream<Frame>, run: () => Promise<void>): AsyncIterableIterator<never, undefined> {
  return {
    async next() {
      await run();
      return { done: true, value: undefined };
    },
    async return() {
      await results.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

interface Attachment {
  readonly protocol: Server<Extra>;
  readonly socket: WebSocket;
  readonly connection: Socket;
  readonly request: IncomingMessage;
  readonly heartbeat: Heartbeat;
  readonly logger: Logger;
}

/** What joins a socket of `ws` to the protocol of graphql-ws. */
function attach({ protocol, socket, connection, request, heartbeat, logger }: Attachment): void {
  const outlet = createSocketOutlet(socket, connection);
  const liveness = createLiveness(() => outlet.bytesWritten);
  const beating = heartbeat.add({
    beat(late) {
      // Our ping would stand behind what the reader has not taken yet; whether it takes anything is watched below.
      if (outlet.waitingSince !== undefined) return liveness.heard();
      const verdict = liveness.beat(late);
      if (verdict === 'dead') socket.terminate();
      else if (verdict === 'ask') socket.ping();
    },
    get waitingSince() {
      return outlet.waitingSince;
    },
    // The close frame stands behind what the reader does not take; if it never does, `closeTimeout` drops the socket.
    stalled: () => socket.close(TRY_AGAIN_LATER, 'Reading too slowly'),
  });
  socket.on('pong', liveness.heard);
  socket.on('error', (error) => logger.debug({ err: error }, 'a socket failed'));

  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => outlet.send(text),
      close: (code, reason) => socket.close(code, reason),
      onMessage(protocolHandle) {
        // Whoever is on the way out begins nothing new.
        const handle = keepOrderById(async (text) => {
          if (socket.readyState === socket.OPEN) await protocolHandle(text);
        });
        socket.on('message', (data) => {
          liveness.heard();
          const text = messageText(data);
          handle(text).catch((error: unknown) => {
            if (isServerMessage(text)) return socket.close(CloseCode.BadRequest, 'Invalid message received');
            logger.error({ err: error }, 'a message could not be handled');
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        });
      },
    },
    { socket, request, outlet },
  );
  socket.once('close', (code, reason) => {
    beating[Symbol.dispose]();
    closed(code, String(reason)).catch((error: unknown) => logger.error({ err: error }, 'a socket was left badly'));
  });
}

/** What `ws` hands over is bytes, in one piece or several. */
function messageText(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8');
}

/** graphql-ws has no answer to messages that only a server may send; the protocol says 4400. */
function isServerMessage(text: string): boolean {
  const message: unknown = JSON.parse(text);
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return ![MessageType.ConnectionInit, MessageType.Ping, MessageType.Pong, MessageType.Subscribe, MessageType.Complete]
    .map(String)
    .includes(String(message.type));
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
