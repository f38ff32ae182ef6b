/**
 * A cursor is a position with a fingerprint: a sequence, and the running hash over everything recorded up to it.
 * Comparing the hash at that sequence tells a lost tail, a restored backup or a recreated task from the history
 * that the cursor was taken from, even after the log has grown past it. It is no permission and not secret.
 */
import { CursorInvalidError } from './errors.ts';
import { LIMITS } from './limits.ts';

export interface Cursor {
  /** The sequence of the last record before this place; 0 is the beginning. */
  readonly seq: number;
  /** The running hash just after that record: 16 hexadecimal digits. */
  readonly hash: string;
}

/** The `+` is a mark on the event id of an event stream, which is a cursor wherever it is handed back. */
const PATTERN = /^v1\.(0|[1-9][0-9]{0,9})\.([0-9a-f]{16})\+?$/;

export function formatCursor({ seq, hash }: Cursor): string {
  return `v1.${seq}.${hash}`;
}

/** @throws CursorInvalidError unless the text has the form that `formatCursor` gives. */
export function parseCursor(text: string): Cursor {
  const match = PATTERN.exec(text);
  const seq = Number(match?.[1]);
  const hash = match?.[2];
  if (hash === undefined || seq > LIMITS.maxSeq) throw new CursorInvalidError();
  return { seq, hash };
}

/** Why reading could not go on from a cursor: its events are no longer kept, or its history is not this one. */
export type GapReason = 'expired' | 'diverged';

/**
 * Whether a log goes on from a cursor.
 * @param there the running hash at the cursor's place, read from the log itself; undefined when the place is not kept.
 * @param oldestSeq the first record still kept. What lies before it cannot be told apart: nothing is left to compare.
 */
export function judgeCursor(cursor: Cursor, there: string | undefined, oldestSeq: number): 'continues' | GapReason {
  if (there === cursor.hash) return 'continues';
  return cursor.seq < oldestSeq - 1 ? 'expired' : 'diverged';
}

/** Where a page of tasks ended: they are ordered by start, latest first, then by id. */
export interface TaskPlace {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly taskId: string;
}

const TASK_PLACE = /^t1\.(-?[0-9]{1,15})\.([A-Za-z0-9][\w.:/@+=~-]{0,127})$/;

export function formatTaskPlace({ startedAt, taskId }: TaskPlace): string {
  return `t1.${startedAt}.${taskId}`;
}

/** @throws CursorInvalidError unless the text has the form that `formatTaskPlace` gives. */
export function parseTaskPlace(text: string): TaskPlace {
  const match = TASK_PLACE.exec(text);
  const taskId = match?.[2];
  if (taskId === undefined) throw new CursorInvalidError();
  return { startedAt: Number(match?.[1]), taskId };
}
