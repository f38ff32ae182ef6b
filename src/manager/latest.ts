/**
 * Latest-only views: a task's state now, then whenever it changed. A slow reader skips states and never sees an old
 * one, because nothing is queued: each step reads the head afresh when the reader asks for it.
 */
import { isFinal } from '../domain/progress.ts';
import type { TaskHead } from '../log/event-log.ts';
import type { AutoResetEvent } from '../util/auto-reset-event.ts';
import { cancellable } from '../util/cancellable.ts';
import { listenToTask, waitForTask, type FollowDeps } from './follow.ts';

export interface LatestOptions {
  readonly taskId: string;
  /** At most so many states a second; a final one is sent at once. */
  readonly maxRate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A task that is not yet known is waited for; completes after the final state. */
export function latestStates(
  deps: FollowDeps,
  { taskId, maxRate, signal: outer }: LatestOptions,
): AsyncIterableIterator<TaskHead, void, void> {
  return cancellable(async function* (signal) {
    using listening = await listenToTask(deps, taskId, signal);
    const pace = createPace(maxRate);
    let head = await waitForTask(deps, listening, taskId, signal);
    let sentHash: string | undefined;
    while (head !== undefined && !signal.aborted) {
      const isNew = head.progress.hash !== sentHash;
      if (isNew && (isFinal(head.progress) || pace.remainingMs() === 0)) {
        pace.sent();
        sentHash = head.progress.hash;
        yield head;
        if (isFinal(head.progress)) return;
      }
      await listening.news.wait(head.progress.hash === sentHash ? undefined : pace.remainingMs());
      head = await waitForTask(deps, listening, taskId, signal);
    }
  }, outer);
}

/** Keeps a stream below a rate: `remainingMs` until the next item may go. */
export interface Pace {
  sent(): void;
  remainingMs(): number;
}

export function createPace(maxRate: number | undefined): Pace {
  const intervalMs = maxRate === undefined ? 0 : 1_000 / maxRate;
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    sent: () => (nextAt = performance.now() + intervalMs),
    remainingMs: () => Math.max(0, Math.ceil(nextAt - performance.now())),
  };
}

/** Wait until the pace allows the next item, whatever the news. */
export async function waitForPace(pace: Pace, news: AutoResetEvent, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && pace.remainingMs() > 0) await news.wait(pace.remainingMs());
}
