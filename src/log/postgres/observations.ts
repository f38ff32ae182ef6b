/**
 * The stream of observations: one chain of records, verified like a task's events. The row that says where it ends is
 * the lock under which it grows, in a transaction of its own; so it never holds up a task.
 */
import { EventIdConflictError, StoreCorruptError } from '../../domain/errors.ts';
import type { NewObservation, Observation } from '../../domain/observation.ts';
import type { ObservationPlace, PublishObservationResult, ReadRange } from '../event-log.ts';
import { planObservation, type StreamEnd } from '../plan-observation.ts';
import { fingerprint, nextHash, parseObservation, sameFingerprint } from '../record.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import type { Ask, Statement } from './connection.ts';
import type { GroupWriter, Outcome } from './request.ts';
import { WRITE } from './statements.ts';
import { columnsOf, list, listParameter, tableOf, type Cell, type Column } from './table-param.ts';

const COLUMNS = [
  { name: 'seq', type: 'bigint' },
  { name: 'hash', type: 'text' },
  { name: 'id', type: 'text' },
  { name: 'fingerprint', type: 'text' },
  { name: 'record', type: 'text' },
] as const satisfies readonly Column[];

const END = `SELECT observation_seed AS seed, observation_seq AS end_seq, observation_hash AS end_hash,
  observation_recorded_at AS end_recorded_at, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
  FROM drumline_store`;

const SQL = Object.freeze({
  end: statement('drumline_observation_end', END),
  lockEnd: statement('drumline_observation_lock', `${END} FOR UPDATE`),
  byId: statement(
    'drumline_observation_by_id',
    `SELECT o.id, o.seq, o.hash, o.fingerprint, o.record, p.hash AS previous FROM drumline_observation o
    LEFT JOIN drumline_observation p ON p.seq = o.seq - 1 WHERE o.id = ANY(${listParameter(1)})`,
  ),
  insert: statement(
    'drumline_observation_insert',
    `INSERT INTO drumline_observation (seq, hash, id, fingerprint, record) SELECT * FROM ${tableOf(COLUMNS, 'u')}`,
  ),
  setEnd: statement(
    'drumline_observation_set_end',
    'UPDATE drumline_store SET observation_seq = $1, observation_hash = $2, observation_recorded_at = $3',
  ),
  /** From the one at $1 on, for its hash. */
  range: statement(
    'drumline_observations',
    `SELECT s.observation_seed AS seed, s.observation_seq AS end_seq, o.seq, o.hash, o.record FROM drumline_store s
    LEFT JOIN LATERAL (SELECT seq, hash, record FROM drumline_observation
      WHERE seq >= $1::bigint ORDER BY seq LIMIT $2::bigint + 1) o ON true ORDER BY o.seq`,
  ),
});

/** @param now left out: the database's clock. */
export function createObservationWriter(
  now: (() => number) | undefined,
): GroupWriter<NewObservation, PublishObservationResult> {
  return {
    async write(ask, group, onSend) {
      const ids = group.map(({ command }) => command.id);
      const [, [end = {}], found] = await Promise.all([
        ask(WRITE.begin),
        ask(SQL.lockEnd),
        ask(SQL.byId, [list('text', ids)]),
      ]);
      const stream = openStream(end, found, now?.() ?? numberOf(end, 'now'));
      const outcomes = new Map<(typeof group)[number], Outcome<PublishObservationResult>>();
      const members = group.filter(({ isOver }) => !isOver);
      for (const member of members) outcomes.set(member, stream.publish(member.command));
      onSend(members);
      await Promise.all([...(stream.rows.length > 0 ? send(ask, stream) : []), ask('COMMIT')]);
      return outcomes;
    },
    forget: () => undefined,
  };
}

interface OpenStream {
  readonly end: StreamEnd;
  readonly rows: readonly Record<(typeof COLUMNS)[number]['name'], Cell>[];
  publish(input: NewObservation): Outcome<PublishObservationResult>;
}

