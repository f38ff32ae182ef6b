/**
 * A stream that outlives its connections. After any break it is asked for again, from the place that its owner
 * remembers; many clients that lost the same server do not come back in step.
 */
import { createAutoResetEvent } from '../util/auto-reset-event.ts';
import { cancellable } from '../util/cancellable.ts';
import { retryDelayMs } from '../util/retry-delay.ts';
import { createConnection, type Connection, type ConnectionOptions } from './connection.ts';
import { ConnectionFailedError, isAboutCaller, isPassing, retryAfterMsOf, toOperationFailedError } from './errors.ts';
import { openSubscription, type SubscriptionEnd } from './subscription.ts';
import type { StreamRequest, StreamResult, TransportName } from './transport.ts';

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly transport: TransportName }
  /** Broken: the next try comes in `retryInMs`. Nothing is lost. */
  | { readonly kind: 'lost'; readonly error: Error; readonly retryInMs: number }
  /** Only stores say this: nobody listens, or nothing more can come. */
  | { readonly kind: 'idle' };

export interface RetryOptions {
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal | undefined;
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
  /** How long to go on trying before there ever was a connection; then after one was lost. Default: for ever. */
  readonly firstConnectWithinMs?: number | undefined;
  readonly reconnectWithinMs?: number | undefined;
  /** The longest wait before a try. */
  readonly retryCapMs?: number | undefined;
  readonly random?: () => number;
  readonly nowMs?: () => number;
}

/** Where the server is: a connection that others use too, or one of its own. */
export type ServerOptions = ConnectionOptions | { readonly connection: Connection };

export type ResumeOptions = ServerOptions & RetryOptions;

/** What makes one stream another than the next: its place, and what to make of results. */
export interface Resumable<Item> {
  /** What to ask for now. */
  request(): StreamRequest;
  /** A new connection was made: what is read next may begin anew. */
  onConnected?(): void;
  /** What a result brings that is new, if anything; moves the place. */
  read(result: StreamResult): Item | undefined;
  /** Whether nothing can come after it. */
  isLast?(item: Item): boolean;
  /** Whether the server's `complete` is the end. Else it is a server that goes away politely. */
  readonly completes?: boolean;
}

/** Throws what cannot pass: the two errors of `errors.ts`. */
export function resume<Item>(options: ResumeOptions, stream: Resumable<Item>): AsyncIterableIterator<Item, void, void> {
  return cancellable((signal) => follow(options, stream, signal), options.signal);
}

async function* follow<Item>(
  options: ResumeOptions,
  stream: Resumable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, void> {
  using own = 'connection' in options ? undefined : createConnection(options);
  const connection = 'connection' in options ? options.connection : own;
  if (connection === undefined) return;
  const retry = createRetry(options, signal);
  while (!signal.aborted) {
    options.onConnection?.({ kind: 'connecting' });
    try {
      const end = yield* oneConnection(stream, { connection, retry, signal });
      if (end === 'completed') return;
    } catch (error) {
      if (!(error instanceof Error) || !(isPassing(error) || retry.renews(error, connection))) throw error;
      await retry.wait(error);
    }
  }
}

interface Ways {
  readonly connection: Connection;
  readonly retry: Retry;
  readonly signal: AbortSignal;
}

/** What one connection brings that is new. Returns when the stream is over, or to be asked for again at once. */
async function* oneConnection<Item>(
  stream: Resumable<Item>,
  { connection, retry, signal }: Ways,
): AsyncGenerator<Item, SubscriptionEnd, void> {
  const { transport } = connection;
  using subscription = openSubscription({
    transport,
    request: stream.request(),
    signal,
    onConnected() {
      stream.onConnected?.();
      retry.onConnected(transport.name);
    },
  });
  while (true) {
    const next = await subscription.next();
    if ('end' in next) {
      if (next.end !== 'completed' || stream.completes === true) return next.end;
      throw new ConnectionFailedError('The server ended the stream early.');
    }
    const { result } = next;
    if (result.data == null) throw toOperationFailedError(result.errors);
    retry.onResult();
    const item = stream.read(result);
    if (item === undefined) continue;
    yield item;
    if (stream.isLast?.(item) === true) return 'completed';
  }
}

/**
 * A result proves that the stream works. So does a connection that outlived the longest wait, for a task may be
 * silent for hours. A server that accepts and drops gives neither, and is not asked ever faster.
 */
interface Retry {
  onConnected(transport: TransportName): void;
  onResult(): void;
  /** Whether other headers may do: a few times after each connection that worked. */
  renews(error: Error, connection: Connection): boolean;
  /** Resolves when it is time to try again; throws the error when there was time enough. */
  wait(error: Error): Promise<void>;
}

function createRetry(options: RetryOptions, signal: AbortSignal): Retry {
  const { random = Math.random, nowMs = () => performance.now(), retryCapMs = 30_000 } = options;
  const pause = createAutoResetEvent(signal);
  let failures = 0;
  let renewals = 0;
  let downSinceMs: number | undefined = nowMs();
  let upSinceMs: number | undefined;
  let patienceMs = options.firstConnectWithinMs ?? Infinity;
  const hasLived = (): boolean => upSinceMs !== undefined && nowMs() - upSinceMs >= retryCapMs;
  return {
    onConnected(transport) {
      downSinceMs = undefined;
      upSinceMs = nowMs();
      patienceMs = options.reconnectWithinMs ?? Infinity;
      options.onConnection?.({ kind: 'connected', transport });
    },
    onResult() {
      failures = 0;
      renewals = 0;
    },
    renews(error, { renewsHeaders }) {
      if (hasLived()) renewals = 0;
      renewals += 1;
      return renewsHeaders && renewals <= MAX_RENEWALS && isAboutCaller(error);
    },
    async wait(error) {
      if (hasLived()) failures = 0;
      upSinceMs = undefined;
      downSinceMs ??= nowMs();
      if (nowMs() - downSinceMs >= patienceMs) throw error;
      const retryInMs = retryDelayMs(failures, { random, capMs: retryCapMs }) + (retryAfterMsOf(error) ?? 0);
      failures += 1;
      options.onConnection?.({ kind: 'lost', error, retryInMs });
      await pause.wait(retryInMs);
    },
  };
}

/** Who is refused with headers that are new each time is not the one who may. */
const MAX_RENEWALS = 3;
