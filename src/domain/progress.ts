/**
 * The fold: a task's progress is a function of its log up to a sequence and of nothing else. It is total (a stored
 * fact cannot be refused), pure, and never mutates what it was given, so that every server shows the same state for
 * the same log, and any number of subscribers can hold the same value.
 */
import { withEntry } from './growing-map.ts';
import type { EventType, Genesis, ProgressStage, TaskEvent } from './event.ts';

export const TASK_STATUSES = ['running', 'completed', 'failed'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export interface ComponentProgress {
  readonly name: string;
  /** The type of its latest event. */
  readonly status: EventType;
  /** 0 to 1: its last reported progress; 0 until it reports one. */
  readonly progress: number;
  readonly stage: ProgressStage;
  readonly message: string;
  readonly startedAt: number;
  readonly lastUpdate: number;
}

export interface TaskProgress {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly stage: ProgressStage;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The latest time reported so far; never goes back. */
  readonly lastUpdate: number;
  /** By name, in the order in which they first reported. A Map: a component may be named `__proto__`. */
  readonly components: ReadonlyMap<string, ComponentProgress>;
  /** The mean of the components' progress, 0 to 1; 0 while there are none. */
  readonly overallProgress: number;
  /** The highest overall so far, at most 0.99 until the task completed, then 1. */
  readonly displayProgress: number;
  /** The sequence of the last event folded in, and the running hash just after it. */
  readonly seq: number;
  readonly hash: string;
}

/** An unfinished task never shows as done. */
const DISPLAY_CEILING = 0.99;

/** The progress before the first event. @param hash the running hash after the genesis record. */
export function initialProgress(genesis: Genesis, hash: string): TaskProgress {
  return {
    taskId: genesis.taskId,
    status: 'running',
    stage: 'planning',
    startedAt: genesis.startedAt,
    lastUpdate: genesis.startedAt,
    components: new Map(),
    overallProgress: 0,
    displayProgress: 0,
    seq: 0,
    hash,
  };
}

/** The progress just after `event`. `event` must be the one that follows `progress.seq`. */
export function foldEvent(progress: TaskProgress, event: TaskEvent): TaskProgress {
  // The end is final: a late fact is recorded, and moves nothing but the place in the log.
  if (isFinal(progress)) return { ...progress, seq: event.seq, hash: event.hash };
  const status = statusAfter(event.eventType);
  const component = componentAfter(progress.components.get(event.component), event);
  const components = withEntry(progress.components, event.component, component);
  const overallProgress = meanProgress(components);
  return {
    taskId: progress.taskId,
    status,
    stage: event.stage,
    startedAt: progress.startedAt,
    lastUpdate: Math.max(progress.lastUpdate, eventTime(event)),
    components,
    overallProgress,
    displayProgress:
      status === 'completed' ? 1 : Math.max(progress.displayProgress, Math.min(overallProgress, DISPLAY_CEILING)),
    seq: event.seq,
    hash: event.hash,
  };
}

/** COMPLETED and FAILED are final. */
export function isFinal(progress: TaskProgress): boolean {
  return progress.status !== 'running';
}

/**
 * The component just after its event. An event that came after the end, from a component that never reported
 * before, is in no progress: it is shown as the event alone tells it.
 */
export function componentOf(progress: TaskProgress, event: TaskEvent): ComponentProgress {
  return progress.components.get(event.component) ?? componentAfter(undefined, event);
}

/** When an event counts as having happened: a producer's clock that runs ahead moves nothing into the future. */
export function eventTime(event: { readonly timestamp: number; readonly recordedAt: number }): number {
  return Math.min(event.timestamp, event.recordedAt);
}

function componentAfter(before: ComponentProgress | undefined, event: TaskEvent): ComponentProgress {
  const time = eventTime(event);
  return {
    name: event.component,
    status: event.eventType,
    progress: event.progress ?? before?.progress ?? 0,
    stage: event.stage,
    message: event.message,
    startedAt: before?.startedAt ?? time,
    lastUpdate: before === undefined ? time : Math.max(before.lastUpdate, time),
  };
}

/** Only these two events end a task; a stage never does. */
function statusAfter(eventType: EventType): TaskStatus {
  if (eventType === 'task_completed') return 'completed';
  return eventType === 'task_failed' ? 'failed' : 'running';
}

/** Summed afresh in a fixed order: a running sum would drift with rounding. */
function meanProgress(components: ReadonlyMap<string, ComponentProgress>): number {
  let sum = 0;
  components.forEach((component) => {
    sum += component.progress;
  });
  return components.size === 0 ? 0 : sum / components.size;
}
