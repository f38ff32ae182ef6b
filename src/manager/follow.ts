/**
 * Follow one task: what the log already holds, then what is appended later. The bus says only "look again"; the log
 * is the truth. Listen, then read, then wait: a lost, late or repeated notice can cost time but never an event, so
 * there is no hand-over between catching up and live to get wrong, and no queue for each follower to overflow.
 */
import type { TaskEvent } from '../domain/event.ts';
import type { EventLog } from '../log/event-log.ts';
import { createAutoResetEvent, type AutoResetEvent } from '../util/auto-reset-event.ts';
import type { Notices } from './notices.ts';

export interface FollowDeps {
  readonly log: EventLog;
  readonly notices: Notices;
}

/** A stretch of the log, oldest first; empty, and `upToDate`, at the head. */
export interface FollowedPage {
  readonly events: readonly TaskEvent[];
  readonly upToDate: boolean;
}

/** One follower's ear: set whenever its task may have changed. */
export interface Listening extends Disposable {
  readonly news: AutoResetEvent;
}

const PAGE_EVENTS = 200;

export async function listenToTask({ notices }: FollowDeps, taskId: string, signal: AbortSignal): Promise<Listening> {
  const news = createAutoResetEvent(signal);
  const listener = await notices.listenTask(taskId, { wake: news.set });
  return { news, [Symbol.dispose]: () => listener[Symbol.dispose]() };
}

/**
 * Pages after `after`, for ever; the caller listens already. Each time the head is reached, `waitMs()` says how long
 * to wait for news at most; when it runs out, an empty page that is up to date comes.
 */
export async function* followPages(
  { log }: FollowDeps,
  { news }: Listening,
  { taskId, after, waitMs }: { taskId: string; after: number; waitMs?: () => number | undefined },
  signal: AbortSignal,
): AsyncGenerator<FollowedPage, void, void> {
  let place = after;
  while (!signal.aborted) {
    const events = await log.read(taskId, { after: place, limit: PAGE_EVENTS });
    if (signal.aborted) return;
    place = events.at(-1)?.seq ?? place;
    // Not before a read found nothing: while a page was taken in, more may have been recorded.
    const upToDate = events.length === 0;
    yield { events, upToDate };
    if (upToDate) await news.wait(waitMs?.());
  }
}
