/** Every statement on tasks and events, prepared under its name. Lists are parameters as in `table-param.ts`. */
import type { Statement } from './connection.ts';
import { listParameter, tableOf, type Column } from './table-param.ts';

/** What of a task's row tells whether what is remembered of it still holds. */
const PLACE = 'task, task_id, oldest_seq, seq, hash, recorded_at, component_digest, base_hash, last_event_id';

/**
 * The columns of a row of `stored/state.ts`. `changed` is not under the checksum here, for the server gives it: there it
 * is 0.
 */
const TASK = `t.task, t.task_id, t.genesis_hash, t.oldest_seq, t.seq, t.hash, t.status, t.stage, t.started_at,
  t.last_update, t.overall, t.display, t.recorded_at, t.component_count, t.component_digest, 0 AS changed, t.checksum,
  t.genesis, t.base_hash, t.last_event_id`;

/** With its components, a line each, and the last event, which must be that of the head. */
export const WHOLE_TASK = `${TASK}, l.seq AS last_seq, l.hash AS last_hash,
  (SELECT string_agg(c.state, E'\\n' ORDER BY c.number) FROM drumline_component c WHERE c.task = t.task) AS components`;

export const LAST_EVENT = `LEFT JOIN LATERAL (
  SELECT e.seq, e.hash FROM drumline_event e WHERE e.task = t.task ORDER BY e.seq DESC LIMIT 1) l ON true`;

/** What an append changes of a task. */
const HEAD = [
  { name: 'task', type: 'bigint' },
  { name: 'oldest_seq', type: 'bigint' },
  { name: 'seq', type: 'bigint' },
  { name: 'hash', type: 'text' },
  { name: 'status', type: 'text' },
  { name: 'stage', type: 'text' },
  { name: 'last_update', type: 'bigint' },
  { name: 'overall', type: 'float8' },
  { name: 'display', type: 'float8' },
  { name: 'recorded_at', type: 'bigint' },
  { name: 'component_count', type: 'bigint' },
  { name: 'component_digest', type: 'text' },
  { name: 'checksum', type: 'text' },
  { name: 'base_hash', type: 'text' },
  { name: 'last_event_id', type: 'text' },
] as const satisfies readonly Column[];

const NEW_TASK = [
  ...HEAD,
  { name: 'task_id', type: 'text' },
  { name: 'genesis_hash', type: 'text' },
  { name: 'genesis', type: 'text' },
  { name: 'started_at', type: 'bigint' },
] as const satisfies readonly Column[];

export const COLUMNS = Object.freeze({
  head: HEAD,
  task: NEW_TASK,
  event: [
    { name: 'task', type: 'bigint' },
    { name: 'seq', type: 'bigint' },
    { name: 'hash', type: 'text' },
    { name: 'event_id', type: 'text' },
    { name: 'own_time', type: 'boolean' },
    { name: 'record', type: 'text' },
  ],
  component: [
    { name: 'task', type: 'bigint' },
    { name: 'number', type: 'bigint' },
    { name: 'state', type: 'text' },
  ],
  snapshot: [
    { name: 'task', type: 'bigint' },
    { name: 'seq', type: 'bigint' },
    { name: 'checksum', type: 'text' },
    { name: 'state', type: 'text' },
  ],
} as const satisfies Record<string, readonly Column[]>);

/** Any number that no other program uses: "Begi". */
const CLAIM_LOCKS = 0x42_65_67_69;

