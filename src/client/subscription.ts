/**
 * One subscription over one WebSocket, as a stream of results, without retries: whoever resumes wants to know of
 * each break and to choose what to ask for next, which a client that retries by itself does not allow.
 *
 * A WebSocket cannot be told to wait. So when the reader falls `maxBuffered` results behind, the stream ends with
 * `paused`: the reader finishes what is buffered and subscribes again after its cursor. Memory is bounded and
 * nothing is lost.
 */
import { createClient, type Client } from 'graphql-ws';
import { ConnectionFailedError, toOperationFailedError } from './errors.ts';
import type { TypedDocument } from './typed-document.ts';

export interface SubscriptionOptions<Data, Variables> extends ConnectionOptions {
  readonly document: TypedDocument<Data, Variables>;
  readonly variables: Variables & Record<string, unknown>;
  readonly signal: AbortSignal;
  readonly maxBuffered?: number;
}

/** What `connection_init` says: the same each time, or asked for anew before each connection. */
export type ConnectionParams =
  | Readonly<Record<string, unknown>>
  | (() => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>);

interface ConnectionOptions {
  readonly url: string;
  readonly onConnected: () => void;
  readonly connectionParams?: ConnectionParams | undefined;
  /** How long a connection may take to be acknowledged. */
  readonly connectTimeoutMs?: number;
  /** How often the server is asked whether it is there, and how long it may take to say so. */
  readonly pingMs?: number;
  readonly pongTimeoutMs?: number;
}

/** Why a stream of results ended, other than by an error. */
export type SubscriptionEnd = 'completed' | 'paused' | 'stopped';

export interface Subscription<Data> extends Disposable {
  /** The next result; or, when all are read, why there are no more. Throws the two errors of `errors.ts`. */
  next(): Promise<{ readonly data: Data } | { readonly end: SubscriptionEnd }>;
}

export function openSubscription<Data, Variables>(options: SubscriptionOptions<Data, Variables>): Subscription<Data> {
  const { maxBuffered = 1_000, signal } = options;
  const buffer: Data[] = [];
  let outcome: { readonly end: SubscriptionEnd } | { readonly error: Error } | undefined;
  let wake = (): void => {};
  let release = (): void => {};

  function finish(how: NonNullable<typeof outcome>): void {
    if (outcome !== undefined) return;
    outcome = how;
    signal.removeEventListener('abort', stop);
    release();
    wake();
  }
  function stop(): void {
    finish({ end: 'stopped' });
  }

  const connection = openConnection(options, (error) => finish({ error }));
  const unsubscribe = connection.client.subscribe<Data>(
    { query: options.document.toString(), variables: options.variables },
    {
      next(result) {
        if (outcome !== undefined) return;
        if (result.errors !== undefined || result.data == null) {
          return finish({ error: toOperationFailedError(result.errors) });
        }
        buffer.push(result.data);
        if (buffer.length >= maxBuffered) finish({ end: 'paused' });
        wake();
      },
      error: (reason) => finish({ error: Array.isArray(reason) ? toOperationFailedError(reason) : toLost(reason) }),
      complete: () => finish({ end: 'completed' }),
    },
  );
  release = () => {
    unsubscribe();
    connection[Symbol.dispose]();
  };
  if (outcome !== undefined) release();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  return {
    async next() {
      while (true) {
        const data = buffer.shift();
        if (data !== undefined) return { data };
        if (outcome !== undefined) {
          if ('error' in outcome) throw outcome.error;
          return outcome;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    [Symbol.dispose]: stop,
  };
}

/** A graphql-ws client whose connection is known to be alive, or reported as lost. */
function openConnection(
  options: ConnectionOptions,
  onLost: (error: Error) => void,
): Disposable & { readonly client: Client } {
  const { url, connectTimeoutMs = 10_000, pingMs = 12_000, pongTimeoutMs = 10_000 } = options;
  let isConnected = false;
  const deadline = setTimeout(
    () => onLost(new ConnectionFailedError(`${url} did not accept the connection within ${connectTimeoutMs} ms.`)),
    connectTimeoutMs,
  );
  let silence: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: toWebSocketUrl(url),
    retryAttempts: 0,
    keepAlive: pingMs,
    ...(options.connectionParams === undefined ? {} : { connectionParams: options.connectionParams }),
    on: {
      connected: () => {
        isConnected = true;
        clearTimeout(deadline);
        options.onConnected();
      },
      ping: (received) => {
        if (received) return;
        clearTimeout(silence);
        // The network may be gone without a word: a socket that is only half there says nothing at all.
        silence = setTimeout(() => {
          isConnected = false;
          onLost(new ConnectionFailedError(`${url} has been silent for ${pongTimeoutMs} ms.`));
        }, pongTimeoutMs);
      },
      message: () => clearTimeout(silence),
      closed: (event) => onLost(isConnected ? toLost(event) : toUnreachable(url, event)),
    },
  });
  return {
    client,
    [Symbol.dispose]() {
      clearTimeout(deadline);
      clearTimeout(silence);
      // A live socket is closed by the last unsubscribe; one that never came up, or is silent, is cut.
      if (!isConnected) client.terminate();
    },
  };
}

/** http://… and https://… to ws://… and wss://…; a ws URL stays. Throws TypeError for what is no such URL. */
function toWebSocketUrl(text: string): string {
  const url = new URL(text.replace(/^http/i, 'ws'));
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError(`${text} is not an http or ws URL.`);
  url.hash = '';
  return url.href;
}

/** A close before the handshake was over has no code of the server's, or one that says why. */
function toUnreachable(url: string, reason: unknown): ConnectionFailedError {
  const lost = toLost(reason);
  return lost.status === 1006 ? new ConnectionFailedError(`Cannot connect to ${url}.`, { cause: reason }) : lost;
}

function toLost(reason: unknown): ConnectionFailedError {
  if (typeof reason === 'object' && reason !== null) {
    if ('code' in reason && typeof reason.code === 'number') {
      const { code } = reason;
      const text = 'reason' in reason && typeof reason.reason === 'string' ? reason.reason : '';
      const message = CLOSE_TEXTS.get(code) ?? `The server closed the connection${text === '' ? '' : `: ${text}`}`;
      return new ConnectionFailedError(`${message} (${code}).`, { status: code });
    }
    if ('message' in reason && typeof reason.message === 'string' && reason.message !== '') {
      return new ConnectionFailedError(reason.message, { cause: reason });
    }
  }
  return new ConnectionFailedError('The connection failed.', { cause: reason });
}

const CLOSE_TEXTS: ReadonlyMap<number, string> = new Map([
  [1006, 'The connection broke'],
  [1012, 'The server restarts'],
  [1013, 'The server closed a stream that was read too slowly'],
]);
