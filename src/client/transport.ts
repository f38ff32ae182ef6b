/**
 * The contract of what carries subscriptions: one try, without retries. Whoever resumes wants to know of each break
 * and to choose what to ask for next, which a client that retries by itself does not allow.
 */

/** What is asked: a subscription of the schema. */
export interface StreamRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string | undefined;
}

/** One result as GraphQL words it. */
export interface StreamResult {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly extensions?: unknown;
}

/** Hears of one subscription. After `complete` or `error` nothing more comes. */
export interface StreamSink {
  /** The server is there and takes the subscription. */
  connected(): void;
  next(result: StreamResult): void;
  /** The server has no more to say. */
  complete(): void;
  /** One of the two errors of `errors.ts`. */
  error(error: Error): void;
}

export interface Transport extends Disposable {
  readonly name: TransportName;
  /** Returns how to leave. Who left hears nothing more. Throws TypeError for a URL that is none. */
  subscribe(request: StreamRequest, sink: StreamSink): () => void;
}

export type TransportName = 'websocket' | 'sse' | 'shared-tab';

type Headers = Readonly<Record<string, string>>;

/**
 * Who asks, e.g. `{ authorization: 'Bearer …' }`: HTTP headers, which a WebSocket says in its `connection_init`. As a
 * function it is asked before each connection, and so can renew what expired.
 */
export type HeadersSource = Headers | (() => Headers | Promise<Headers>);

export async function headersOf(source: HeadersSource | undefined): Promise<Headers> {
  return typeof source === 'function' ? source() : (source ?? {});
}
