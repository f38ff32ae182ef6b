/**
 * How a fact becomes a record: one canonical JSON text, written once, stored and hashed as it is and never
 * serialised again, so that a field added later changes no old hash. The same bytes in every driver.
 */
import { hash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';
import type { Genesis, NewEvent, TaskEvent } from '../domain/event.ts';
import type { NewObservation, Observation } from '../domain/observation.ts';
import type { JsonObject } from '../domain/values.ts';

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

/** Everything of an event but its hashes. */
export function eventRecord(event: Omit<TaskEvent, 'hash' | 'previousHash'>): string {
  return JSON.stringify(draftEvent(event, event.seq, event.recordedAt));
}

/** @param previousHash the running hash just before it. */
export function recordEvent(
  input: NewEvent,
  {
    seq,
    recordedAt,
    previousHash,
  }: { readonly seq: number; readonly recordedAt: number; readonly previousHash: string },
): { readonly event: TaskEvent; readonly record: string } {
  const draft = draftEvent(input, seq, recordedAt);
  const record = JSON.stringify(draft);
  return { event: finish(draft, { hash: nextHash(previousHash, record), previousHash }), record };
}

/**
 * The event that parsing its record would give, without doing so: what is delivered now is what a restart will
 * deliver. It holds the very `details` of the input: see `ownInput`.
 */
export function toEvent(input: NewEvent, place: EventHashes & Pick<TaskEvent, 'seq' | 'recordedAt'>): TaskEvent {
  return finish(draftEvent(input, place.seq, place.recordedAt), place);
}

export function parseEvent({ record, ...hashes }: StoredRecord & EventHashes): TaskEvent {
  // Our own text, verified by its hash before it comes here.
  return finish(JSON.parse(record) as EventDraft, hashes);
}

/** What of an event is not in its record. */
type EventHashes = Pick<TaskEvent, 'hash' | 'previousHash'>;
type EventDraft = { -readonly [Key in keyof TaskEvent as Exclude<Key, keyof EventHashes>]: TaskEvent[Key] };

/** The keys are in the order of the record, with none for what was left out; adding 0 makes -0 what JSON makes of it. */
function draftEvent(input: NewEvent, seq: number, recordedAt: number): EventDraft {
  const draft: EventDraft = {
    taskId: input.taskId,
    seq,
    eventId: input.eventId,
    eventType: input.eventType,
    timestamp: (input.timestamp ?? recordedAt) + 0,
    recordedAt,
    component: input.component,
    stage: input.stage,
    message: input.message,
  };
  if (input.details !== undefined) draft.details = input.details;
  if (input.progress !== undefined) draft.progress = input.progress + 0;
  if (input.estimatedTimeRemaining !== undefined) draft.estimatedTimeRemaining = input.estimatedTimeRemaining;
  return draft;
}

/** The draft itself becomes the event. */
function finish(draft: EventDraft, { hash: eventHash, previousHash }: EventHashes): TaskEvent {
  return Object.assign(draft, { hash: eventHash, previousHash });
}

/** A copy that nobody else holds, so that what its producer does to the input later changes no event. */
export function ownInput(input: NewEvent): NewEvent {
  const { details } = input;
  return { ...input, details: details === undefined ? undefined : (JSON.parse(JSON.stringify(details)) as JsonObject) };
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

/** A recorded event, and whether its producer gave it its timestamp. */
export interface FoundEvent {
  readonly event: TaskEvent;
  readonly hasOwnTime: boolean;
}

/** Whether an input says what the one did that was recorded under its id. */
export function isSameInput({ event, hasOwnTime }: FoundEvent, input: NewEvent): boolean {
  const digest = contentDigest(event);
  return sameFingerprint(hasOwnTime ? `${digest}@${event.timestamp}` : digest, fingerprint(input));
}

/** The fingerprint of what an event was recorded from, had it come without a timestamp. */
export function contentDigest(event: TaskEvent): string {
  const { seq: _seq, recordedAt: _at, hash: _hash, previousHash: _before, timestamp: _timestamp, ...content } = event;
  return fingerprint(content);
}

/** A timestamp that either side left out is not compared. */
export function sameFingerprint(one: string, other: string): boolean {
  if (one === other) return true;
  const [digest, timestamp] = one.split('@');
  const [otherDigest, otherTimestamp] = other.split('@');
  return digest === otherDigest && (timestamp === undefined || otherTimestamp === undefined);
}
