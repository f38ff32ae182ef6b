/**
 * One watcher's stream of one task: where it stands, then every event in order, and a typed word whenever continuity
 * cannot be kept. A watcher is a cursor, not a queue: nothing is kept for it here but its place and the state there.
 */
import { judgeCursor, type Cursor, type GapReason } from '../domain/cursor.ts';
import { TaskNotFoundError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { isFinal, type TaskProgress } from '../domain/progress.ts';
import { cancellable } from '../util/cancellable.ts';
import { createCheckpoints } from './checkpoints.ts';
import { matchesEvent, type EventFilter } from './event-filter.ts';
import { followPages, listenToTask, waitForTask, type FollowDeps, type FollowedPage } from './follow.ts';
import type { ProgressMemo } from './progress-memo.ts';

/** One step of a task's stream; `progress` is the fold at its place, which is the step's cursor. */
export type TaskUpdate =
  | { readonly kind: 'snapshot' | 'checkpoint' | 'ended'; readonly progress: TaskProgress }
  | { readonly kind: 'event'; readonly progress: TaskProgress; readonly event: TaskEvent }
  | { readonly kind: 'gap'; readonly progress: TaskProgress; readonly reason: GapReason };

export interface TaskUpdatesOptions {
  readonly taskId: string;
  /** Go on from here; without it, begin with a snapshot, or with the first event when `replay` is set. */
  readonly after?: Cursor | undefined;
  readonly replay?: boolean | undefined;
  readonly filter?: EventFilter | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TaskUpdatesDeps extends FollowDeps {
  readonly memo: ProgressMemo;
}

/** @throws TaskNotFoundError when `after` is given and the task is not known. */
export async function taskUpdates(
  deps: TaskUpdatesDeps,
  options: TaskUpdatesOptions,
): Promise<AsyncIterableIterator<TaskUpdate, void, void>> {
  const { taskId, after, signal } = options;
  if (after !== undefined && (await deps.log.head(taskId)) === undefined) throw new TaskNotFoundError(taskId);
  return cancellable((ownSignal) => streamUpdates(deps, options, ownSignal), signal);
}

async function* streamUpdates(
  deps: TaskUpdatesDeps,
  options: TaskUpdatesOptions,
  signal: AbortSignal,
): AsyncGenerator<TaskUpdate, void, void> {
  const { taskId, filter } = options;
  // Before the first read, or an append in between would go unseen.
  using listening = await listenToTask(deps, taskId, signal);
  const known = await waitForTask(deps, listening, taskId, signal);
  if (known === undefined) return;
  const start = await findStart(deps, options);
  if (start.update !== undefined) yield start.update;

  const checkpoints = createCheckpoints();
  let { progress } = start;
  const pages = followPages(deps, listening, { taskId, after: progress.seq, waitMs: checkpoints.waitMs }, signal);
  for await (const page of pages) {
    const healed = await healTrimmed(deps, page, progress);
    if (healed !== undefined) {
      checkpoints.frameSent();
      yield { kind: 'gap', progress: (progress = healed), reason: 'expired' };
    }
    for (const event of page.events) {
      // Folded into the state that healed a gap already.
      if (event.seq <= progress.seq) continue;
      progress = deps.memo.after(progress, event);
      if (matchesEvent(filter, event)) {
        checkpoints.frameSent();
        yield { kind: 'event', progress, event };
      } else if (checkpoints.hide()) {
        yield { kind: 'checkpoint', progress };
      }
      if (signal.aborted) return;
    }
    if (page.upToDate && isFinal(progress)) {
      yield { kind: 'ended', progress };
      return;
    }
    if (page.upToDate && checkpoints.isDue()) yield { kind: 'checkpoint', progress };
  }
}

interface Start {
  readonly progress: TaskProgress;
  /** What to say first, if anything. */
  readonly update?: TaskUpdate;
}

async function findStart(deps: TaskUpdatesDeps, { taskId, after, replay }: TaskUpdatesOptions): Promise<Start> {
  const { log } = deps;
  // The place before the head: if the log is trimmed in between, the head tells so.
  const place = after === undefined ? undefined : await placeOf(deps, taskId, after);
  const head = await log.head(taskId);
  if (head === undefined) throw new TaskNotFoundError(taskId);
  const gap = (progress: TaskProgress, reason: GapReason): Start => ({
    progress,
    update: { kind: 'gap', progress, reason },
  });
  if (after !== undefined) {
    const verdict = judgeCursor(after, place?.hash, head.oldestSeq);
    if (verdict === 'continues' && place !== undefined) return { progress: place };
    if (verdict === 'diverged') return gap(head.progress, verdict);
  } else if (replay !== true) {
    return { progress: head.progress, update: { kind: 'snapshot', progress: head.progress } };
  }
  const oldest = await log.progressAt(taskId, head.oldestSeq - 1);
  // Trimmed once more between the two reads: the head is always kept.
  if (oldest === undefined) return gap(head.progress, 'expired');
  return after === undefined && oldest.seq === 0 ? { progress: oldest } : gap(oldest, 'expired');
}

/**
 * The state at a cursor. When a whole crowd comes back after a restart, one of them has the log fold it and the others
 * find it remembered on the event; the event's hash, equal to the cursor's, proves it right.
 */
async function placeOf(
  { log, memo }: TaskUpdatesDeps,
  taskId: string,
  { seq, hash }: Cursor,
): Promise<TaskProgress | undefined> {
  const [event] = seq === 0 ? [] : await log.read(taskId, { after: seq - 1, limit: 1 });
  const isThere = event?.seq === seq && event.hash === hash;
  const known = isThere ? memo.get(event) : undefined;
  if (known !== undefined) return known;
  const place = await log.progressAt(taskId, seq);
  if (isThere && place?.hash === hash) memo.set(event, place);
  return place;
}

/** When the log was trimmed past a follower: the state just before the oldest event that is left. */
async function healTrimmed(
  { log }: FollowDeps,
  { events }: FollowedPage,
  { taskId, seq }: TaskProgress,
): Promise<TaskProgress | undefined> {
  // No event may be left to show it.
  const next = events[0]?.seq ?? (await log.head(taskId))?.oldestSeq ?? 0;
  if (next <= seq + 1) return undefined;
  // Trimmed once more between the two reads: the head is always kept.
  const healed = (await log.progressAt(taskId, next - 1)) ?? (await log.head(taskId))?.progress;
  if (healed === undefined) throw new TaskNotFoundError(taskId);
  return healed;
}
