/** Lists of tasks, and which tasks changed: read by index, in stretches that are short for the thread. */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreCorruptError } from '../../domain/errors.ts';
import { TASK_STATUSES } from '../../domain/progress.ts';
import { createChanges } from '../changes.ts';
import type { Changes, ChangesQuery, TaskHead, TaskQuery } from '../event-log.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import { TASK_ROW } from '../stored/state.ts';
import { toHead, type TaskRows } from './tasks.ts';
import { matchesTask } from '../../domain/task.ts';

export interface TaskList {
  tasks(query: TaskQuery): Promise<readonly TaskHead[]>;
  changes(query: ChangesQuery): Changes;
  noteDeleted(taskId: string): void;
}

export interface TaskListDeps {
  readonly rows: TaskRows;
  /** Runs its argument on one state of the file; throws once the log is disposed. */
  readonly inSnapshot: <Result>(operation: () => Result) => Result;
}

const SELECT = `SELECT ${TASK_ROW} FROM task WHERE status = :status`;
const CONDITIONS = 'started_at > :earliest AND task_id >= :from AND task_id < :to';

/** One status at a time: then the index has the order that is asked for. */
export const LIST_SQL = {
  started:
    `${SELECT} AND started_at <= :place AND (started_at < :place OR task_id > :id) AND ${CONDITIONS}` +
    ' ORDER BY started_at DESC, task_id LIMIT :limit',
  updated:
    `${SELECT} AND last_update <= :place AND (last_update < :place OR task_id > :id) AND ${CONDITIONS}` +
    ' AND started_at <= :latest ORDER BY last_update DESC, task_id LIMIT :limit',
  position: 'SELECT max(changed) AS position FROM task',
  changes: 'SELECT changed, task_id FROM task WHERE changed > ? ORDER BY changed LIMIT ?',
} as const;

/** Tasks looked at before others get their turn. */
const STRETCH = 200;
/** Beyond every instant, and above every character of an id. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;
const ABOVE_IDS = '\u007f';

interface Place {
  readonly time: number;
  readonly taskId: string;
}

export function createTaskList(db: DatabaseSync, { rows, inSnapshot }: TaskListDeps): TaskList {
  const started = db.prepare(LIST_SQL.started);
  const updated = db.prepare(LIST_SQL.updated);
  updated.setAllowUnknownNamedParameters(true);
  started.setAllowUnknownNamedParameters(true);
  const position = db.prepare(LIST_SQL.position);
  const changed = db.prepare(LIST_SQL.changes);
  const changes = createChanges({
    last: () => Number(position.get()?.['position'] ?? 0),
    after: (count, limit) =>
      changed.all(count, limit).map((row) => ({ taskId: textOf(row, 'task_id'), count: numberOf(row, 'changed') })),
  });

  function readStretch(query: TaskQuery, place: Place, limit: number): readonly Row[] {
    const { statuses = TASK_STATUSES, taskIdPrefix = '', startedAfter = -END_OF_TIME, order = 'started' } = query;
    const statement = order === 'started' ? started : updated;
    const parameters = {
      place: place.time,
      id: place.taskId,
      earliest: startedAfter,
      latest: latestStart(query),
      from: taskIdPrefix,
      to: taskIdPrefix + ABOVE_IDS,
      limit,
    };
    const lists = [...new Set(statuses)].map((status) => statement.all({ ...parameters, status }));
    const compare = (one: Row, other: Row): number => comparePlaces(placeOf(one, query), placeOf(other, query));
    return lists.flat().toSorted(compare).slice(0, limit);
  }

  return {
    async tasks(query) {
      const { limit } = query;
      // What no index knows is looked for: then few are found of many, however few are asked for.
      const isSearch = isInNoIndex(query);
      const stretch = isSearch ? STRETCH : Math.min(limit, STRETCH);
      const found: TaskHead[] = [];
      let place = firstPlace(query);
      while (found.length < limit) {
        const page = inSnapshot(() => {
          const stored = readStretch(query, place, stretch);
          const heads = stored.map((row) => rows.loadRow(row, (head) => matchesTask(head, query)));
          return { last: stored[stretch - 1], heads: heads.filter((head) => head !== undefined) };
        });
        found.push(...page.heads.map(toHead));
        if (page.last === undefined) break;
        const next = placeOf(page.last, query);
        if (comparePlaces(place, next) >= 0) throw new StoreCorruptError('the order of the tasks');
        place = next;
        await nextTurn();
      }
      return found.slice(0, limit);
    },
    changes: (query) => changes.read(query),
    noteDeleted: (taskId) => changes.noteDeleted(taskId),
  };
}

/** Just before the first task that can be meant. */
function firstPlace(query: TaskQuery): Place {
  const { after, order = 'started', updatedBefore } = query;
  if (order === 'updated') return { time: latestBefore(updatedBefore), taskId: '' };
  const latest = latestStart(query);
  return after !== undefined && after.startedAt <= latest
    ? { time: after.startedAt, taskId: after.taskId }
    : { time: latest, taskId: '' };
}

/** Which conditions the index of the order does not have: then few may be found of many. */
function isInNoIndex({ labels, stages, within, updatedBefore, order = 'started' }: TaskQuery): boolean {
  if (within !== undefined) return true;
  return labels !== undefined || stages !== undefined || (updatedBefore !== undefined && order === 'started');
}

function latestStart({ startedBefore }: TaskQuery): number {
  return latestBefore(startedBefore);
}

/** Bounds are exclusive, and instants are whole. */
function latestBefore(bound: number | undefined): number {
  return bound === undefined ? END_OF_TIME : Math.ceil(bound) - 1;
}

function placeOf(row: Row, { order = 'started' }: TaskQuery): Place {
  return { time: numberOf(row, order === 'started' ? 'started_at' : 'last_update'), taskId: textOf(row, 'task_id') };
}

function comparePlaces(one: Place, other: Place): number {
  if (one.time !== other.time) return other.time - one.time;
  if (one.taskId === other.taskId) return 0;
  return one.taskId < other.taskId ? -1 : 1;
}
