/**
 * Where a watcher of a task begins, or goes on: at its cursor if the log goes on from there, and if not, at the nearest
 * place that can be told from, with a word about it.
 */
import { judgeCursor, type Cursor, type GapReason } from '../domain/cursor.ts';
import { TaskNotFoundError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import type { TaskProgress } from '../domain/progress.ts';
import type { EventLog } from '../log/event-log.ts';
import type { StepMemo } from './step-memo.ts';
import type { TaskUpdate } from './task-update.ts';

export interface TaskStartDeps {
  readonly log: EventLog;
  readonly memo: StepMemo;
}

export interface TaskStartOptions {
  readonly taskId: string;
  readonly after?: Cursor | undefined;
  readonly replay?: boolean | undefined;
}

export interface Start {
  readonly progress: TaskProgress;
  /** What to say first, if anything. */
  readonly update?: TaskUpdate;
}

/** @throws TaskNotFoundError */
export async function findStart(deps: TaskStartDeps, { taskId, after, replay }: TaskStartOptions): Promise<Start> {
  const { log, memo } = deps;
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
    return { progress: head.progress, update: memo.stateStep('snapshot', head.progress) };
  }
  const oldest = await log.progressAt(taskId, head.oldestSeq - 1);
  // Trimmed once more between the two reads: the head is always kept.
  if (oldest === undefined) return gap(head.progress, 'expired');
  return after === undefined && oldest.seq === 0 ? { progress: oldest } : gap(oldest, 'expired');
}

/**
 * The state at a cursor. When a whole crowd comes back after a restart, one of them has the log fold it and the others
 * find it remembered on the event; the event's hash, equal to the cursor's, proves it right. Not so where others write
 * as well: an older copy may have taken the log's place, and what is in memory would not show it.
 */
async function placeOf(
  { log, memo }: TaskStartDeps,
  taskId: string,
  { seq, hash }: Cursor,
): Promise<TaskProgress | undefined> {
  if (seq === 0 || !log.traits.exclusive) return log.progressAt(taskId, seq);
  const [event] = await log.read(taskId, { after: seq - 1, limit: 1 });
  const isThere = event?.seq === seq && event.hash === hash;
  const known = isThere ? memo.progressAfter(event) : undefined;
  if (known !== undefined) return known;
  const place = await log.progressAt(taskId, seq);
  if (isThere && place?.hash === hash) memo.remember(event, place);
  return place;
}

/** When the log was trimmed past a follower: the state just before the oldest event that is left. */
export async function healTrimmed(
  { log }: Pick<TaskStartDeps, 'log'>,
  page: readonly TaskEvent[],
  { taskId, seq }: TaskProgress,
): Promise<TaskProgress | undefined> {
  // No event may be left to show it.
  const next = page[0]?.seq ?? (await log.head(taskId))?.oldestSeq;
  if (next === undefined) throw new TaskNotFoundError(taskId);
  if (next <= seq + 1) return undefined;
  // Trimmed once more between the two reads: the head is always kept.
  const healed = (await log.progressAt(taskId, next - 1)) ?? (await log.head(taskId))?.progress;
  if (healed === undefined) throw new TaskNotFoundError(taskId);
  return healed;
}
