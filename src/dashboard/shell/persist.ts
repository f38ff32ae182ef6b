/** A question that is asked until there is an answer or a refusal: what passes is waited out, politely. */
import { isPassing } from '../../client/index.ts';
import { retryAfterMsOf } from '../../client/errors.ts';
import { createAutoResetEvent } from '../../util/auto-reset-event.ts';
import { retryDelayMs } from '../../util/retry-delay.ts';

const RETRY_CAP_MS = 10_000;

export interface PersistOptions {
  /** Ends it: then the reason is thrown. */
  readonly signal: AbortSignal;
  /** Hears why there is no answer yet. */
  readonly onTrouble?: (error: Error) => void;
}

/** Throws what cannot pass. */
export async function persist<Answer>(
  ask: () => Promise<Answer>,
  { signal, onTrouble }: PersistOptions,
): Promise<Answer> {
  const pause = createAutoResetEvent(signal);
  for (let failures = 0; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error) || !isPassing(error)) throw error;
      onTrouble?.(error);
      const delayMs = retryDelayMs(failures, { random: Math.random, capMs: RETRY_CAP_MS });
      await pause.wait(delayMs + (retryAfterMsOf(error) ?? 0));
      signal.throwIfAborted();
    }
  }
}
