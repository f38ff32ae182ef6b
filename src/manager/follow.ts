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
  /** What was read before may be of another history, or the task may be gone. Whoever has compared takes it back. */
  isDoubtful: boolean;
}

const PAGE_EVENTS = 200;

export async function listenToTask({ notices }: FollowDeps, taskId: string, signal: AbortSignal): Promise<Listening> {
  const news = createAutoResetEvent(signal);
  const stack = new DisposableStack();
  const listening: Listening = { news, isDoubtful: false, [Symbol.dispose]: () => stack.dispose() };
  const doubt = (): void => {
    listening.isDoubtful = true;
    news.set();
  };
  stack.use(await notices.listenTask(taskId, { wake: news.set, doubt }));
  return listening;
}

/**
 * Pages after `place`, which the caller moves on, for ever; the caller listens already. At the head an empty page comes
 * that is up to date, and the next one when there are news.
 */
export async function* followPages(
  { log }: FollowDeps,
  { news }: Listening,
  place: { readonly taskId: string; readonly after: number },
  signal: AbortSignal,
): AsyncGenerator<FollowedPage, void, void> {
  while (!signal.aborted) {
    const events = await log.read(place.taskId, { after: place.after, limit: PAGE_EVENTS });
    if (signal.aborted) return;
    // Not before a read found nothing: while a page was taken in, more may have been recorded.
    const upToDate = events.length === 0;
    yield { events, upToDate };
    if (upToDate) await news.wait();
  }
}