/** The stream inside a transaction. */
function openStream(row: Row, found: readonly Row[], now: number): OpenStream {
  const seed = textOf(row, 'seed');
  const known = new Map(found.map((each) => decodeKnown(each, seed)));
  const rows: OpenStream['rows'][number][] = [];
  let end: StreamEnd = {
    seq: numberOf(row, 'end_seq'),
    hash: textOf(row, 'end_hash'),
    recordedAt: numberOf(row, 'end_recorded_at'),
  };
  return {
    rows,
    get end() {
      return end;
    },
    publish(input) {
      const digest = fingerprint(input);
      const before = known.get(input.id);
      if (before !== undefined) {
        if (!sameFingerprint(before.digest, digest)) return { error: new EventIdConflictError(0, input.id) };
        return { result: { observation: before.observation, duplicate: true } };
      }
      const { observation, record } = planObservation(input, end, now);
      const { seq, hash, id } = observation;
      rows.push({ seq, hash, id, fingerprint: digest, record });
      known.set(id, { observation, digest });
      end = observation;
      return { result: { observation, duplicate: false } };
    },
  };
}

function decodeKnown(
  row: Row,
  seed: string,
): [id: string, known: { readonly observation: Observation; readonly digest: string }] {
  const id = textOf(row, 'id');
  const [observation] = verify([row], { seq: numberOf(row, 'seq') - 1, hash: String(row['previous'] ?? seed) });
  if (observation?.id !== id) throw new StoreCorruptError(`the observation of id ${id}`);
  return [id, { observation, digest: textOf(row, 'fingerprint') }];
}

function send(ask: Ask, { rows, end }: OpenStream): readonly Promise<unknown>[] {
  return [ask(SQL.insert, columnsOf(COLUMNS, rows)), ask(SQL.setEnd, [end.seq, end.hash, end.recordedAt])];
}

export async function readObservations(ask: Ask, { after, limit }: ReadRange): Promise<readonly Observation[]> {
  const start = Math.max(after, 0);
  const rows = await ask(SQL.range, [start, limit]);
  const [first = {}] = rows;
  const expected = Math.max(0, Math.min(limit, numberOf(first, 'end_seq') - start));
  if (expected === 0) return [];
  const hash = start === 0 ? textOf(first, 'seed') : String(first['hash']);
  if (start > 0 && first['seq'] !== start) throw new StoreCorruptError(`observation ${start} is missing`);
  const kept = rows.slice(start === 0 ? 0 : 1, (start === 0 ? 0 : 1) + expected);
  const observations = verify(kept, { seq: start, hash });
  if (observations.length < expected) throw new StoreCorruptError('an observation is missing');
  return observations;
}

export async function observationPlace(ask: Ask, seq?: number): Promise<ObservationPlace | undefined> {
  if (seq === undefined) {
    const [end = {}] = await ask(SQL.end);
    return { seq: numberOf(end, 'end_seq'), hash: textOf(end, 'end_hash'), oldestSeq: 1 };
  }
  if (seq < 0) return undefined;
  if (seq === 0) {
    const [end = {}] = await ask(SQL.end);
    return { seq: 0, hash: textOf(end, 'seed'), oldestSeq: 1 };
  }
  const [observation] = await readObservations(ask, { after: seq - 1, limit: 1 });
  return observation === undefined ? undefined : { seq, hash: observation.hash, oldestSeq: 1 };
}

function verify(rows: readonly Row[], from: { readonly seq: number; readonly hash: string }): readonly Observation[] {
  let { seq, hash } = from;
  return rows.map((row) => {
    seq += 1;
    const record = textOf(row, 'record');
    hash = nextHash(hash, record);
    if (row['seq'] !== seq || row['hash'] !== hash) throw new StoreCorruptError(`observation ${seq}`);
    return parseObservation({ record, hash });
  });
}

function statement(name: string, text: string): Statement {
  return { name, text };
}
