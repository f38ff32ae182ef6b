/**
 * The default log: one SQLite file, in WAL mode with an fsync for each commit. A thread of its own writes, in groups;
 * reads run here, each short and on one state of the file. An acknowledged event survives kill -9 and power loss, and
 * what a disk did to the file is detected and not served.
 */
import { access, constants, open, realpath, stat } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import { dirname, resolve } from 'node:path';
import type { Cursor } from '../domain/cursor.ts';
import { StoreCorruptError } from '../domain/errors.ts';
import type { NewEvent } from '../domain/event.ts';
import { initialProgress } from '../domain/progress.ts';
import type { AppendResult, EventLog, InitTaskResult, NewTask, TaskHead } from './event-log.ts';
import { nextHash, ownInput, parseEvent, parseGenesis, parseObservation, toEvent } from './record.ts';
import { toLogError } from './sqlite/errors.ts';
import { openReadable } from './sqlite/file.ts';
import { lockStore } from './sqlite/lock.ts';
import { createReads } from './sqlite/reads.ts';
import { StoreUnusableError } from './stored/open-error.ts';
import type { Appended } from './sqlite/protocol.ts';
import { createTaskList } from './sqlite/task-list.ts';
import { toHead } from './sqlite/tasks.ts';
import { openWriteQueue, type WriteQueue } from './sqlite/write-queue.ts';

export interface SqliteLogOptions {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Every so many events of a task its state is kept, so that the state at any place is cheap. */
  readonly snapshotEvery?: number;
  /** Something an operator should know of, in one line: damage that was healed, a failed commit. */
  readonly onWarning?: (message: string) => void;
}

/** Events that one step of a trim removes, so that appends come through in between. */
const TRIM_EVENTS = 1_000;

/**
 * @throws StoreUnusableError: the path, the permissions, the format or another owner.
 * @throws StoreCorruptError: the file is damaged.
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<EventLog> {
  const { snapshotEvery = 1_000, onWarning = () => undefined } = options;
  const path = await checkPath(options.path);
  await using owned = new AsyncDisposableStack();
  owned.use(lockStore(path));
  const queue = owned.use(await openWriteQueue({ path, snapshotEvery }, onWarning));
  const verbs = withLogErrors(() => createVerbs(owned.use(openReadable(path)), queue, { ...options, onWarning }));
  const resources = owned.move();
  let disposed: Promise<void> | undefined;
  return {
    ...verbs,
    async [Symbol.asyncDispose]() {
      disposed ??= resources.disposeAsync();
      await disposed;
    },
  };
}

function createVerbs(
  db: DatabaseSync,
  queue: WriteQueue,
  { now = Date.now, onWarning = () => undefined }: SqliteLogOptions,
): Omit<EventLog, keyof AsyncDisposable> {
  const healing = new Set<string>();
  const { rows, inSnapshot, verbs } = createReads(db, heal);
  const list = createTaskList(db, { rows, inSnapshot });

  /** What had to be made again is served, and the writer is asked, once, to write it anew. */
  function heal(what: string, taskId: string): void {
    if (healing.has(taskId)) return;
    healing.add(taskId);
    onWarning(`${what} of task ${taskId} was damaged; made again from its events`);
    const forget = (): boolean => healing.delete(taskId);
    // It is served all the same; a failure shows when somebody appends.
    queue.send({ kind: 'heal', taskId }).then(forget, forget);
  }

  async function append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]> {
    const command = { kind: 'append', now: now(), batch } as const;
    const text = JSON.stringify(command);
    // What its producer does to the batch from here on changes no event. Details are read back when they are needed.
    const own = batch.some(({ details }) => details !== undefined) ? undefined : batch.map(ownInput);
    const answer = await queue.send(command, { text, idAt: (index) => batch[index]?.eventId ?? '' });
    return toResults(own ?? (JSON.parse(text) as typeof command).batch, answer);
  }

  async function initTask(task: NewTask): Promise<InitTaskResult> {
    const known = inSnapshot(() => rows.load(task.taskId));
    if (known !== undefined) return { head: toHead(known), created: false };
    const record = await queue.send({ kind: 'initTask', now: now(), task });
    if (record !== undefined) return { head: firstHead(record), created: true };
    const head = inSnapshot(() => rows.load(task.taskId));
    if (head === undefined) throw new Error(`The writer knows a task that is not there: ${task.taskId}`);
    return { head: toHead(head), created: false };
  }

  async function trim(taskId: string, through: number): Promise<void> {
    const task = inSnapshot(() => rows.bounds(taskId));
    if (task === undefined || through > task.progress.seq) return;
    let step = task.oldestSeq - 1;
    while (step < through) {
      step = Math.min(step + TRIM_EVENTS, through);
      await queue.send({ kind: 'trim', taskId, through: step });
    }
  }

  async function remove(taskId: string, ifAt: Cursor | undefined): Promise<boolean> {
    await shorten(taskId, ifAt);
    // An answer that was lost leaves it open whether the task is there; then whoever follows it looks as well.
    let isDeleted = true;
    try {
      isDeleted = await queue.send({ kind: 'delete', taskId, ifAt: ifAt?.hash });
    } finally {
      if (isDeleted) list.noteDeleted(taskId);
    }
    return isDeleted;
  }

  /** So that what is left goes in one transaction that is short for those who wait behind it. */
  async function shorten(taskId: string, ifAt: Cursor | undefined): Promise<void> {
    try {
      const task = inSnapshot(() => rows.bounds(taskId));
      if (task === undefined || (ifAt !== undefined && ifAt.hash !== task.progress.hash)) return;
      const { oldestSeq, progress } = task;
      if (progress.seq - oldestSeq >= TRIM_EVENTS) await trim(taskId, progress.seq - 1);
    } catch (error) {
      // What is damaged can be deleted all the same.
      if (!(error instanceof StoreCorruptError)) throw error;
    }
  }

  return {
    ...verbs,
    traits: { durable: 'power', exclusive: true },
    ready: () => queue.send({ kind: 'check' }),
    initTask,
    append,
    eventsAt: async (places) => inSnapshot(() => places.map(rows.eventAt)),
    tasks: (query) => list.tasks(query),
    changes: async (query) => inSnapshot(() => list.changes(query)),
    trim,
    delete: remove,
    async publishObservation(input) {
      const { duplicate, ...stored } = await queue.send(
        { kind: 'publish', now: now(), input },
        { idAt: () => input.id },
      );
      return { observation: parseObservation(stored), duplicate };
    },
  };
}

