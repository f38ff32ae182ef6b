/**
 * Subscriptions over one WebSocket, opened by the first and closed by the last. A connection is known to be alive, or
 * reported as lost: a network that went away without a word leaves a socket that looks open for ever.
 */
import { createClient } from 'graphql-ws';
import { toEndpoint } from './endpoint.ts';
import { ConnectionClosedError, ConnectionFailedError, toOperationFailedError } from './errors.ts';
import { headersOf, type HeadersSource, type StreamSink, type Transport } from './transport.ts';

export interface WebSocketOptions {
  /** Of the GraphQL endpoint, http(s) or ws(s). */
  readonly url: string;
  readonly headers?: HeadersSource | undefined;
  /** How long a connection may take to be acknowledged. */
  readonly connectTimeoutMs?: number | undefined;
  /** How often the server is asked whether it is there, and how long it may take to say so. */
  readonly pingMs?: number;
  readonly pongTimeoutMs?: number;
}

/** One subscription on the socket, from `subscribe` until it ended or was left. */
interface Operation extends StreamSink {
  /** On a socket that was acknowledged, and so lost with it. */
  isConnected: boolean;
}

export function createWebSocketTransport(options: WebSocketOptions): Transport {
  const { url, headers, connectTimeoutMs = 10_000, pingMs = 12_000, pongTimeoutMs = 10_000 } = options;
  const operations = new Set<Operation>();
  let isConnected = false;
  let isClosed = false;
  /** The socket is about to close because nobody needs it. */
  let isLeft = false;
  let deadline: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const client = createClient({
    url: toEndpoint(url, 'ws'),
    retryAttempts: 0,
    keepAlive: pingMs,
    connectionParams: async () => ({ ...(await headersOf(headers)) }),
    on: {
      connected() {
        clearTimeout(deadline);
        isConnected = true;
        for (const operation of operations) connect(operation);
      },
      ping(received) {
        if (received) return;
        clearTimeout(silence);
        silence = setTimeout(() => lose(`${url} has been silent for ${pongTimeoutMs} ms.`), pongTimeoutMs);
      },
      message: () => clearTimeout(silence),
      closed(event) {
        // The last one left it; whoever came since is on its way to another one.
        if (isLeft) return void (isLeft = false);
        reset();
        for (const operation of operations) operation.error(toError(event, url, operation.isConnected));
      },
    },
  });

  function connect(operation: Operation): void {
    if (operation.isConnected) return;
    operation.isConnected = true;
    operation.connected();
  }

  function reset(): void {
    clearTimeout(deadline);
    clearTimeout(silence);
    isConnected = false;
  }

  /** Nothing can be said over it any more, not even goodbye. */
  function lose(why: string): void {
    reset();
    const error = new ConnectionFailedError(why);
    for (const operation of operations) operation.error(error);
    client.terminate();
  }

  /** A live socket is closed by its last unsubscribe, unless another subscription came in the same turn. */
  function closeUnused(): void {
    if (operations.size > 0 || !isConnected) return;
    reset();
    isLeft = true;
  }

  function awaitConnection(): void {
    clearTimeout(deadline);
    deadline = setTimeout(
      () => lose(`${url} did not accept the connection within ${connectTimeoutMs} ms.`),
      connectTimeoutMs,
    );
  }

  return {
    name: 'websocket',
    subscribe(request, sink) {
      if (isClosed) {
        sink.error(new ConnectionClosedError());
        return () => {};
      }
      if (operations.size === 0 && !isConnected) awaitConnection();
      let unsubscribe = (): void => {};
      const operation: Operation = {
        isConnected: false,
        connected: () => sink.connected(),
        next: (result) => sink.next(result),
        complete: () => leave() && sink.complete(),
        error: (error) => leave() && sink.error(error),
      };
      /** False for who left before. */
      function leave(): boolean {
        if (!operations.delete(operation)) return false;
        unsubscribe();
        if (operations.size > 0) return true;
        if (isConnected) queueMicrotask(closeUnused);
        else {
          reset();
          client.terminate();
        }
        return true;
      }
      operations.add(operation);
      const { query, variables, operationName } = request;
      unsubscribe = client.subscribe(
        { query, variables: { ...variables }, ...(operationName === undefined ? {} : { operationName }) },
        {
          next(result) {
            if (!operations.has(operation)) return;
            connect(operation);
            operation.next(result);
          },
          error: (reason) => operation.error(toError(reason, url, operation.isConnected)),
          complete: () =>
            operation.isConnected ? operation.complete() : operation.error(new ConnectionFailedError(cannotReach(url))),
        },
      );
      if (isConnected) queueMicrotask(() => operations.has(operation) && connect(operation));
      return leave;
    },
    [Symbol.dispose]() {
      isClosed = true;
      for (const operation of operations) operation.error(new ConnectionClosedError());
      reset();
      client.terminate();
    },
  };
}

function toError(reason: unknown, url: string, wasConnected: boolean): Error {
  if (Array.isArray(reason)) return toOperationFailedError(reason);
  const lost = toLost(reason);
  // A close before the handshake was over has no code of the server's, or one that says why.
  return wasConnected || lost.status !== 1006 ? lost : new ConnectionFailedError(cannotReach(url), { cause: reason });
}

const cannotReach = (url: string): string => `Cannot connect to ${url}.`;

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
