/**
 * How a fact becomes a record: one canonical JSON text, written once, stored and hashed as it is and never
 * serialised again, so that a field added later changes no old hash. The same bytes in every driver.
 */
import { hash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';
import type { Genesis, NewEvent, TaskEvent } from '../domain/event.ts';
import type { NewObservation, Observation } from '../domain/observation.ts';

/** A record as stored: its text, and the running hash just after it. */
export interface StoredRecord {
  readonly record: string;
  readonly hash: string;
}

/** First 8 bytes of SHA-256 over the hash before and the text, as 16 hexadecimal digits. */
export function nextHash(previousHash: string, record: string): string {
  return hash('sha256', previousHash + record, 'hex').slice(0, 16);
}

export function genesisRecord(genesis: Genesis): string {
  return JSON.stringify(genesis);
}

export function parseGenesis(record: string): Genesis {
  // Our own text, verified by its hash before it comes here.
  return JSON.parse(record) as Genesis;
}

/** Everything of an event but its hash. */
export function eventRecord(event: Omit<TaskEvent, 'hash'>): string {
  return JSON.stringify({
    taskId: event.taskId,
    seq: event.seq,
    eventId: event.eventId,
    eventType: event.eventType,
    timestamp: event.timestamp,
    recordedAt: event.recordedAt,
    component: event.component,
    stage: event.stage,
    message: event.message,
    details: event.details,
    progress: event.progress,
    estimatedTimeRemaining: event.estimatedTimeRemaining,
  });
}

export function parseEvent({ record, hash: eventHash }: StoredRecord): TaskEvent {
  return { ...(JSON.parse(record) as Omit<TaskEvent, 'hash'>), hash: eventHash };
}

export function observationRecord(observation: Omit<Observation, 'hash'>): string {
  return JSON.stringify({
    id: observation.id,
    seq: observation.seq,
    timestamp: observation.timestamp,
    recordedAt: observation.recordedAt,
    content: observation.content,
    taskId: observation.taskId,
    metadata: observation.metadata,
  });
}

export function parseObservation({ record, hash: observationHash }: StoredRecord): Observation {
  return { ...(JSON.parse(record) as Omit<Observation, 'hash'>), hash: observationHash };
}

/**
 * What sameness of two inputs under one id is judged on: 16 hexadecimal digits of the content with its keys sorted,
 * then the timestamp, if one was given.
 */
export function fingerprint(input: NewEvent | NewObservation): string {
  const { timestamp, ...content } = input;
  const digest = hash('sha256', stringify(content) ?? '', 'hex').slice(0, 16);
  return timestamp === undefined ? digest : `${digest}@${timestamp}`;
}

/** A timestamp that either side left out is not compared. */
export function sameFingerprint(one: string, other: string): boolean {
  if (one === other) return true;
  const [digest, timestamp] = one.split('@');
  const [otherDigest, otherTimestamp] = other.split('@');
  return digest === otherDigest && (timestamp === undefined || otherTimestamp === undefined);
}