function toResults(batch: readonly NewEvent[], answer: Appended): readonly AppendResult[] {
  const [recordedAt] = answer;
  return batch.map((input, index) => {
    const start = 1 + 3 * index;
    const place = answer[start];
    const hash = answer[start + 1];
    const previousHash = answer[start + 2];
    if (place === undefined || typeof hash !== 'string' || typeof previousHash !== 'string') {
      throw new Error('The writer answered for too few events.');
    }
    return typeof place === 'string'
      ? { event: parseEvent({ record: place, hash, previousHash }), duplicate: true }
      : { event: toEvent(input, { seq: place, recordedAt, hash, previousHash }), duplicate: false };
  });
}

function withLogErrors<Result>(operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    throw toLogError(error, 'FAILED');
  }
}

function firstHead(record: string): TaskHead {
  const genesis = parseGenesis(record);
  return { genesis, progress: initialProgress(genesis, nextHash('', record)), oldestSeq: 1 };
}

/**
 * Makes the file if there is none: only a file that exists has one real path, whatever links lead to it.
 * @returns that path, so that the file has one lock however it is reached.
 */
async function checkPath(given: string): Promise<string> {
  const path = resolve(given);
  const directory = await stat(dirname(path)).catch(() => undefined);
  if (directory === undefined) throw new StoreUnusableError(`the directory ${dirname(path)} does not exist`);
  if (!directory.isDirectory()) throw new StoreUnusableError(`${dirname(path)} is not a directory`);
  const file = await stat(path).catch(() => undefined);
  if (file !== undefined && !file.isFile()) throw new StoreUnusableError(`${path} is not a file`);
  const real = await orRefuse(path, async () => {
    const handle = await open(path, 'a');
    await handle.close();
    return realpath(path);
  });
  // SQLite keeps its WAL beside the file, so the directory must be writable too.
  for (const each of [real, dirname(real)]) await orRefuse(each, () => access(each, constants.R_OK | constants.W_OK));
  const { nlink } = await orRefuse(real, () => stat(real));
  if (nlink > 1) throw new StoreUnusableError(`${real} has ${nlink} names (hard links); a store has one`);
  return real;
}

async function orRefuse<Result>(path: string, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    throw new StoreUnusableError(`${path} cannot be written`, { cause: error });
  }
}
