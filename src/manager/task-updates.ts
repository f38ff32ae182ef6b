/**
 * One watcher's stream of one task: where it stands, then every event in order, and a typed word whenever continuity
 * cannot be kept. A watcher is a cursor, not a queue: nothing is kept for it here but its place and the state there.
 */
import type { Cursor } from '../domain/cursor.ts';
import { TaskNotFoundError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { isFinal, type TaskProgress } from '../domain/progress.ts';
import { cancellable } from '../util/cancellable.ts';
import { matchesEvent, type EventFilter } from './event-filter.ts';
import { followPages, listenToTask, waitForTask, type FollowDeps, type FollowedPage } from './follow.ts';
import type { ProgressAfter } from './progress-memo.ts';

/** Why a stream could not go on from a cursor: its events are no longer kept, or its history is not this one. */
export type GapReason = 'expired' | 'diverged';

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
  readonly progressAfter: ProgressAfter;
}

/** A hidden stretch as long as this is told of at once, so that a resume never scans more than that again. */
const CHECKPOINT_EVENTS = 1_000;
/** On reaching the head with something hidden, a checkpoint goes out, but not more often than this. */
const CHECKPOINT_INTERVAL_MS = 1_000;

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
      progress = deps.progressAfter(progress, event);
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

async function findStart({ log }: FollowDeps, { taskId, after, replay }: TaskUpdatesOptions): Promise<Start> {
  // The place before the head: if the log is trimmed in between, the head tells so.
  const place = after === undefined ? undefined : await log.progressAt(taskId, after.seq);
  const head = await log.head(taskId);
  if (head === undefined) throw new TaskNotFoundError(taskId);
  const gap = (progress: TaskProgress, reason: GapReason): Start => ({
    progress,
    update: { kind: 'gap', progress, reason },
  });
  if (after !== undefined) {
    if (place?.hash === after.hash) return { progress: place };
    // What lies before the oldest event kept cannot be told apart any more: nothing of it is left to compare.
    if (after.seq >= head.oldestSeq - 1) return gap(head.progress, 'diverged');
  } else if (replay !== true) {
    return { progress: head.progress, update: { kind: 'snapshot', progress: head.progress } };
  }
  const oldest = await log.progressAt(taskId, head.oldestSeq - 1);
  // Trimmed once more between the two reads: the head is always kept.
  if (oldest === undefined) return gap(head.progress, 'expired');
  return after === undefined && oldest.seq === 0 ? { progress: oldest } : gap(oldest, 'expired');
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

/** When to tell a filtered watcher how far its cursor has come. */
function createCheckpoints(): {
  frameSent(): void;
  /** One more event is hidden. True when that must be told at once. */
  hide(): boolean;
  /** At the head: whether to tell now. */
  isDue(): boolean;
  /** How long to wait for news before `isDue` is worth asking again; undefined: for ever. */
  waitMs(): number | undefined;
} {
  let hidden = 0;
  let lastTold = Number.NEGATIVE_INFINITY;
  const tell = (): true => {
    hidden = 0;
    lastTold = performance.now();
    return true;
  };
  const remainingMs = (): number => Math.max(0, lastTold + CHECKPOINT_INTERVAL_MS - performance.now());
  return {
    frameSent: () => (hidden = 0),
    hide: () => (hidden += 1) >= CHECKPOINT_EVENTS && tell(),
    isDue: () => hidden > 0 && remainingMs() === 0 && tell(),
    waitMs: () => (hidden > 0 ? Math.ceil(remainingMs()) : undefined),
  };
}
