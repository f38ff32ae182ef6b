/**
 * What the two threads say to each other. Objects are dear to copy, flat lists and texts are not: a command travels as
 * its JSON text, and of an event that was recorded only what its sender does not know yet. Replies come in the order of
 * the requests. Errors travel as their code, and are the same classes again.
 */
import {
  BadInputError,
  EventIdConflictError,
  LimitExceededError,
  StoreCorruptError,
  StoreFullError,
  StoreUnavailableError,
  type InputIssue,
  type StoreOutcome,
} from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/event.ts';
import type { NewObservation } from '../../domain/observation.ts';
import type { NewTask } from '../event-log.ts';
import type { StoredRecord } from '../record.ts';
import { StoreUnusableError } from '../stored/open-error.ts';

export interface WriterData {
  readonly path: string;
  readonly snapshotEvery: number;
}

export type WriteCommand =
  | { readonly kind: 'append'; readonly now: number; readonly batch: readonly NewEvent[] }
  | { readonly kind: 'initTask'; readonly now: number; readonly task: NewTask }
  | { readonly kind: 'trim'; readonly taskId: string; readonly through: number }
  | { readonly kind: 'delete'; readonly taskId: string; readonly ifAt: string | undefined }
  | { readonly kind: 'publish'; readonly now: number; readonly input: NewObservation }
  | { readonly kind: 'heal'; readonly taskId: string }
  /** Refused when nothing can be written any more. */
  | { readonly kind: 'check' };

/**
 * `recordedAt` of those that are new; then three for each event of the batch: its number, its hash, and the hash before
 * it. One that is a repetition has the text of the first in the place of its number.
 */
export type Appended = readonly [recordedAt: number, ...(number | string)[]];

export interface Published extends StoredRecord {
  readonly duplicate: boolean;
}

/** By the command's kind. */
export interface WriteResults {
  readonly append: Appended;
  /** The new task's genesis record; undefined when it was known. */
  readonly initTask: string | undefined;
  readonly trim: undefined;
  /** False when there was nothing to delete. */
  readonly delete: boolean;
  readonly publish: Published;
  readonly heal: undefined;
  readonly check: undefined;
}

export type WriteResult = WriteResults[keyof WriteResults];

/** A command that waits for the writer. */
export interface WriteRequest {
  /** How many records it may add. */
  readonly count: number;
  /** The command as JSON. */
  readonly text: string;
}

export interface Refusal {
  readonly error: WireError;
}

export type WriteReply = WriteResult | Refusal;

/** Requests: of each its count, then its text. */
export type ToWriter = readonly (number | string)[] | 'stop';

export type FromWriter =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly error: WireError }
  | { readonly kind: 'warning'; readonly message: string }
  /** Replies, by far the most frequent. */
  | readonly WriteReply[];

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly cause?: string | undefined;
  readonly issues?: readonly InputIssue[] | undefined;
  readonly outcome?: StoreOutcome | undefined;
  /** The damaged place. */
  readonly what?: string | undefined;
}

export function toRequest(command: WriteCommand, text: string = JSON.stringify(command)): WriteRequest {
  return { count: command.kind === 'append' ? command.batch.length : 1, text };
}

export function isRefusal(reply: WriteReply): reply is Refusal {
  return typeof reply === 'object' && 'error' in reply;
}

export function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  return {
    name,
    message,
    cause: cause instanceof Error ? cause.message : undefined,
    issues: error instanceof BadInputError ? error.issues : undefined,
    outcome: error instanceof StoreUnavailableError ? error.outcome : undefined,
    what: error instanceof StoreCorruptError ? error.what : undefined,
  };
}

/** @param idAt the event id that was sent at an index of the batch. */
export function fromWire(wire: WireError, idAt: (index: number) => string = () => ''): Error {
  const options = wire.cause === undefined ? {} : { cause: new Error(wire.cause) };
  const [issue] = wire.issues ?? [];
  switch (wire.name) {
    case 'EventIdConflictError': {
      const index = Number(issue?.path[1] ?? 0);
      return new EventIdConflictError(index, idAt(index));
    }
    case 'LimitExceededError':
      return new LimitExceededError(issue?.path ?? [], issue?.message ?? '');
    case 'StoreFullError':
      return new StoreFullError(options);
    case 'StoreCorruptError':
      return new StoreCorruptError(wire.what ?? '', options);
    case 'StoreUnavailableError':
      return new StoreUnavailableError(wire.outcome ?? 'UNKNOWN', options);
    case 'StoreUnusableError':
      return new StoreUnusableError(wire.message, options);
    default:
      return new Error(wire.message, options);
  }
}
