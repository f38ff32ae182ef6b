/**
 * Many clients that lose the same server must not come back in step. Full jitter spreads them evenly over a
 * window that doubles with each failure (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 */

export interface RetryDelayOptions {
  /** Uniform in [0, 1); passed in so that tests are exact. */
  readonly random: () => number;
  readonly baseMs?: number;
  readonly capMs?: number;
}

/**
 * How long to wait before the next try.
 * @param attempt 0 for the first retry.
 * @returns milliseconds, from 0 up to the smaller of `capMs` and `baseMs * 2^attempt`.
 */
export function retryDelayMs(attempt: number, options: RetryDelayOptions): number {
  const { random, baseMs = 250, capMs = 30_000 } = options;
  return random() * Math.min(capMs, baseMs * 2 ** attempt);
}
