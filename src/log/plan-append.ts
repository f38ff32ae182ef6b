/**
 * What an append would write, worked out before its first row is written: numbers, records, hashes, folds,
 * duplicates and refusals. Pure, so every driver that uses it stores the same bytes for the same input, and a
 * refused batch costs the others of its group commit nothing.
 */
import type { NewEvent, TaskEvent } from '../domain/event.ts';
import { EventIdConflictError, LimitExceededError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { eventTime, foldEvent, initialProgress, isFinal, type TaskProgress } from '../domain/progress.ts';
import type { AppendResult, NewTask, TaskHead } from './event-log.ts';
import { eventRecord, fingerprint, genesisRecord, nextHash, parseEvent, sameFingerprint } from './record.ts';

/** What planning needs to know of the store as it stands. */
export interface AppendLookups {
  head(taskId: string): TaskHead | undefined;
  /** `recordedAt` of the task's last event, or its `createdAt`. */
  lastRecordedAt(taskId: string): number | undefined;
  findEvent(taskId: string, eventId: string): FoundEvent | undefined;
}

export interface FoundEvent {
  readonly event: TaskEvent;
  readonly fingerprint: string;
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
  readonly results: readonly AppendResult[];
  readonly newTasks: readonly PlannedTask[];
  /** In the order in which they are to be written. */
  readonly newEvents: readonly PlannedEvent[];
  /** The heads of all tasks that the batch touches, as they will stand. */
  readonly heads: ReadonlyMap<string, TaskHead>;
}

/**
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
  const heads = new Map<string, TaskHead>();
  const planned = new Map<string, FoundEvent>();
  const recordedAt = recordingTime(batch, lookups, now);

  const results = batch.map((input, index): AppendResult => {
    const inputFingerprint = fingerprint(input);
    const key = JSON.stringify([input.taskId, input.eventId]);
    const known = planned.get(key) ?? lookups.findEvent(input.taskId, input.eventId);
    if (known !== undefined) {
      if (!sameFingerprint(known.fingerprint, inputFingerprint)) throw new EventIdConflictError(index, input.eventId);
      return { event: known.event, duplicate: true };
    }
    let head = heads.get(input.taskId) ?? lookups.head(input.taskId);
    if (head === undefined) {
      const task = planTask({ taskId: input.taskId, labels: [] }, recordedAt, newLogId(), input.timestamp);
      newTasks.push(task);
      head = task.head;
    }
    refuseBeyondLimits(head, input, index);
    const event = planEvent(input, head, recordedAt, inputFingerprint);
    newEvents.push(event);
    planned.set(key, event);
    heads.set(input.taskId, { ...head, progress: event.progress });
    return { event: event.event, duplicate: false };
  });
  return { results, newTasks, newEvents, heads };
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
function recordingTime(batch: readonly NewEvent[], lookups: AppendLookups, now: number): number {
  let latest = now;
  for (const taskId of new Set(batch.map((input) => input.taskId))) {
    latest = Math.max(latest, lookups.lastRecordedAt(taskId) ?? latest);
  }
  return latest;
}

function refuseBeyondLimits({ progress }: TaskHead, input: NewEvent, index: number): void {
  if (progress.seq >= LIMITS.maxSeq) {
    throw new LimitExceededError(['inputs', index, 'taskId'], 'the task has as many events as can be numbered');
  }
  const isNew = !isFinal(progress) && !progress.components.has(input.component);
  if (isNew && progress.components.size >= LIMITS.componentsPerTask) {
    const message = `a task has at most ${LIMITS.componentsPerTask} components`;
    throw new LimitExceededError(['inputs', index, 'component'], message);
  }
}

function planEvent(input: NewEvent, head: TaskHead, recordedAt: number, inputFingerprint: string): PlannedEvent {
  const facts = { ...input, timestamp: input.timestamp ?? recordedAt, recordedAt, seq: head.progress.seq + 1 };
  const record = eventRecord(facts);
  // Read back from its own text: what is delivered now is what a restart will deliver, and nobody else holds it.
  const event = parseEvent({ record, hash: nextHash(head.progress.hash, record) });
  return { event, record, fingerprint: inputFingerprint, progress: foldEvent(head.progress, event) };
}
