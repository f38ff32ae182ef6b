/**
 * Writing tasks, inside a transaction that its caller begins and ends. Events are written as they come; heads and
 * components wait in a cache and are written once for the whole group, however many appends touched them.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { NewEvent, TaskEvent } from '../../domain/event.ts';
import type { NewTask } from '../event-log.ts';
import { planAppend, planTask, type AppendLookups, type PlannedEvent, type PlannedTask } from '../plan-append.ts';
import { eventRecord } from '../record.ts';
import { createEventInserts } from './event-inserts.ts';
import type { Appended } from './protocol.ts';
import { createHeadWriter } from './heads.ts';
import { createTaskCache, type CachedTask } from './task-cache.ts';
import { encodeSnapshot, snapshotChecksum, type TaskState } from '../stored/state.ts';
import { numberOf } from '../stored/rows.ts';
import type { TaskRows } from './tasks.ts';

export interface TaskWriterOptions {
  readonly rows: TaskRows;
  readonly snapshotEvery: number;
}

/**
 * Each verb first works out everything that can be refused, and throws then; what it returns writes the rows, and a
 * failure there is the store's.
 */
export interface TaskWriter {
  append(batch: readonly NewEvent[], now: number): () => Appended;
  /** The new task's genesis record; undefined when the task was known. */
  initTask(task: NewTask, now: number): () => string | undefined;
  trim(taskId: string, through: number): () => void;
  /** @param ifAt the hash that its head must have. Of what is stored only that it is there counts: it may be damaged. */
  delete(taskId: string, ifAt: string | undefined): () => boolean;
  /** Have a task's rows written anew if they are not what the log says. */
  heal(taskId: string): void;
  /** Write the heads of all tasks that changed. */
  flush(): void;
  /** The transaction was rolled back: what is remembered of it, and of all before, is forgotten. */
  forget(): void;
}

export const WRITE_SQL = {
  snapshot: 'INSERT OR REPLACE INTO snapshot (task, seq, checksum, state) VALUES (?, ?, ?, ?)',
  trimEvents: 'DELETE FROM event WHERE task = ? AND seq <= ?',
  trimSnapshots: 'DELETE FROM snapshot WHERE task = ? AND seq < ?',
  headOf: 'SELECT task, hash FROM task WHERE task_id = ?',
  dropTask: 'DELETE FROM task WHERE task = ?',
} as const;

export function createTaskWriter(db: DatabaseSync, { rows, snapshotEvery }: TaskWriterOptions): TaskWriter {
  const events = createEventInserts(db);
  const insertSnapshot = db.prepare(WRITE_SQL.snapshot);
  const trimEvents = db.prepare(WRITE_SQL.trimEvents);
  const trimSnapshots = db.prepare(WRITE_SQL.trimSnapshots);
  const headOf = db.prepare(WRITE_SQL.headOf);
  const dropTask = db.prepare(WRITE_SQL.dropTask);
  const heads = createHeadWriter(db);
  const tasks = createTaskCache(rows);

  function known(taskId: string): CachedTask {
    const task = tasks.get(taskId);
    if (task === undefined) throw new Error(`Planned without its task: ${taskId}`);
    return task;
  }

  /** False when the id is greater than all the task has, as those are that begin with the time: then none is looked for. */
  function mayHaveEvent(task: CachedTask, eventId: string): boolean {
    if (task.lastEventId === undefined) {
      events.flush();
      task.lastEventId = rows.lastEventId(task) ?? '';
    }
    return eventId <= task.lastEventId;
  }

  function begin({ head, record, hash }: PlannedTask): void {
    const { genesis, progress } = head;
    const key = heads.nextKey();
    tasks.add({ key, genesis, genesisHash: hash, oldestSeq: 1, progress, recordedAt: genesis.createdAt }, record);
  }

  function append(batch: readonly NewEvent[], now: number): () => Appended {
    /** Those that were there before, with the text that is stored. */
    const found = new Map<TaskEvent, string>();
    const lookups: AppendLookups = {
      head: (taskId) => tasks.get(taskId),
      lastRecordedAt: (taskId) => tasks.get(taskId)?.recordedAt,
      findEvent(taskId, eventId) {
        const task = tasks.get(taskId);
        if (task === undefined || !mayHaveEvent(task, eventId)) return undefined;
        events.flush();
        const stored = rows.findEvent(task, eventId);
        if (stored !== undefined) found.set(stored.event, stored.record);
        return stored;
      },
    };
    const plan = planAppend(batch, lookups, now, randomUUID);
    return () => {
      for (const task of plan.newTasks) begin(task);
      for (const planned of plan.newEvents) writeEvent(known(planned.event.taskId), planned);
      const answer: [number, ...(number | string)[]] = [plan.recordedAt];
      for (const { event, duplicate } of plan.results) {
        const place = duplicate ? (found.get(event) ?? eventRecord(event)) : event.seq;
        answer.push(place, event.hash, event.previousHash);
      }
      return answer;
    };
  }

  function writeEvent(task: CachedTask, planned: PlannedEvent): void {
    const { event, progress } = planned;
    events.add(task.key, planned);
    tasks.advance(task, { progress, recordedAt: event.recordedAt }, event);
    if (event.seq % snapshotEvery === 0) writeSnapshot(task.key, task);
  }

  function writeSnapshot(key: number, state: TaskState): void {
    const text = encodeSnapshot({ progress: state.progress, recordedAt: state.recordedAt });
    insertSnapshot.run(key, state.progress.seq, snapshotChecksum(key, state.progress.seq, text), text);
  }

  return {
    append,
    initTask(task, now) {
      if (tasks.get(task.taskId) !== undefined) return () => undefined;
      const planned = planTask(task, now, randomUUID());
      return () => {
        begin(planned);
        return planned.record;
      };
    },
    trim(taskId, through) {
      const task = tasks.get(taskId);
      const isKept = task !== undefined && through >= task.oldestSeq - 1 && through <= task.progress.seq;
      if (!isKept) return () => undefined;
      events.flush();
      const state = through === task.progress.seq ? task : rows.stateAt(task, through);
      return () => {
        if (through > 0) writeSnapshot(task.key, state);
        trimEvents.run(task.key, through);
        trimSnapshots.run(task.key, through);
        tasks.trim(task, through + 1);
      };
    },
    delete(taskId, ifAt) {
      const held = tasks.peek(taskId);
      const row = held === undefined ? headOf.get(taskId) : { task: held.key, hash: held.progress.hash };
      if (row === undefined || (ifAt !== undefined && ifAt !== row['hash'])) return () => false;
      const key = numberOf(row, 'task');
      return () => {
        events.flush();
        trimEvents.run(key, Number.MAX_SAFE_INTEGER);
        trimSnapshots.run(key, Number.MAX_SAFE_INTEGER);
        heads.dropComponents(key);
        dropTask.run(key);
        tasks.remove(taskId);
        return true;
      };
    },
    heal(taskId) {
      events.flush();
      tasks.reload(taskId);
    },
    flush() {
      events.flush();
      for (const task of tasks.takeChanged()) heads.write(task);
    },
    forget() {
      events.forget();
      tasks.forget();
      heads.forget();
    },
  };
}
