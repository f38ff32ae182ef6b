/** The stream of observations, with the rules of a task's stream: in order, resumable, and never silent about a gap. */
import { judgeCursor, type Cursor, type GapReason } from '../domain/cursor.ts';
import type { Observation } from '../domain/observation.ts';
import type { EventLog } from '../log/event-log.ts';
import { createAutoResetEvent } from '../util/auto-reset-event.ts';
import { cancellable } from '../util/cancellable.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import { createCheckpoints } from './checkpoints.ts';
import type { Notices } from './notices.ts';
import { askPatiently } from './patience.ts';
import { readObservations } from './reads.ts';

/** One step of the stream; `cursor` is the place just after it. */
export type ObservationUpdate =
  | { readonly kind: 'recorded'; readonly cursor: Cursor; readonly observation: Observation }
  | { readonly kind: 'checkpoint'; readonly cursor: Cursor }
  | { readonly kind: 'gap'; readonly cursor: Cursor; readonly reason: GapReason };

export interface ObservationUpdatesOptions {
  /** Only what was said of this task. */
  readonly taskId?: string | undefined;
  /** Go on from here; without it, from now on. */
  readonly after?: Cursor | undefined;
  /** Without `after`: begin with the last so many; at most `LIMITS.pageMax`. */
  readonly last?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 200;

export function observationUpdates(
  { log, notices }: { readonly log: EventLog; readonly notices: Notices },
  { taskId, after, last = 0, signal: outer }: ObservationUpdatesOptions,
): AsyncIterableIterator<ObservationUpdate, void, void> {
  return cancellable(async function* (signal) {
    const news = createAutoResetEvent(signal);
    let isDoubtful = false;
    const doubt = (): void => {
      isDoubtful = true;
      news.set();
    };
    const ask = <Answer>(question: () => MaybePromise<Answer>): Promise<Answer> => askPatiently(question, news, signal);
    using _listening = await ask(() => notices.listenObservations({ wake: news.set, doubt }));
    const start = await ask(() =>
      after === undefined ? findPlaceBefore(log, { taskId, last }) : findStart(log, after),
    );
    if (start.update !== undefined) yield start.update;
    const checkpoints = createCheckpoints();
    let { cursor } = start;
    while (!signal.aborted) {
      const page = await ask(() => log.readObservations({ after: cursor.seq, limit: PAGE }));
      // Where others write as well, an older copy of the log may have taken its place between any two reads.
      if (isDoubtful || (page.length > 0 && !log.traits.exclusive)) {
        isDoubtful = false;
        const again = await ask(() => findStart(log, cursor));
        if (again.update !== undefined) {
          cursor = again.cursor;
          yield again.update;
          continue;
        }
      }
      for (const observation of page) {
        cursor = { seq: observation.seq, hash: observation.hash };
        if (taskId === undefined || observation.taskId === taskId) {
          checkpoints.frameSent();
          yield { kind: 'recorded', cursor, observation };
        } else if (checkpoints.hide()) {
          yield { kind: 'checkpoint', cursor };
        }
        if (signal.aborted) return;
      }
      if (page.length > 0) continue;
      if (checkpoints.isDue()) yield { kind: 'checkpoint', cursor };
      await news.wait(checkpoints.waitMs());
    }
  }, outer);
}

interface Start {
  readonly cursor: Cursor;
  readonly update?: ObservationUpdate;
}

/** Before the last so many, or now: the stream says where that is, so that it can be resumed before anything was said. */
async function findPlaceBefore(
  log: EventLog,
  wanted: { readonly taskId?: string | undefined; readonly last: number },
): Promise<Start> {
  const { items, endCursor } = await readObservations(log, wanted);
  const [first] = items;
  const place = first === undefined ? endCursor : await log.observationPlace(first.seq - 1);
  const { seq, hash } = place ?? endCursor;
  const cursor = { seq, hash };
  return { cursor, update: { kind: 'checkpoint', cursor } };
}

async function findStart(log: EventLog, after: Cursor): Promise<Start> {
  const head = await log.observationPlace();
  if (head === undefined) throw new Error('The stream of observations has no head.');
  const headCursor = { seq: head.seq, hash: head.hash };
  const verdict = judgeCursor(after, (await log.observationPlace(after.seq))?.hash, head.oldestSeq);
  if (verdict === 'continues') return { cursor: after };
  const oldest = verdict === 'expired' ? await log.observationPlace(head.oldestSeq - 1) : undefined;
  const cursor = oldest === undefined ? headCursor : { seq: oldest.seq, hash: oldest.hash };
  return { cursor, update: { kind: 'gap', cursor, reason: verdict } };
}
