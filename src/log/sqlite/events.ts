/** A task's events as they are read from the file: each verified by the running hash before anyone sees it. */
import type { DatabaseSync } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';
import type { TaskEvent } from '../../domain/event.ts';
import { contentDigest, nextHash, parseEvent, type FoundEvent } from '../record.ts';
import { OWN_TIME } from './event-inserts.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import type { TaskIdentity } from '../stored/state.ts';

/** A place in a task's log: a sequence, and the running hash just after it. */
export interface LogPlace {
  readonly seq: number;
  readonly hash: string;
}

/** An event with the text that was stored, which is never written anew. */
export interface StoredEvent extends FoundEvent {
  readonly record: string;
}

export interface EventRows {
  /** The last event's place; undefined when none is kept. */
  last(key: number): LogPlace | undefined;
  /** The first event kept. */
  firstSeq(key: number): number | undefined;
  /** The running hash at an event that is kept, as it is stored. */
  hashAt(key: number, seq: number): string | undefined;
  /**
   * All events from just after `from` up to `through`; the hash of `from` is right, or that of an event that is kept.
   * @throws StoreCorruptError when one is missing or changed.
   */
  between(task: TaskIdentity, from: LogPlace, through: number): readonly TaskEvent[];
  /** The event of that place, if the one before it is kept and both are as they were written. */
  at(key: number, place: LogPlace): TaskEvent | undefined;
  /** The greatest id of the task's events, in the order of code units; ids that are greater are new. */
  lastId(key: number): string | undefined;
  /** The event of that id, with all it takes to compare a repetition with it. */
  find(task: TaskIdentity, eventId: string, placeAt: (seq: number) => LogPlace): StoredEvent | undefined;
}

export const EVENT_SQL = {
  last: 'SELECT seq, hash FROM event WHERE task = ? ORDER BY seq DESC LIMIT 1',
  first: 'SELECT seq FROM event WHERE task = ? ORDER BY seq LIMIT 1',
  hashAt: 'SELECT hash FROM event WHERE task = ? AND seq = ?',
  range: 'SELECT seq, hash, record FROM event WHERE task = ? AND seq > ? AND seq <= ? ORDER BY seq',
  lastId: 'SELECT event_id FROM event WHERE task = ? ORDER BY event_id DESC LIMIT 1',
  byId: 'SELECT seq, fingerprint FROM event WHERE task = ? AND event_id = ?',
} as const;

export function createEventRows(db: DatabaseSync): EventRows {
  const last = db.prepare(EVENT_SQL.last);
  const first = db.prepare(EVENT_SQL.first);
  const hash = db.prepare(EVENT_SQL.hashAt);
  const range = db.prepare(EVENT_SQL.range);
  const lastId = db.prepare(EVENT_SQL.lastId);
  const byId = db.prepare(EVENT_SQL.byId);

  function hashAt(key: number, seq: number): string | undefined {
    const row = hash.get(key, seq);
    return row === undefined ? undefined : textOf(row, 'hash');
  }

  function between(task: TaskIdentity, from: LogPlace, through: number): readonly VerifiedRow[] {
    const events = verifyRows(range.all(task.key, from.seq, through), from, task.genesis.taskId);
    if (events.length !== through - from.seq) throw missing(task, from.seq + events.length + 1);
    return events;
  }

  return {
    hashAt,
    between: (task, from, through) => between(task, from, through).map(({ event }) => event),
    at(key, { seq, hash }) {
      const [previous, row] = range.all(key, seq - 2, seq);
      if (previous?.['seq'] !== seq - 1 || row === undefined) return undefined;
      const record = textOf(row, 'record');
      const previousHash = textOf(previous, 'hash');
      return nextHash(previousHash, record) === hash ? parseEvent({ record, hash, previousHash }) : undefined;
    },
    last(key) {
      const row = last.get(key);
      return row === undefined ? undefined : { seq: numberOf(row, 'seq'), hash: textOf(row, 'hash') };
    },
    firstSeq(key) {
      const row = first.get(key);
      return row === undefined ? undefined : numberOf(row, 'seq');
    },
    lastId(key) {
      const row = lastId.get(key);
      return row === undefined ? undefined : textOf(row, 'event_id');
    },
    find(task, eventId, placeAt) {
      const row = byId.get(task.key, eventId);
      if (row === undefined) return undefined;
      const seq = numberOf(row, 'seq');
      const [found] = between(task, placeAt(seq - 1), seq);
      return checkFound(found, eventId, textOf(row, 'fingerprint'));
    },
  };
}

interface VerifiedRow {
  readonly event: TaskEvent;
  readonly record: string;
}

/** One at a time and in order: each must be the next, and carry the hash over itself and all before it. */
function verifyRows(rows: readonly Row[], from: LogPlace, taskId: string): readonly VerifiedRow[] {
  let { seq, hash } = from;
  return rows.map((row) => {
    seq += 1;
    const record = textOf(row, 'record');
    const previousHash = hash;
    hash = nextHash(previousHash, record);
    if (row['seq'] !== seq || row['hash'] !== hash) throw new StoreCorruptError(`event ${seq} of task ${taskId}`);
    const event = parseEvent({ record, hash, previousHash });
    if (event.seq !== seq || event.taskId !== taskId) throw new StoreCorruptError(`event ${seq} of task ${taskId}`);
    return { event, record };
  });
}

/** The mark is under no hash, but is one of two that no single bit makes of each other. */
function checkFound(row: VerifiedRow | undefined, eventId: string, mark: string): StoredEvent {
  const { event, record } = row ?? wrongRow(eventId);
  if (event.eventId !== eventId) return wrongRow(eventId);
  if (mark === OWN_TIME.given) return { event, record, hasOwnTime: true };
  if (mark === OWN_TIME.leftOut) return { event, record, hasOwnTime: false };
  const digest = contentDigest(event);
  const hasOwnTime = mark === `${digest}@${event.timestamp}`;
  return hasOwnTime || mark === digest ? { event, record, hasOwnTime } : wrongRow(eventId);
}

function wrongRow(eventId: string): never {
  throw new StoreCorruptError(`the event of id ${eventId}`);
}

function missing(task: TaskIdentity, seq: number): StoreCorruptError {
  return new StoreCorruptError(`event ${seq} of task ${task.genesis.taskId} is missing`);
}
