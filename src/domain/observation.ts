/** An observer's commentary, on one task or on the whole system: a stream of its own, resumable like a task's. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { BoundedJsonObject, Id, Instant, textUpTo, type JsonObject } from './values.ts';

export const PublishObservationInput = z.strictObject({
  id: Id.nullish(),
  timestamp: Instant.nullish(),
  content: textUpTo(LIMITS.observationBytes),
  taskId: Id.nullish(),
  metadata: BoundedJsonObject.nullish(),
});
export type PublishObservationInput = z.input<typeof PublishObservationInput>;

/** A parsed observation that has its id: what a log appends. */
export interface NewObservation {
  readonly id: string;
  /** Milliseconds since 1970; left out: the moment of recording. */
  readonly timestamp?: number | undefined;
  readonly content: string;
  readonly taskId?: string | undefined;
  readonly metadata: JsonObject;
}

export interface Observation extends NewObservation {
  /** Its place in the stream of observations: 1, 2, 3 … */
  readonly seq: number;
  readonly timestamp: number;
  readonly recordedAt: number;
  /** The running hash of that stream just after it. */
  readonly hash: string;
}

export function toNewObservation(input: z.output<typeof PublishObservationInput>, newId: () => string): NewObservation {
  return {
    id: input.id ?? newId(),
    timestamp: input.timestamp ?? undefined,
    content: input.content,
    taskId: input.taskId ?? undefined,
    metadata: input.metadata ?? {},
  };
}
