/**
 * What a producer says (`EmitEventInput`) and what is recorded of it (`TaskEvent`). The names are those of the
 * original mixture-of-experts system: its lower-case wire words inside and in JSON Lines, upper case in GraphQL.
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { BoundedJsonObject, ComponentName, Fraction, Id, Instant, textUpTo, type JsonObject } from './values.ts';

export const EVENT_TYPES = [
  'task_started',
  'task_completed',
  'task_failed',
  'belter_assigned',
  'belter_started',
  'belter_completed',
  'belter_failed',
  'drummer_assigned',
  'drummer_started',
  'drummer_completed',
  'drummer_failed',
  'data_gathering',
  'data_processing',
  'analysis_started',
  'analysis_completed',
  'synthesis_started',
  'synthesis_completed',
  'progress_update',
  'warning',
  'error',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const PROGRESS_STAGES = [
  'planning',
  'data_gathering',
  'analysis',
  'synthesis',
  'review',
  'complete',
  'failed',
] as const;
export type ProgressStage = (typeof PROGRESS_STAGES)[number];

/** An event as a producer hands it in. Null counts as left out. */
export const EmitEventInput = z.strictObject({
  eventId: Id.nullish(),
  taskId: Id,
  eventType: z.enum(EVENT_TYPES),
  timestamp: Instant.nullish(),
  component: ComponentName,
  stage: z.enum(PROGRESS_STAGES),
  message: textUpTo(LIMITS.messageBytes),
  details: BoundedJsonObject.nullish(),
  progress: Fraction.nullish(),
  estimatedTimeRemaining: textUpTo(LIMITS.estimateBytes).nullish(),
});
/** What a caller of the library writes. */
export type EmitEventInput = z.input<typeof EmitEventInput>;
/** The same, checked. */
export type ParsedEvent = z.output<typeof EmitEventInput>;

/** A task as a producer announces it before its first event. */
export const InitTaskInput = z.strictObject({
  taskId: Id,
  title: textUpTo(LIMITS.titleBytes).nullish(),
  labels: z.array(textUpTo(LIMITS.titleBytes)).max(LIMITS.labels, `must be at most ${LIMITS.labels} labels`).nullish(),
});
export type InitTaskInput = z.input<typeof InitTaskInput>;

/** A parsed event that has its id: what a log appends. */
export interface NewEvent {
  readonly taskId: string;
  readonly eventId: string;
  readonly eventType: EventType;
  /** Milliseconds since 1970; left out: the moment of recording. */
  readonly timestamp?: number | undefined;
  readonly component: string;
  readonly stage: ProgressStage;
  readonly message: string;
  readonly details?: JsonObject | undefined;
  readonly progress?: number | undefined;
  readonly estimatedTimeRemaining?: string | undefined;
}

/** One recorded event of a task. It never changes once recorded. */
export interface TaskEvent extends NewEvent {
  /** Its place in the task's log: 1, 2, 3 … without a hole. */
  readonly seq: number;
  /** Milliseconds since 1970, by the producer's clock. */
  readonly timestamp: number;
  /** Milliseconds since 1970, by the server's clock; never decreases along a task. */
  readonly recordedAt: number;
  /** The running hash of the task's log just after this event: 16 hexadecimal digits. */
  readonly hash: string;
  /** The same just before it: which history it goes on from. */
  readonly previousHash: string;
}

/** The first record of a task's log. It seeds the running hash and the fold. */
export interface Genesis {
  /** Random; tells this log from any other of the same name. */
  readonly logId: string;
  readonly taskId: string;
  readonly title?: string | undefined;
  readonly labels: readonly string[];
  /** Milliseconds since 1970, by the server's clock. */
  readonly createdAt: number;
  /** When the work began: the time of the event that created the task, else `createdAt`. */
  readonly startedAt: number;
}

/** Give a parsed event its id: the producer's, else `newId()`. */
export function toNewEvent(event: ParsedEvent, newId: () => string): NewEvent {
  return {
    taskId: event.taskId,
    eventId: event.eventId ?? newId(),
    eventType: event.eventType,
    timestamp: event.timestamp ?? undefined,
    component: event.component,
    stage: event.stage,
    message: event.message,
    details: event.details ?? undefined,
    progress: event.progress ?? undefined,
    estimatedTimeRemaining: event.estimatedTimeRemaining ?? undefined,
  };
}