export const READ = Object.freeze({
  tasks: statement(
    'drumline_tasks',
    `SELECT ${WHOLE_TASK} FROM drumline_task t ${LAST_EVENT} WHERE t.task_id = ANY(${listParameter(1)})`,
  ),
  /** The events after $2, and the hash just before the first of them. One row without an event when there are none. */
  events: statement(
    'drumline_events',
    `SELECT t.oldest_seq, t.seq AS head_seq, t.base_hash, e.* FROM drumline_task t LEFT JOIN LATERAL (
      SELECT v.seq, v.hash, CASE WHEN v.seq > $2::bigint THEN v.record END AS record FROM drumline_event v
      WHERE v.task = t.task AND v.seq >= greatest($2::bigint, t.oldest_seq - 1)
      ORDER BY v.seq LIMIT $3::bigint + 1) e ON true
    WHERE t.task_id = $1 ORDER BY e.seq`,
  ),
  /** The events of these numbers, each with the hash before it; asked for as in `find`, and for the same reason. */
  at: statement(
    'drumline_events_at',
    `SELECT t.task_id, e.seq, e.hash, e.record,
      coalesce(p.hash, CASE WHEN e.seq = t.oldest_seq THEN t.base_hash END) AS previous
    FROM ${tableOf(
      [
        { name: 'task_id', type: 'text' },
        { name: 'seq', type: 'bigint' },
      ],
      'u',
    )}
    CROSS JOIN LATERAL (SELECT task, task_id, oldest_seq, base_hash FROM drumline_task
      WHERE task_id >= u.task_id ORDER BY task_id LIMIT 1) t
    CROSS JOIN LATERAL (SELECT seq, hash, record FROM drumline_event
      WHERE task = t.task AND seq >= u.seq ORDER BY seq LIMIT 1) e
    LEFT JOIN LATERAL (SELECT seq, hash FROM drumline_event
      WHERE task = t.task AND seq < e.seq ORDER BY seq DESC LIMIT 1) p ON p.seq = e.seq - 1
    WHERE t.task_id = u.task_id AND e.seq = u.seq`,
  ),
  /** By the task's number, for folding. */
  between: statement(
    'drumline_between',
    'SELECT seq, hash, record FROM drumline_event WHERE task = $1 AND seq > $2 AND seq <= $3 ORDER BY seq',
  ),
  snapshot: statement(
    'drumline_snapshot_at',
    `SELECT s.seq, s.checksum, s.state, e.hash AS event_hash FROM drumline_snapshot s
    LEFT JOIN drumline_event e ON e.task = s.task AND e.seq = s.seq
    WHERE s.task = $1 AND s.seq <= $2 AND s.seq >= $3 ORDER BY s.seq DESC LIMIT 1`,
  ),
  /** The first and the last event that are there. */
  ends: statement(
    'drumline_ends',
    `SELECT (SELECT min(seq) FROM drumline_event WHERE task = $1) AS first_seq, l.seq AS last_seq, l.hash AS last_hash
    FROM (SELECT 1) one LEFT JOIN LATERAL (
      SELECT seq, hash FROM drumline_event WHERE task = $1 ORDER BY seq DESC LIMIT 1) l ON true`,
  ),
});

