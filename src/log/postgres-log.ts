/**
 * The log in Postgres, for several servers over one database. Sequence, fold and hash are worked out under a lock on
 * the task's row, so there is one history whoever writes it; what is acknowledged survives whatever the database
 * survives. Every wait ends, and a failure says whether something may have been stored.
 *
 * It needs a direct connection, or a proxy that keeps one for each client: prepared statements and settings of the
 * session do not outlive a transaction behind a pool such as PgBouncer in transaction mode.
 */
import { StoreUnavailableError } from '../domain/errors.ts';
import type { TaskProgress } from '../domain/progress.ts';
import type { EventLog, InitTaskResult, NewTask, TaskHead } from './event-log.ts';
import { readChanges } from './postgres/changes.ts';
import { deleteTask, healTask, trimTask } from './postgres/maintenance.ts';
import { observationPlace, readObservations } from './postgres/observations.ts';
import { prepareStore } from './postgres/open.ts';
import { createReadPool } from './postgres/pool.ts';
import { listTasks } from './postgres/task-list.ts';
import { loadTasks, readEvents, readEventsAt, stateAt, toHead } from './postgres/tasks.ts';
import { createWriter } from './postgres/writer.ts';
import { ownInput } from './record.ts';

export interface PostgresLogOptions {
  /** `postgres://…`, with all that `pg` takes in it. */
  readonly url: string;
  /** Milliseconds since 1970. Left out: the database's clock, which all servers share. */
  readonly now?: () => number;
  /** Every so many events of a task its state is kept, so that the state at any place is cheap. */
  readonly snapshotEvery?: number;
  /** Open a database that may lose acknowledged events in a crash. */
  readonly acceptWeakerDurability?: boolean;
  /** Something an operator should know of, in one line: damage that was healed, a lost connection. */
  readonly onWarning?: (message: string) => void;
}

const ID = /^[\x21-\x7e]+$/;
const READ_LOCK_MS = 1_500;

/** @throws StoreUnusableError: the address, the rights, the format or the settings of the database. */
export async function openPostgresLog(options: PostgresLogOptions): Promise<EventLog> {
  const { url, now, snapshotEvery = 1_000, acceptWeakerDurability = false, onWarning = () => undefined } = options;
  const isDurable = await prepareStore({ url, acceptWeakerDurability });
  await using owned = new AsyncDisposableStack();
  const pool = owned.use(createReadPool({ url, lockMs: READ_LOCK_MS }));
  const writer = owned.use(createWriter({ url, now, snapshotEvery, onDamage: warnOfDamage, onWarning }));
  const healing = new Set<string>();

  function warnOfDamage(what: string, taskId: string): void {
    onWarning(`${what} of task ${taskId} was damaged; made again from its events`);
  }

  /** What had to be made again is served, and written anew, once. */
  function heal(what: string, taskId: string): void {
    if (healing.has(taskId)) return;
    healing.add(taskId);
    warnOfDamage(what, taskId);
    const forget = (): boolean => healing.delete(taskId);
    // It is served all the same; a failure shows when somebody appends.
    healTask(pool, taskId).then(forget, forget);
  }

  async function head(taskId: string): Promise<TaskHead | undefined> {
    if (!ID.test(taskId)) return pool.ask('SELECT 1').then(() => undefined);
    const [task] = await pool.inRead((ask) => loadTasks(ask, [taskId], heal));
    return task === undefined ? undefined : toHead(task);
  }

  async function progressAt(taskId: string, seq: number): Promise<TaskProgress | undefined> {
    if (!ID.test(taskId)) return undefined;
    return pool.inSnapshot(async (ask) => {
      const [task] = await loadTasks(ask, [taskId], heal);
      if (task === undefined || seq > task.progress.seq || seq < task.oldestSeq - 1) return undefined;
      return seq === task.progress.seq ? task.progress : (await stateAt(ask, task, seq, heal)).progress;
    });
  }

  async function initTask(task: NewTask): Promise<InitTaskResult> {
    const known = await head(task.taskId);
    return known === undefined ? writer.initTask(task) : { head: known, created: false };
  }

  async function ready(): Promise<void> {
    const [row] = await pool.ask(`SELECT current_setting('transaction_read_only') AS read_only`);
    if (row?.['read_only'] !== 'off') throw new StoreUnavailableError('FAILED');
  }

  const resources = owned.move();
  let disposed: Promise<void> | undefined;
  return {
    traits: { durable: isDurable ? 'power' : 'process', exclusive: false },
    ready,
    initTask,
    append: (batch) => writer.append(batch.map(ownInput)),
    head,
    progressAt,
    read: (taskId, range) => pool.inRead((ask) => readEvents(ask, taskId, range)),
    eventsAt: (places) => pool.inRead((ask) => readEventsAt(ask, places)),
    tasks: (query) => pool.inRead((ask) => listTasks(ask, query, heal)),
    changes: (query) => readChanges(pool.ask, query),
    trim: (taskId, through) => trimTask(pool, { taskId, through }, heal),
    delete: async (taskId, ifAt) => ID.test(taskId) && deleteTask(pool, { taskId, ifAt }, heal),
    publishObservation: (input) => writer.publishObservation(input),
    readObservations: (range) => readObservations(pool.ask, range),
    observationPlace: (seq) => observationPlace(pool.ask, seq),
    async [Symbol.asyncDispose]() {
      disposed ??= resources.disposeAsync();
      await disposed;
    },
  };
}
