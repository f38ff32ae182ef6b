/** Lists of tasks, and which tasks changed. Both are read by index. */
import { StoreCorruptError } from '../../domain/errors.ts';
import { TASK_STATUSES } from '../../domain/progress.ts';
import { matchesTask } from '../../domain/task.ts';
import type { TaskHead, TaskQuery } from '../event-log.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import type { Ask, Statement } from './connection.ts';
import { LAST_EVENT, WHOLE_TASK } from './statements.ts';
import { list, listParameter } from './table-param.ts';
import { decodeTask, loadTasks, toHead, type OnDamage } from './tasks.ts';

/** Tasks looked at by one statement when what is asked for is in no index. */
const STRETCH = 200;
/** Beyond every instant, and above every character of an id. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;
const ABOVE_IDS = '\u007f';
const ID_PREFIX = /^[\x21-\x7e]*$/;

/** One status at a time: then the index has the order that is asked for. */
function listStatement(name: string, time: 'started_at' | 'last_update'): Statement {
  const order = `${time} DESC, task_id`;
  return {
    name,
    text: `SELECT ${WHOLE_TASK} FROM unnest(${listParameter(1)}) AS s (status) CROSS JOIN LATERAL (
      SELECT * FROM drumline_task WHERE status = s.status
        AND ${time} <= $2::bigint AND (${time} < $2::bigint OR task_id > $3)
        AND started_at > $4::bigint AND started_at <= $5::bigint AND task_id >= $6 AND task_id < $7
      ORDER BY ${order} LIMIT $8::bigint) t ${LAST_EVENT} ORDER BY t.${time} DESC, t.task_id LIMIT $8::bigint`,
  };
}

const LIST = Object.freeze({
  started: listStatement('drumline_list_started', 'started_at'),
  updated: listStatement('drumline_list_updated', 'last_update'),
});

interface Place {
  readonly time: number;
  readonly taskId: string;
}

export async function listTasks(ask: Ask, query: TaskQuery, onDamage: OnDamage): Promise<readonly TaskHead[]> {
  const { limit, statuses = TASK_STATUSES, taskIdPrefix = '' } = query;
  if (limit <= 0 || statuses.length === 0 || !ID_PREFIX.test(taskIdPrefix)) return [];
  const stretch = isInNoIndex(query) ? STRETCH : Math.min(limit, STRETCH);
  const found: TaskHead[] = [];
  let place = firstPlace(query);
  while (found.length < limit) {
    const rows = await ask(LIST[query.order ?? 'started'], parametersOf(query, place, stretch));
    for (const row of rows) {
      const decoded = decodeTask(row, onDamage);
      const [task] = 'healed' in decoded ? [decoded] : await loadTasks(ask, [decoded.genesis.taskId], onDamage);
      if (task !== undefined && matchesTask(task, query)) found.push(toHead(task));
    }
    const last = rows[stretch - 1];
    if (last === undefined) break;
    const next = placeOf(last, query);
    if (!isBehind(place, next)) throw new StoreCorruptError('the order of the tasks');
    place = next;
  }
  return found.slice(0, limit);
}

function parametersOf(query: TaskQuery, place: Place, stretch: number): readonly unknown[] {
  const { statuses = TASK_STATUSES, taskIdPrefix = '', startedAfter = -END_OF_TIME } = query;
  return [
    list('text', [...new Set(statuses)]),
    place.time,
    place.taskId,
    Math.floor(startedAfter),
    latestStart(query),
    taskIdPrefix,
    taskIdPrefix + ABOVE_IDS,
    stretch,
  ];
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

function isBehind(place: Place, next: Place): boolean {
  return next.time === place.time ? next.taskId > place.taskId : next.time < place.time;
}
