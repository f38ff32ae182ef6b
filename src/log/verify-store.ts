/**
 * Whether a store is whole: every task from the oldest event it keeps to its head, each record under the running hash,
 * and the fold at the head against the progress that is stored. Damage in one task does not keep the others from being
 * looked at. A page at a time, so the memory that it takes does not grow with the store; servers may write meanwhile.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { StoreCorruptError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { foldEvent, type TaskProgress } from '../domain/progress.ts';
import type { TaskHead } from './event-log.ts';
import type { StoreReader } from './store-reader.ts';

export interface StoreVerdict {
  readonly tasks: number;
  readonly events: number;
  readonly observations: number;
  /** What cannot be made again: the first of it that was found, and how much there is. */
  readonly damage: readonly string[];
  readonly damageCount: number;
}

export interface VerifyOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (done: { readonly tasks: number; readonly events: number }) => void;
}

const PAGE_EVENTS = 500;
const PAGE_TASKS = 500;
const MAX_NAMED = 20;

/** @throws StoreUnavailableError; the signal's reason when it is aborted. */
export async function verifyStore(reader: StoreReader, { signal, onProgress }: VerifyOptions): Promise<StoreVerdict> {
  const damage: string[] = [];
  let damageCount = 0;
  let tasks = 0;
  let events = 0;
  let observations = 0;

  async function examine(what: string, look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof StoreCorruptError)) throw error;
      damageCount += 1;
      if (damage.length < MAX_NAMED) damage.push(`${what}: ${error.what}`);
    }
  }

  /** SQLite answers without waiting for anything, so without a turn of its own no interrupt would be heard. */
  async function onEvents(count: number): Promise<void> {
    events += count;
    onProgress({ tasks, events });
    await nextTurn();
    signal.throwIfAborted();
  }

  for (let after = 0; ;) {
    let page: Awaited<ReturnType<StoreReader['taskIds']>> = [];
    await examine('the list of tasks', async () => {
      page = await reader.taskIds({ after, limit: PAGE_TASKS });
    });
    for (const { number, taskId } of page) {
      after = number;
      await examine(`task ${taskId}`, () => verifyTask(reader, taskId, onEvents));
      tasks += 1;
      await onEvents(0);
    }
    if (page.length < PAGE_TASKS) break;
  }
  await examine('the observations', async () => {
    for (;;) {
      const page = await reader.readObservations({ after: observations, limit: PAGE_EVENTS });
      if (page.length === 0) return;
      observations += page.length;
      await onEvents(0);
    }
  });
  return { tasks, events, observations, damage, damageCount };
}

async function verifyTask(
  reader: StoreReader,
  taskId: string,
  onEvents: (count: number) => Promise<void>,
): Promise<void> {
  for (;;) {
    const head = await reader.head(taskId);
    // Deleted since it was listed.
    if (head === undefined) return;
    if (await verifyLog(reader, head, onEvents)) return;
  }
}

/**
 * The events up to that head, which do not change while more are appended.
 * @returns false when the task was trimmed or deleted meanwhile. @throws StoreCorruptError
 */
async function verifyLog(
  reader: StoreReader,
  head: TaskHead,
  onEvents: (count: number) => Promise<void>,
): Promise<boolean> {
  const { taskId } = head.genesis;
  let state = await reader.progressAt(taskId, head.oldestSeq - 1);
  if (state === undefined) return false;
  while (state.seq < head.progress.seq) {
    const limit = Math.min(PAGE_EVENTS, head.progress.seq - state.seq);
    const page: readonly TaskEvent[] = await reader.read(taskId, { after: state.seq, limit });
    const [first] = page;
    if (first?.seq !== state.seq + 1 || first.previousHash !== state.hash) {
      if (await hasMoved(reader, head)) return false;
      throw new StoreCorruptError(`event ${state.seq + 1} does not go on from the one before it`);
    }
    state = page.reduce<TaskProgress>(foldEvent, state);
    await onEvents(page.length);
  }
  if (state.hash === head.progress.hash && isDeepStrictEqual(plain(state), plain(head.progress))) return true;
  throw new StoreCorruptError(`the progress that is stored at ${head.progress.seq} is not what its events say`);
}

/** Its oldest event is another one now, or it is another task of that id. */
async function hasMoved(reader: StoreReader, { genesis, oldestSeq }: TaskHead): Promise<boolean> {
  const now = await reader.head(genesis.taskId);
  return now === undefined || now.oldestSeq !== oldestSeq || now.genesis.logId !== genesis.logId;
}

/** How a map is kept in memory says nothing. */
function plain({ components, ...progress }: TaskProgress): object {
  return { ...progress, components: [...components] };
}
