/**
 * A bare WebSocket: what a test says goes out as it is, right or wrong, and everything that comes in is kept until it
 * is asked for, so that none is missed between two awaits.
 */
import { WebSocket, type ClientOptions, type RawData } from 'ws';
import { settlesWithin, waitFor } from './wait-for.ts';

export interface WsMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

export interface WsClose {
  readonly code: number;
  readonly reason: string;
}

export interface WsOptions extends Pick<ClientOptions, 'headers' | 'origin'> {
  readonly path?: string;
  readonly protocols?: string[];
  /** The payload of `connection_init`. */
  readonly params?: unknown;
}

export interface WsClient extends AsyncDisposable {
  readonly socket: WebSocket;
  /** An object goes out as JSON, a string or bytes as they are. */
  send(message: object | string | Uint8Array): void;
  /** `connection_init` and its acknowledgement. */
  init(): Promise<void>;
  subscribe(id: string, query: string, variables?: unknown): void;
  /** The next message, of one operation when an id is given. Fails when none comes soon or the socket is closed. */
  next(id?: string): Promise<WsMessage>;
  /** The payload of the next message of an operation, which must be of this type. */
  nextOf<Payload>(id: string, type?: string): Promise<Payload>;
  /** Messages that came and were not asked for. */
  readonly unread: readonly WsMessage[];
  closed(withinMs?: number): Promise<WsClose>;
}

const WITHIN_MS = 5_000;

/** @returns once the socket is open; fails when it is refused. */
export async function openWsClient(origin: string, options: WsOptions = {}): Promise<WsClient> {
  const { path = '/graphql', protocols = ['graphql-transport-ws'], params, headers, origin: pageOrigin } = options;
  const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, protocols, {
    perMessageDeflate: false,
    ...(headers === undefined ? {} : { headers }),
    ...(pageOrigin === undefined ? {} : { origin: pageOrigin }),
  });
  const unread: WsMessage[] = [];
  const closing = Promise.withResolvers<WsClose>();
  const opening = Promise.withResolvers<void>();
  opening.promise.catch(() => undefined);
  let isClosed = false;
  socket.on('message', (data) => unread.push(JSON.parse(messageText(data)) as WsMessage));
  socket.on('open', () => opening.resolve());
  socket.on('error', opening.reject);
  socket.on('close', (code, reason) => {
    isClosed = true;
    closing.resolve({ code, reason: String(reason) });
  });
  await settlesWithin(opening.promise, { withinMs: WITHIN_MS, what: 'the socket to open' });

  function send(message: object | string | Uint8Array): void {
    socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  async function next(id?: string): Promise<WsMessage> {
    const find = (): number => unread.findIndex((message) => id === undefined || message.id === id);
    await waitFor(() => find() !== -1 || isClosed, { withinMs: WITHIN_MS, what: `a message${id ? ` of ${id}` : ''}` });
    const [message] = unread.splice(find(), 1);
    if (message === undefined) throw new Error('the socket was closed');
    return message;
  }

  return {
    socket,
    unread,
    send,
    next,
    async init() {
      send(params === undefined ? { type: 'connection_init' } : { type: 'connection_init', payload: params });
      const { type } = await next();
      if (type !== 'connection_ack') throw new Error(`${type} instead of the acknowledgement`);
    },
    subscribe: (id, query, variables) => send({ type: 'subscribe', id, payload: { query, variables } }),
    async nextOf<Payload>(id: string, type = 'next') {
      const message = await next(id);
      if (message.type !== type) throw new Error(`${JSON.stringify(message)} instead of ${type}`);
      // The test wrote the document whose answer this is.
      return message.payload as Payload;
    },
    closed: (withinMs = WITHIN_MS) => settlesWithin(closing.promise, { withinMs, what: 'the close' }),
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      socket.resume();
      socket.terminate();
      await closing.promise;
    },
  };
}

/** What `ws` hands over by default is one Buffer. */
function messageText(data: RawData): string {
  if (!Buffer.isBuffer(data)) throw new TypeError('The socket was given another binary type.');
  return data.toString();
}

/** The status with which an upgrade was refused. */
export async function refusedUpgrade(origin: string, options: WsOptions = {}): Promise<number> {
  try {
    await using _client = await openWsClient(origin, options);
  } catch (error) {
    const status = /Unexpected server response: (\d+)/.exec(String(error))?.[1];
    if (status !== undefined) return Number(status);
    throw error;
  }
  throw new Error('the upgrade was accepted');
}
