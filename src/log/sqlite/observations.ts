/** The stream of observations in the file: one chain of records, verified like a task's events. */
import type { DatabaseSync } from 'node:sqlite';
import { EventIdConflictError, StoreCorruptError } from '../../domain/errors.ts';
import type { NewObservation, Observation } from '../../domain/observation.ts';
import type { ObservationPlace, ReadRange } from '../event-log.ts';
import { planObservation, type StreamEnd } from '../plan-observation.ts';
import { fingerprint, nextHash, parseObservation, sameFingerprint } from '../record.ts';
import { observationSeed } from './file.ts';
import type { Published } from './protocol.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';

export interface ObservationRows {
  read(range: ReadRange): readonly Observation[];
  place(seq?: number): ObservationPlace | undefined;
}

export interface ObservationWriter {
  /** Works out what can be refused, and throws then; what it returns writes the row. */
  publish(input: NewObservation, now: number): () => Published;
}

export const OBSERVATION_SQL = {
  end: `SELECT value FROM meta WHERE name = 'observation_end'`,
  last: 'SELECT max(seq) AS seq FROM observation',
  hashAt: 'SELECT hash FROM observation WHERE seq = ?',
  range: 'SELECT seq, hash, record FROM observation WHERE seq > ? AND seq <= ? ORDER BY seq',
  byId: 'SELECT seq, fingerprint FROM observation WHERE id = ?',
  insert: 'INSERT INTO observation (seq, hash, id, fingerprint, record) VALUES (?, ?, ?, ?, ?)',
  setEnd: `INSERT OR REPLACE INTO meta (name, value) VALUES ('observation_end', ?)`,
} as const;

export function createObservationRows(db: DatabaseSync): ObservationRows {
  return readObservations(db);
}

export function createObservationWriter(db: DatabaseSync): ObservationWriter {
  const rows = readObservations(db);
  const insert = db.prepare(OBSERVATION_SQL.insert);
  const setEnd = db.prepare(OBSERVATION_SQL.setEnd);

  return {
    publish(input, now) {
      const inputFingerprint = fingerprint(input);
      const known = rows.find(input.id);
      if (known !== undefined) {
        const { observation, record, fingerprint: found } = known;
        if (!sameFingerprint(found, inputFingerprint)) throw new EventIdConflictError(0, input.id);
        return () => ({ record, hash: observation.hash, duplicate: true });
      }
      const { observation, record } = planObservation(input, rows.end(), now);
      const { seq, hash, recordedAt } = observation;
      return () => {
        insert.run(seq, hash, observation.id, inputFingerprint, record);
        setEnd.run(encodeEnd({ seq, hash, recordedAt }));
        return { record, hash, duplicate: false };
      };
    },
  };
}

interface StoredObservation {
  readonly observation: Observation;
  readonly record: string;
}

interface Reading extends ObservationRows {
  end(): StreamEnd;
  find(id: string): (StoredObservation & { readonly fingerprint: string }) | undefined;
}

function readObservations(db: DatabaseSync): Reading {
  const seed = observationSeed(db);
  const endRow = db.prepare(OBSERVATION_SQL.end);
  const last = db.prepare(OBSERVATION_SQL.last);
  const hash = db.prepare(OBSERVATION_SQL.hashAt);
  const range = db.prepare(OBSERVATION_SQL.range);
  const byId = db.prepare(OBSERVATION_SQL.byId);

  function hashAt(seq: number): string {
    const row = seq === 0 ? { hash: seed } : hash.get(seq);
    if (row === undefined) throw new StoreCorruptError(`observation ${seq} is missing`);
    return textOf(row, 'hash');
  }

  function between(after: number, through: number): readonly StoredObservation[] {
    if (after >= through) return [];
    const found = verifyRows(range.all(after, through), after, hashAt(after));
    if (found.length === through - after) return found;
    throw new StoreCorruptError(`observation ${after + found.length + 1} is missing`);
  }

  /** What was written last, if the rows agree; else as the last row tells it, which then must be whole. */
  function end(): StreamEnd {
    const lastSeq = last.get()?.['seq'] ?? 0;
    if (typeof lastSeq !== 'number') throw new StoreCorruptError('the last observation');
    const stored = decodeEnd(endRow.get());
    if (stored !== undefined && stored.seq > lastSeq) {
      throw new StoreCorruptError(`the observations after ${lastSeq} are missing`);
    }
    if (lastSeq === 0) return { seq: 0, hash: seed, recordedAt: 0 };
    if (stored?.seq === lastSeq && stored.hash === hashAt(lastSeq)) return stored;
    const observation = between(lastSeq - 1, lastSeq)[0]?.observation;
    if (observation === undefined) throw new StoreCorruptError('the last observation');
    return { seq: lastSeq, hash: observation.hash, recordedAt: observation.recordedAt };
  }

  return {
    end,
    read({ after, limit }) {
      const start = Math.max(after, 0);
      return between(start, Math.min(start + limit, end().seq)).map(({ observation }) => observation);
    },
    place(seq) {
      const now = end();
      if (seq === undefined || seq === now.seq) return { seq: now.seq, hash: now.hash, oldestSeq: 1 };
      if (seq < 0 || seq > now.seq) return undefined;
      const at = seq === 0 ? seed : between(seq - 1, seq)[0]?.observation.hash;
      return at === undefined ? undefined : { seq, hash: at, oldestSeq: 1 };
    },
    find(id) {
      const row = byId.get(id);
      if (row === undefined) return undefined;
      const seq = numberOf(row, 'seq');
      const [found] = between(seq - 1, seq);
      const stored = textOf(row, 'fingerprint');
      if (found === undefined || !isFingerprintOf(stored, found.observation) || found.observation.id !== id) {
        throw new StoreCorruptError(`the observation of id ${id}`);
      }
      return { ...found, fingerprint: stored };
    },
  };
}

function verifyRows(rows: readonly Row[], after: number, hashBefore: string): readonly StoredObservation[] {
  let seq = after;
  let hash = hashBefore;
  return rows.map((row) => {
    seq += 1;
    const record = textOf(row, 'record');
    hash = nextHash(hash, record);
    if (row['seq'] !== seq || row['hash'] !== hash) throw new StoreCorruptError(`observation ${seq}`);
    return { observation: parseObservation({ record, hash }), record };
  });
}

/** It is under no hash, but all it says is in the observation, except whether a timestamp was given. */
function isFingerprintOf(stored: string, observation: Observation): boolean {
  const { seq: _seq, recordedAt: _recordedAt, hash: _hash, timestamp, ...content } = observation;
  const digest = fingerprint(content);
  return stored === digest || stored === `${digest}@${timestamp}`;
}

/** The stream's end with a checksum before it. */
function encodeEnd(end: StreamEnd): string {
  const text = JSON.stringify(end);
  return nextHash('observation_end', text) + text;
}

function decodeEnd(row: Row | undefined): StreamEnd | undefined {
  const stored = row === undefined ? '' : textOf(row, 'value');
  const text = stored.slice(16);
  return stored === nextHash('observation_end', text) + text ? (JSON.parse(text) as StreamEnd) : undefined;
}
