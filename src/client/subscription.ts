/**
 * One subscription over one connection, as a stream of results that is pulled.
 *
 * A WebSocket cannot be told to wait. So when the reader falls `maxBuffered` results behind, the stream ends with
 * `paused`: the reader finishes what is buffered and subscribes again after its cursor. Memory is bounded and
 * nothing is lost.
 */
import type { StreamRequest, StreamResult, Transport } from './transport.ts';

export interface SubscriptionOptions {
  readonly transport: Transport;
  readonly request: StreamRequest;
  readonly signal: AbortSignal;
  readonly onConnected: () => void;
  readonly maxBuffered?: number;
}

/** Why a stream of results ended, other than by an error. */
export type SubscriptionEnd = 'completed' | 'paused' | 'stopped';

export interface Subscription extends Disposable {
  /** The next result; or, when all are read, why there are no more. Throws the two errors of `errors.ts`. */
  next(): Promise<{ readonly result: StreamResult } | { readonly end: SubscriptionEnd }>;
}

export function openSubscription(options: SubscriptionOptions): Subscription {
  const { transport, request, signal, onConnected, maxBuffered = 1_000 } = options;
  const buffer: StreamResult[] = [];
  let outcome: { readonly end: SubscriptionEnd } | { readonly error: Error } | undefined;
  let wake = (): void => {};
  let leave = (): void => {};

  function finish(how: NonNullable<typeof outcome>): void {
    if (outcome !== undefined) return;
    outcome = how;
    signal.removeEventListener('abort', stop);
    leave();
    wake();
  }
  function stop(): void {
    finish({ end: 'stopped' });
  }

  leave = transport.subscribe(request, {
    connected: onConnected,
    next(result) {
      if (outcome !== undefined) return;
      buffer.push(result);
      if (buffer.length >= maxBuffered) finish({ end: 'paused' });
      wake();
    },
    complete: () => finish({ end: 'completed' }),
    error: (error) => finish({ error }),
  });
  // It may have ended at once.
  if (outcome !== undefined) leave();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  return {
    async next() {
      while (true) {
        const result = buffer.shift();
        if (result !== undefined) return { result };
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
