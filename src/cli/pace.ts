/** Hold items back until their time, so that a recorded run can be played again live. */
import { createAutoResetEvent } from '../util/auto-reset-event.ts';

export interface PaceOptions<Item> {
  /** Milliseconds after the first item was asked for; never decreasing. */
  readonly dueMs: (item: Item, index: number) => number;
  readonly signal: AbortSignal;
  readonly nowMs?: () => number;
}

/** Late items come at once, so the pace as a whole holds. Ends when the signal is aborted. */
export async function* paced<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  { dueMs, signal, nowMs = () => performance.now() }: PaceOptions<Item>,
): AsyncGenerator<Item, void, void> {
  const startMs = nowMs();
  const pause = createAutoResetEvent(signal);
  let index = 0;
  for await (const item of items) {
    const waitMs = startMs + dueMs(item, index) - nowMs();
    // A timer is never exact: what is due within it may as well go together with it.
    if (waitMs >= 1) await pause.wait(waitMs);
    if (signal.aborted) return;
    yield item;
    index += 1;
  }
}
