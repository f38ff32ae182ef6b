/** Writing the rows of a task's head: the task's own, and those of the components that changed. */
import type { DatabaseSync } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';
import { numberOf, type Row } from '../stored/rows.ts';
import {
  componentChecksum,
  componentPlaces,
  EMPTY_DIGEST,
  encodeComponent,
  encodeTask,
  mixDigest,
  TASK_COLUMNS,
} from '../stored/state.ts';
import type { CachedTask } from './task-cache.ts';

export interface HeadWriter {
  /** The number of the next task. */
  nextKey(): number;
  write(task: CachedTask): void;
  dropComponents(key: number): void;
  /** Numbers given inside a transaction that was rolled back were not given. */
  forget(): void;
}

type Column = (typeof TASK_COLUMNS)[number];

const UNCHANGING: readonly Column[] = ['task', 'genesis_hash', 'genesis'];
/** A column of an index that did not change is left out, or the index would be written as well. */
const OF_STATUS: readonly Column[] = ['task_id', 'status', 'started_at'];

/** All take the values of `encodeTask`, by their numbers. */
export const HEAD_SQL = {
  insert: `INSERT INTO task (${TASK_COLUMNS.join(', ')}) VALUES (${TASK_COLUMNS.map(parameter).join(', ')})`,
  update: updateAllBut(UNCHANGING),
  updateInStatus: updateAllBut([...UNCHANGING, ...OF_STATUS]),
  component: 'INSERT OR REPLACE INTO component (place, state) VALUES (?, ?)',
  dropComponents: 'DELETE FROM component WHERE place >= ? AND place < ?',
  lastKey: 'SELECT max(task) AS last FROM task',
  lastChange: 'SELECT max(changed) AS last FROM task',
} as const;

export function createHeadWriter(db: DatabaseSync): HeadWriter {
  const insert = db.prepare(HEAD_SQL.insert);
  const update = db.prepare(HEAD_SQL.update);
  const updateInStatus = db.prepare(HEAD_SQL.updateInStatus);
  const putComponent = db.prepare(HEAD_SQL.component);
  const dropComponents = db.prepare(HEAD_SQL.dropComponents);
  const lastKey = db.prepare(HEAD_SQL.lastKey);
  const lastChange = db.prepare(HEAD_SQL.lastChange);
  let key: number | undefined;
  let change: number | undefined;

  function drop(key: number): void {
    const { from, to } = componentPlaces(key);
    dropComponents.run(from, to);
  }

  function writeComponents(task: CachedTask): void {
    const { from } = componentPlaces(task.key);
    const isWhole = task.storedStatus !== undefined || task.newRecord !== undefined;
    if (!isWhole) drop(task.key);
    for (const name of task.touched) {
      const component = task.progress.components.get(name);
      if (component === undefined) continue;
      const before = task.components.get(name);
      const number = before?.number ?? task.components.size;
      const state = encodeComponent(component);
      const checksum = componentChecksum(from + number, state);
      putComponent.run(from + number, state);
      task.components.set(name, { number, checksum });
      task.componentDigest = mixDigest(task.componentDigest, before?.checksum ?? EMPTY_DIGEST, checksum);
    }
    task.touched.clear();
  }

  return {
    nextKey() {
      key = (key ?? lastOf(lastKey.get())) + 1;
      return key;
    },
    dropComponents: drop,
    write(task) {
      writeComponents(task);
      change = (change ?? lastOf(lastChange.get())) + 1;
      const row = encodeTask(task, task.componentDigest, change);
      if (task.newRecord !== undefined) {
        insert.run(...row, task.newRecord);
      } else {
        const { changes } = (task.storedStatus === task.progress.status ? updateInStatus : update).run(...row);
        if (changes !== 1) throw new StoreCorruptError(`the row of task ${task.genesis.taskId} is missing`);
      }
      task.newRecord = undefined;
      task.storedStatus = task.progress.status;
    },
    forget() {
      key = undefined;
      // Changes are not numbered anew: the task that had the greatest number may have been deleted since.
    },
  };
}

function updateAllBut(left: readonly Column[]): string {
  const assignments = TASK_COLUMNS.flatMap((column, index) =>
    left.includes(column) ? [] : [`${column} = ${parameter(column, index)}`],
  );
  return `UPDATE task SET ${assignments.join(', ')} WHERE task = ?1`;
}

function parameter(_column: Column, index: number): string {
  return `?${index + 1}`;
}

/** 0 for a table without rows. */
function lastOf(row: Row | undefined): number {
  return row?.['last'] == null ? 0 : numberOf(row, 'last');
}
