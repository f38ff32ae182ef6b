/**
 * What an append would write, worked out before its first row is written: numbers, records, hashes, folds,
 * duplicates and refusals. Pure, so every driver that uses it stores the same bytes for the same input, and a
 * refused batch costs the others of its group commit nothing.
 */
import type { NewEvent } from '../domain/event.ts';
import { EventIdConflictError, LimitExceededError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { eventTime, foldEvent, initialProgress, isFinal, type TaskProgress } from '../domain/progress.ts';
import type { AppendResult, NewTask, TaskHead } from './event-log.ts';
import { genesisRecord, isSameInput, nextHash, recordEvent, type FoundEvent } from './record.ts';

/** What planning needs to know of the store as it stands. */
export interface AppendLookups {
  head(taskId: string): TaskHead | undefined;
  /** `recordedAt` of the task's last event, or its `createdAt`. */
  lastRecordedAt(taskId: string): number | undefined;
  findEvent(taskId: string, eventId: string): FoundEvent | undefined;
}

export interface PlannedEvent extends FoundEvent {
  readonly record: string;
  /** The task's progress just after this event. */
  readonly progress: TaskProgress;
}

export interface PlannedTask {
  readonly head: TaskHead;
  readonly record: string;
  readonly hash: string;
}

export interface AppendPlan {
  /** The same for all events of the append. */
  readonly recordedAt: number;
  readonly results: readonly AppendResult[];
  readonly newTasks: readonly PlannedTask[];
  /** In the order in which they are to be written. */
  readonly newEvents: readonly PlannedEvent[];
  /** The heads of all tasks that the batch adds to, as they will stand. */
  readonly heads: ReadonlyMap<string, TaskHead>;
}

/** A task as it stands at some point of the batch. */
interface TaskState {
  /** Undefined when it is not begun yet. */
  head: TaskHead | undefined;
  progress: TaskProgress | undefined;
  /** By event id, those of the batch. */
  readonly planned: Map<string, PlannedEvent>;
}

/**
 * @param batch held by nobody else: its details go into the events as they are.
 * @param now milliseconds since 1970, the moment of recording.
 * @param newLogId a fresh random id for each task that is begun.
 * @throws EventIdConflictError, LimitExceededError
 */
export function planAppend(
  batch: readonly NewEvent[],
  lookups: AppendLookups,
  now: number,
  newLogId: () => string,
): AppendPlan {
  const newTasks: PlannedTask[] = [];
  const newEvents: PlannedEvent[] = [];
  const tasks = loadTasks(batch, lookups);
  const recordedAt = recordingTime(tasks.keys(), lookups, now);

  const results = batch.map((input, index): AppendResult => {
    const { taskId, eventId } = input;
    const task = tasks.get(taskId) ?? unknownTask();
    const known = task.planned.get(eventId) ?? lookups.findEvent(taskId, eventId);
    if (known !== undefined) {
      if (!isSameInput(known, input)) throw new EventIdConflictError(index, eventId);
      return { event: known.event, duplicate: true };
    }
    if (task.head === undefined) {
      const begun = planTask({ taskId, labels: [] }, recordedAt, newLogId(), input.timestamp);
      newTasks.push(begun);
      task.head = begun.head;
    }
    const before = task.progress ?? task.head.progress;
    refuseBeyondLimits(before, input, index);
    const planned = planEvent(input, before, recordedAt);
    newEvents.push(planned);
    task.planned.set(eventId, planned);
    task.progress = planned.progress;
    return { event: planned.event, duplicate: false };
  });
  return { recordedAt, results, newTasks, newEvents, heads: headsAfter(tasks) };
}

function loadTasks(batch: readonly NewEvent[], lookups: AppendLookups): ReadonlyMap<string, TaskState> {
  const tasks = new Map<string, TaskState>();
  for (const { taskId } of batch) {
    if (!tasks.has(taskId)) tasks.set(taskId, { ...unknownTask(), head: lookups.head(taskId) });
  }
  return tasks;
}

function unknownTask(): TaskState {
  return { head: undefined, progress: undefined, planned: new Map() };
}

function headsAfter(tasks: ReadonlyMap<string, TaskState>): ReadonlyMap<string, TaskHead> {
  const heads = new Map<string, TaskHead>();
  for (const [taskId, { head, progress }] of tasks) {
    if (head !== undefined && progress !== undefined) heads.set(taskId, { ...head, progress });
  }
  return heads;
}

/** A task's first record. @param firstTimestamp of the event that begins it, when it is begun by one. */
export function planTask(task: NewTask, createdAt: number, logId: string, firstTimestamp = createdAt): PlannedTask {
  const startedAt = eventTime({ timestamp: firstTimestamp, recordedAt: createdAt });
  const genesis = { logId, taskId: task.taskId, title: task.title, labels: [...task.labels], createdAt, startedAt };
  const record = genesisRecord(genesis);
  const hash = nextHash('', record);
  return { head: { genesis, progress: initialProgress(genesis, hash), oldestSeq: 1 }, record, hash };
}

/** One moment for the whole append; a clock that was set back does not make a task's log go back. */
function recordingTime(taskIds: Iterable<string>, lookups: AppendLookups, now: number): number {
  let latest = now;
  for (const taskId of taskIds) latest = Math.max(latest, lookups.lastRecordedAt(taskId) ?? latest);
  return latest;
}

function refuseBeyondLimits(progress: TaskProgress, input: NewEvent, index: number): void {
  if (progress.seq >= LIMITS.maxSeq) {
    throw new LimitExceededError(['inputs', index, 'taskId'], 'the task has as many events as can be numbered');
  }
  if (progress.components.size < LIMITS.componentsPerTask) return;
  if (!isFinal(progress) && !progress.components.has(input.component)) {
    const message = `a task has at most ${LIMITS.componentsPerTask} components`;
    throw new LimitExceededError(['inputs', index, 'component'], message);
  }
}

function planEvent(input: NewEvent, before: TaskProgress, recordedAt: number): PlannedEvent {
  const place = { seq: before.seq + 1, recordedAt, previousHash: before.hash };
  const { event, record } = recordEvent(input, place);
  return { event, record, hasOwnTime: input.timestamp !== undefined, progress: foldEvent(before, event) };
}
