/** The verbs that read the file: each on one state of it, and none of them waits for a writer. */
import type { DatabaseSync } from 'node:sqlite';
import { StoreUnavailableError } from '../../domain/errors.ts';
import type { TaskProgress } from '../../domain/progress.ts';
import type { EventLog } from '../event-log.ts';
import { toLogError } from './errors.ts';
import { createObservationRows } from './observations.ts';
import { createTaskRows, toHead, type TaskRows } from './tasks.ts';

export interface SqliteReads {
  readonly rows: TaskRows;
  /** All reads of `operation` see one state of the file. @throws StoreUnavailableError once it is closed. */
  inSnapshot<Result>(operation: () => Result): Result;
  readonly verbs: Pick<EventLog, 'head' | 'progressAt' | 'read' | 'readObservations' | 'observationPlace'>;
}

/** @param onDamage is told of each stored state that had to be made again. */
export function createReads(db: DatabaseSync, onDamage: (what: string, taskId: string) => void): SqliteReads {
  const begin = db.prepare('BEGIN');
  const end = db.prepare('COMMIT');
  const rows = createTaskRows(db, onDamage);
  const observations = createObservationRows(db);

  function inSnapshot<Result>(operation: () => Result): Result {
    if (!db.isOpen) throw new StoreUnavailableError('FAILED');
    try {
      begin.run();
      const result = operation();
      end.run();
      return result;
    } catch (error) {
      leave(db);
      throw toLogError(error, 'FAILED');
    }
  }

  async function read<Result>(operation: () => Result): Promise<Result> {
    return inSnapshot(operation);
  }

  function progressAt(taskId: string, seq: number): TaskProgress | undefined {
    const task = rows.bounds(taskId);
    if (task === undefined || seq > task.progress.seq || seq < task.oldestSeq - 1) return undefined;
    return seq === task.progress.seq ? rows.load(taskId)?.progress : rows.stateAt(task, seq).progress;
  }

  return {
    rows,
    inSnapshot,
    verbs: {
      head: (taskId) =>
        read(() => {
          const task = rows.load(taskId);
          return task === undefined ? undefined : toHead(task);
        }),
      progressAt: (taskId, seq) => read(() => progressAt(taskId, seq)),
      read: (taskId, range) =>
        read(() => {
          const task = rows.bounds(taskId);
          return task === undefined ? [] : rows.events(task, range);
        }),
      readObservations: (range) => read(() => observations.read(range)),
      observationPlace: (seq) => read(() => observations.place(seq)),
    },
  };
}

/** Ends a read that failed; that it may fail as well tells nothing new. */
function leave(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // The transaction is over all the same.
  }
}
