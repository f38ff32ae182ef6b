/**
 * Streams outlast their store. What a watcher waits for is the log anyhow, so a log that does not answer is one more
 * thing to wait for: it is asked again, at moments that differ from watcher to watcher, and at once when anybody hears
 * of news. Only what time does not heal ends a stream.
 */
import { StoreUnavailableError } from '../domain/errors.ts';
import type { AutoResetEvent } from '../util/auto-reset-event.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import { PullStream } from '../util/pull-stream.ts';

const AGAIN_MS = 500;

function againMs(): number {
  return AGAIN_MS * (1 + Math.random());
}

/** A stream that asks again. */
export abstract class PatientStream<Item extends object> extends PullStream<Item> {
  #goOn: (() => void) | undefined;

  /** The log did not answer. By the time it does, an older copy may have taken its place. */
  protected abstract storeLost(): void;

  override ready(): void {
    this.#goOn?.();
    super.ready();
  }

  protected override recover(error: unknown): Promise<void> | undefined {
    if (!(error instanceof StoreUnavailableError) || this.isOver) return undefined;
    this.storeLost();
    return new Promise((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        this.#goOn = undefined;
        resolve();
      };
      const timer = setTimeout(goOn, againMs()).unref();
      this.#goOn = goOn;
    });
  }
}

/** The same for streams that are generators: asks until there is an answer, or the signal aborts. */
export async function askPatiently<Answer>(
  ask: () => MaybePromise<Answer>,
  news: AutoResetEvent,
  signal: AbortSignal,
): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || signal.aborted) throw error;
      await news.wait(againMs());
    }
  }
}
