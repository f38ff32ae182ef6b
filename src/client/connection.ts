/**
 * The way to one server: a WebSocket that all watches share, and server-sent events for where none gets through.
 * Opened when the first watch needs it, closed when the last has left.
 */
import '../util/dispose-symbols.ts';
import { createFallbackTransport } from './fallback-transport.ts';
import { createSseTransport } from './sse.ts';
import type { HeadersSource, Transport, TransportName } from './transport.ts';
import { createWebSocketTransport } from './websocket.ts';

export interface Connection extends Disposable {
  readonly transport: Transport;
  /** Whether an expired token is replaced by another one, so that it is worth coming back. */
  readonly renewsHeaders: boolean;
}

export interface ConnectionOptions {
  /** Of the GraphQL endpoint, e.g. http://127.0.0.1:4000/graphql; in a browser it may be relative to the page. */
  readonly url: string;
  readonly headers?: HeadersSource | undefined;
  /** How long one try may take. */
  readonly connectTimeoutMs?: number | undefined;
  /** Only this one. Left out: a WebSocket, else server-sent events. */
  readonly transport?: Exclude<TransportName, 'shared-tab'> | undefined;
}

/**
 * Opened when it is first used, so that it may be made where there is neither a page nor a network: on a server that
 * renders. A URL that is none is a TypeError then.
 */
export function createConnection(options: ConnectionOptions): Connection {
  let opened: Transport | undefined;
  return {
    get transport() {
      opened ??= openTransport(options);
      return opened;
    },
    renewsHeaders: typeof options.headers === 'function',
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}

function openTransport({ transport, ...options }: ConnectionOptions): Transport {
  if (transport === 'sse') return createSseTransport(options);
  if (transport === 'websocket') return createWebSocketTransport(options);
  return createFallbackTransport([createWebSocketTransport(options), createSseTransport(options)]);
}
