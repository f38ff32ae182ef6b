/**
 * What the two threads say to each other. Records travel as their text, which each side parses: that is cheaper than
 * copying objects, and it is the text that was stored. Errors travel as their code, and are the same classes again.
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
import type { NewTask } from '../event-log.ts';
import type { StoredRecord } from '../record.ts';
import { StoreUnusableError } from './open-error.ts';

export interface WriterData {
  readonly path: string;
  readonly snapshotEvery: number;
}

export type WriteCommand =
  /** `batch`: NewEvent[] as JSON; `count`: how many. */
  | { readonly kind: 'append'; readonly batch: string; readonly count: number; readonly now: number }
  | { readonly kind: 'initTask'; readonly task: NewTask; readonly now: number }
  | { readonly kind: 'trim'; readonly taskId: string; readonly through: number }
  /** `input`: a NewObservation as JSON. */
  | { readonly kind: 'publish'; readonly input: string; readonly now: number }
  | { readonly kind: 'heal'; readonly taskId: string }
  /** Refused when nothing can be written any more. */
  | { readonly kind: 'check' };

export interface AppendedEvent extends StoredRecord {
  readonly duplicate: boolean;
}

/** By the command's kind. */
export interface WriteResults {
  readonly append: readonly AppendedEvent[];
  /** The new task's genesis record; undefined when it was known. */
  readonly initTask: string | undefined;
  readonly trim: undefined;
  readonly publish: AppendedEvent;
  readonly heal: undefined;
  readonly check: undefined;
}

export type WriteResult = WriteResults[keyof WriteResults];

export interface WriteRequest {
  readonly id: number;
  readonly command: WriteCommand;
}

export type WriteReply =
  | { readonly id: number; readonly result: WriteResult; readonly error?: undefined }
  | { readonly id: number; readonly error: WireError };

export type ToWriter = readonly WriteRequest[] | 'stop';

export type FromWriter =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly error: WireError }
  | { readonly kind: 'replies'; readonly replies: readonly WriteReply[] }
  | { readonly kind: 'warning'; readonly message: string };

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly cause?: string | undefined;
  readonly issues?: readonly InputIssue[] | undefined;
  readonly outcome?: StoreOutcome | undefined;
  /** The damaged place. */
  readonly what?: string | undefined;
}

/** What a command takes while it waits. */
export function sizeOf(command: WriteCommand): number {
  switch (command.kind) {
    case 'append':
      return command.batch.length;
    case 'publish':
      return command.input.length;
    case 'initTask':
      return JSON.stringify(command.task).length;
    default:
      return 0;
  }
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