export const WRITE = Object.freeze({
  /** Not `READ WRITE`: a database that was set to be read only is left alone. */
  begin: 'BEGIN ISOLATION LEVEL READ COMMITTED',
  now: statement('drumline_now', 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now'),
  block: statement('drumline_block', `SELECT nextval('drumline_task_block') AS block`),
  /**
   * Has those that begin the same tasks wait for each other, or all but one would fail and begin anew, over and over
   * while many begin at once. By a few numbers that ids fall to, for the server has room for few locks. Sent before
   * any row is locked, and in order, so that nobody waits in a circle.
   */
  claimNew: statement(
    'drumline_claim_new',
    `SELECT pg_advisory_xact_lock(${CLAIM_LOCKS}, number) FROM (
      SELECT DISTINCT hashtext(id) & 127 AS number FROM unnest(${listParameter(1)}) AS id
      WHERE NOT EXISTS (SELECT FROM drumline_task t WHERE t.task_id = id) ORDER BY number) n`,
  ),
  lock: statement(
    'drumline_lock',
    `SELECT ${PLACE} FROM drumline_task WHERE task_id = ANY(${listParameter(1)}) ORDER BY task_id FOR UPDATE`,
  ),
  /** Those of the tasks that nobody else holds at this moment. */
  lockFree: statement(
    'drumline_lock_free',
    `SELECT task_id FROM drumline_task WHERE task_id = ANY(${listParameter(1)}) ORDER BY task_id FOR UPDATE SKIP LOCKED`,
  ),
  /**
   * The events of these ids, each with the hash before it. A planner that saw the tables young finds any index as good
   * as the right one, and would for long go through all events of a task with a plan that it keeps. So each row is asked
   * for as the first in the order of its index, from the place where it must be.
   */
  find: statement(
    'drumline_find',
    `SELECT t.task_id, e.event_id, e.seq, e.hash, e.own_time, e.record,
      coalesce(p.hash, CASE WHEN e.seq = t.oldest_seq THEN t.base_hash END) AS previous
    FROM ${tableOf(
      [
        { name: 'task_id', type: 'text' },
        { name: 'event_id', type: 'text' },
      ],
      'u',
    )}
    CROSS JOIN LATERAL (SELECT task, task_id, oldest_seq, base_hash FROM drumline_task
      WHERE task_id >= u.task_id ORDER BY task_id LIMIT 1) t
    CROSS JOIN LATERAL (SELECT event_id, seq, hash, own_time, record FROM drumline_event
      WHERE task = t.task AND event_id >= u.event_id ORDER BY event_id LIMIT 1) e
    LEFT JOIN LATERAL (SELECT seq, hash FROM drumline_event
      WHERE task = t.task AND seq < e.seq ORDER BY seq DESC LIMIT 1) p ON p.seq = e.seq - 1
    WHERE t.task_id = u.task_id AND e.event_id = u.event_id`,
  ),
  insertTasks: statement(
    'drumline_insert_tasks',
    `INSERT INTO drumline_task (${names(NEW_TASK)}, changed) SELECT u.*, pg_current_xact_id() FROM ${tableOf(NEW_TASK, 'u')}`,
  ),
  updateTasks: statement(
    'drumline_update_tasks',
    `UPDATE drumline_task t SET ${HEAD.slice(1)
      .map(({ name }) => `${name} = u.${name}`)
      .join(', ')}, changed = pg_current_xact_id() FROM ${tableOf(HEAD, 'u')} WHERE t.task = u.task`,
  ),
  insertEvents: statement(
    'drumline_insert_events',
    `INSERT INTO drumline_event (${names(COLUMNS.event)}) SELECT * FROM ${tableOf(COLUMNS.event, 'u')}`,
  ),
  putComponents: statement(
    'drumline_put_components',
    `INSERT INTO drumline_component (${names(COLUMNS.component)}) SELECT * FROM ${tableOf(COLUMNS.component, 'u')}
    ON CONFLICT (task, number) DO UPDATE SET state = excluded.state`,
  ),
  dropComponents: statement('drumline_drop_components', 'DELETE FROM drumline_component WHERE task = $1'),
  putSnapshots: statement(
    'drumline_put_snapshots',
    `INSERT INTO drumline_snapshot (${names(COLUMNS.snapshot)}) SELECT * FROM ${tableOf(COLUMNS.snapshot, 'u')}
    ON CONFLICT (task, seq) DO UPDATE SET checksum = excluded.checksum, state = excluded.state`,
  ),
  dropEvents: statement('drumline_drop_events', 'DELETE FROM drumline_event WHERE task = $1'),
  dropSnapshots: statement('drumline_drop_snapshots', 'DELETE FROM drumline_snapshot WHERE task = $1'),
  dropTask: statement('drumline_drop_task', 'DELETE FROM drumline_task WHERE task = $1'),
  noteDeleted: statement(
    'drumline_note_deleted',
    `INSERT INTO drumline_deleted (task_id, changed, deleted_at) VALUES ($1, pg_current_xact_id(), now())
    ON CONFLICT (task_id) DO UPDATE SET changed = excluded.changed, deleted_at = excluded.deleted_at`,
  ),
  /** Of those that everybody has heard of: more than one transaction adds. */
  forgetDeleted: statement(
    'drumline_forget_deleted',
    `DELETE FROM drumline_deleted WHERE task_id = ANY(ARRAY(SELECT task_id FROM drumline_deleted
      WHERE deleted_at < now() - interval '1 day' ORDER BY deleted_at LIMIT 10 FOR UPDATE SKIP LOCKED))`,
  ),
  trimEvents: statement('drumline_trim_events', 'DELETE FROM drumline_event WHERE task = $1 AND seq <= $2'),
  trimSnapshots: statement('drumline_trim_snapshots', 'DELETE FROM drumline_snapshot WHERE task = $1 AND seq < $2'),
});

function statement(name: string, text: string): Statement {
  return { name, text };
}

function names(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ');
}
