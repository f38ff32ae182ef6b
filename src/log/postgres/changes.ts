/**
 * Which tasks changed since a position. A transaction takes its number before it commits, so "numbers above the last one
 * seen" would step over those that commit late. A position is therefore a snapshot as Postgres means it: it tells of
 * every transaction whether it was visible then. What is visible now and was not visible then is what changed; no
 * transaction that stays open, ours or a stranger's, delays that or hides it.
 *
 * A page that does not reach the end stands between two snapshots, at a place in the order of the index: what changes
 * meanwhile is newer than the later one and comes after it. Of a task that was deleted
 * a row is left in a table of its own, for a day. When the database was put back to an older state, its
 * transactions have new numbers or a new timeline, and old positions mean nothing: then every task may have changed. An
 * older copy that took the same numbers since shows only in that another process of Postgres answers.
 */
import type { Changes, ChangesQuery } from '../event-log.ts';
import { textOf, type Row } from '../stored/rows.ts';
import type { Ask, Statement } from './connection.ts';

/** Which history the server follows, and which process answers: no other began in the same microsecond. */
const SERVER = `left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline,
      extract(epoch FROM pg_postmaster_start_time())::text AS began`;

const NOW: Statement = Object.freeze({
  name: 'drumline_position',
  text: `SELECT pg_current_snapshot()::text AS now, ${SERVER}`,
});

/**
 * $1, $2: the snapshots; $2 may be null, for that of now. $3, $4: the place. $5: at most.
 *
 * The upper bound adds nothing to what is visible but keeps the index short: a database that was filled from a dump has
 * transactions of the one that it came from, far above its own, and each question would pass over all of them.
 */
const CHANGED: Statement = Object.freeze({
  name: 'drumline_changes',
  text: `SELECT s.now::text AS now, ${SERVER},
      pg_snapshot_xmax(s.now) >= pg_snapshot_xmax($1::pg_snapshot) AS onward, c.changed::text AS changed, c.task_id,
      c.is_deleted
    FROM (SELECT pg_current_snapshot() AS now) s LEFT JOIN LATERAL (
      (${changedIn('drumline_task', false)}) UNION ALL (${changedIn('drumline_deleted', true)})
      ORDER BY changed, task_id LIMIT $5::bigint) c ON true ORDER BY c.changed, c.task_id`,
});

function changedIn(table: string, isDeleted: boolean): string {
  return `SELECT changed, task_id, ${isDeleted} AS is_deleted FROM ${table}
      WHERE changed >= pg_snapshot_xmin($1::pg_snapshot) AND (changed, task_id) > ($3::xid8, $4)
        AND changed < pg_snapshot_xmax(coalesce($2::pg_snapshot, s.now))
        AND NOT pg_visible_in_snapshot(changed, $1::pg_snapshot)
        AND pg_visible_in_snapshot(changed, coalesce($2::pg_snapshot, s.now))
      ORDER BY changed, task_id LIMIT $5::bigint`;
}

interface Server {
  readonly timeline: string;
  /** When the process began that answers. */
  readonly began: string;
}

interface Position extends Server {
  /** All of this was told. */
  readonly since: string;
  /** Up to here it is being told; absent at the end of it. */
  readonly until?: string | undefined;
  readonly changed?: string | undefined;
  readonly taskId?: string | undefined;
}

/** Nothing was visible yet. */
const BEGINNING = '3:3:';

export async function readChanges(ask: Ask, { after, limit }: ChangesQuery): Promise<Changes> {
  if (after === undefined) {
    const [row = {}] = await ask(NOW);
    const position = format({ ...serverOf(row), since: textOf(row, 'now') });
    return { taskIds: [], deletedIds: [], position, mayHaveDiverged: false };
  }
  let found: FoundChanges = { taskIds: [], deletedIds: [], position: after, mayHaveDiverged: false, isFull: limit > 0 };
  // A task that was deleted and begun anew is found twice; room is filled up, for a page that is short is the last.
  while (found.isFull && found.taskIds.length < limit) {
    found = join(found, await readOn(ask, found.position, limit - found.taskIds.length));
  }
  const { isFull: _, ...changes } = found;
  return changes;
}

interface FoundChanges extends Changes {
  /** As many rows were found as were asked for: there may be more. */
  readonly isFull: boolean;
}

function join(one: FoundChanges, next: FoundChanges): FoundChanges {
  return {
    ...next,
    taskIds: [...new Set([...one.taskIds, ...next.taskIds])],
    deletedIds: [...new Set([...one.deletedIds, ...next.deletedIds])],
    mayHaveDiverged: one.mayHaveDiverged || next.mayHaveDiverged,
  };
}

async function readOn(ask: Ask, after: string, limit: number): Promise<FoundChanges> {
  const place = parse(after);
  const page = await readPage(ask, place, limit);
  const { mayHaveDiverged } = page.changes;
  if (page.isOfOtherHistory) {
    return { ...(await readPage(ask, { ...page.server, since: BEGINNING }, limit)).changes, mayHaveDiverged };
  }
  // An empty page says that nothing is left, so one that only ends a snapshot goes on with the next.
  if (page.changes.taskIds.length === 0 && place.until !== undefined) {
    const rest = await readOn(ask, page.changes.position, limit);
    return { ...rest, mayHaveDiverged: mayHaveDiverged || rest.mayHaveDiverged };
  }
  return page.changes;
}

async function readPage(
  ask: Ask,
  place: Position,
  limit: number,
): Promise<{ readonly changes: FoundChanges; readonly server: Server; readonly isOfOtherHistory: boolean }> {
  const { since, until, changed = '0', taskId = '' } = place;
  const rows = await ask(CHANGED, [since, until ?? null, changed, taskId, limit]);
  const [first = {}] = rows;
  const server = serverOf(first);
  const now = until ?? textOf(first, 'now');
  const found = rows.filter((row) => row['task_id'] !== null);
  const last = found.length < limit ? undefined : found.at(-1);
  const next: Position =
    last === undefined
      ? { ...server, since: now }
      : { ...server, since, until: now, changed: textOf(last, 'changed'), taskId: textOf(last, 'task_id') };
  const isOfOtherHistory = server.timeline !== place.timeline || first['onward'] !== true;
  const mayHaveDiverged = isOfOtherHistory || server.began !== place.began;
  const changes = {
    taskIds: idsOf(found),
    deletedIds: idsOf(found.filter((row) => row['is_deleted'] === true)),
    position: format(next),
    mayHaveDiverged,
    isFull: last !== undefined,
  };
  return { server, isOfOtherHistory, changes };
}

/** Each once: one that was deleted and begun anew has two rows. */
function idsOf(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.map((row) => textOf(row, 'task_id')))];
}

function serverOf(row: Row): Server {
  return { timeline: textOf(row, 'timeline'), began: textOf(row, 'began') };
}

/** Neither snapshots nor ids have spaces. */
function format({ timeline, began, since, until, changed, taskId }: Position): string {
  return [timeline, began, since, until, changed, taskId].filter((part) => part !== undefined).join(' ');
}

function parse(text: string): Position {
  const [timeline = '', began = '', since = BEGINNING, until, changed, taskId] = text.split(' ');
  return { timeline, began, since, until, changed, taskId };
}
