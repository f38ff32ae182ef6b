/**
 * A live board: the matching tasks as they stand, then every change, in batches no faster than the reader takes
 * them. It pulls "what changed since" from the log, so it holds no queue, only what it has shown. A large board begins
 * in several updates, each short for the thread, with a turn for others in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TaskEvent } from '../domain/event.ts';
import { LIMITS } from '../domain/limits.ts';
import type { EventPlace, TaskConditions, TaskHead } from '../log/event-log.ts';
import { matchesTask } from '../domain/task.ts';
import { createAutoResetEvent } from '../util/auto-reset-event.ts';
import { cancellable } from '../util/cancellable.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { FollowDeps } from './follow.ts';
import { listTasks } from './listed-tasks.ts';
import { createPace, waitForPace } from './latest.ts';
import { askPatiently } from './patience.ts';

export interface BoardTask extends TaskHead {
  /** The event that its progress ends with; null when there is none, or it is no longer kept. Undefined: not asked for. */
  readonly lastEvent?: TaskEvent | null;
}

export interface BoardUpdate {
  /** Tasks that match now and are new or changed. */
  readonly changed: readonly BoardTask[];
  /** Ids shown before that no longer match, or are gone. */
  readonly removed: readonly string[];
  /** False until the board as it stood was delivered. */
  readonly ready: boolean;
  /** True when more tasks matched at the start than were sent. */
  readonly truncated: boolean;
}

export interface BoardOptions {
  readonly filter?: TaskConditions | undefined;
  /** So many at the start, the most recently updated; at most `LIMITS.boardMax`. */
  readonly first?: number | undefined;
  /** At most so many updates a second. */
  readonly maxRate?: number | undefined;
  /** Each task comes with its last event. */
  readonly withLastEvents?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CHANGES_PAGE = 1_000;
/** Tasks of one update at the start. */
const START_TASKS = 500;
/** Tasks that are read together, before others get their turn. */
const READ_TASKS = 100;
/** A board is for eyes: unless asked otherwise it changes no faster than this, updates a second. */
const DEFAULT_MAX_RATE = 10;

export function boardUpdates(deps: FollowDeps, options: BoardOptions): AsyncIterableIterator<BoardUpdate, void, void> {
  const { filter = {}, first = LIMITS.boardTasks, maxRate = DEFAULT_MAX_RATE, withLastEvents = false } = options;
  return cancellable(async function* (signal) {
    const news = createAutoResetEvent(signal);
    const ask: Ask = (question) => askPatiently(question, news, signal);
    using _listening = await ask(() => deps.notices.listenTasks({ wake: news.set }));
    const pace = createPace(maxRate);
    let { position } = await ask(() => deps.log.changes({ limit: 0 }));
    const readMatching = (): Promise<readonly TaskHead[]> =>
      ask(() => listTasks(deps.log, { ...filter, order: 'updated', limit: first + 1 }));
    const toShow = async (heads: readonly TaskHead[]): Promise<readonly BoardTask[]> =>
      withLastEvents ? addLastEvents(heads, (places) => ask(() => deps.log.eventsAt(places))) : heads;
    const { shown, truncated } = yield* start(readMatching, toShow, first);
    pace.sent();

    while (!signal.aborted) {
      const changes = await ask(() => deps.log.changes({ after: position, limit: CHANGES_PAGE }));
      position = changes.position;
      // An older copy tells of no change of what it never had: then all is compared.
      const others = changes.mayHaveDiverged ? [...shown.keys(), ...idsOf(await readMatching())] : [];
      const taskIds = new Set([...changes.taskIds, ...others]);
      const update = await changesToShow((taskId) => ask(() => deps.log.head(taskId)), taskIds, filter, shown);
      if (update.changed.length > 0 || update.removed.length > 0) {
        yield { changed: await toShow(update.changed), removed: update.removed, ready: true, truncated };
        pace.sent();
      }
      if (changes.taskIds.length < CHANGES_PAGE) await news.wait();
      await waitForPace(pace, news, signal);
    }
  }, options.signal);
}

type Ask = <Answer>(question: () => MaybePromise<Answer>) => Promise<Answer>;

/**
 * The board as it stands. By itself, so that what was read for it is let go of: a board is open for hours.
 * @returns what was shown, by its hash.
 */
async function* start(
  readMatching: () => Promise<readonly TaskHead[]>,
  toShow: (heads: readonly TaskHead[]) => Promise<readonly BoardTask[]>,
  first: number,
): AsyncGenerator<BoardUpdate, { readonly shown: Map<string, string>; readonly truncated: boolean }, void> {
  const found = await readMatching();
  const truncated = found.length > first;
  const heads = found.slice(0, first);
  for (let from = 0; from === 0 || from < heads.length; from += START_TASKS) {
    if (from > 0) await nextTurn();
    const changed = await toShow(heads.slice(from, from + START_TASKS));
    yield { changed, removed: [], ready: from + START_TASKS >= heads.length, truncated };
  }
  return { shown: new Map(heads.map(({ progress }) => [progress.taskId, progress.hash])), truncated };
}

/** Some at once, for a store that is far away; and a turn for others in between, for one that is near. */
async function* readHeads(
  readHead: (taskId: string) => Promise<TaskHead | undefined>,
  taskIds: readonly string[],
): AsyncGenerator<readonly [taskId: string, head: TaskHead | undefined]> {
  for (let from = 0; from < taskIds.length; from += READ_TASKS) {
    if (from > 0) await nextTurn();
    const some = taskIds.slice(from, from + READ_TASKS);
    const heads = await Promise.all(some.map(readHead));
    for (const [index, taskId] of some.entries()) yield [taskId, heads[index]];
  }
}

async function addLastEvents(
  heads: readonly TaskHead[],
  readAt: (places: readonly EventPlace[]) => Promise<readonly (TaskEvent | undefined)[]>,
): Promise<readonly BoardTask[]> {
  const tasks: BoardTask[] = [];
  for (let from = 0; from < heads.length; from += READ_TASKS) {
    if (from > 0) await nextTurn();
    const some = heads.slice(from, from + READ_TASKS);
    const events = await readAt(some.map(({ progress }) => progress));
    for (const [index, head] of some.entries()) tasks.push({ ...head, lastEvent: events[index] ?? null });
  }
  return tasks;
}

function idsOf(heads: readonly TaskHead[]): readonly string[] {
  return heads.map(({ progress }) => progress.taskId);
}

async function changesToShow(
  readHead: (taskId: string) => Promise<TaskHead | undefined>,
  taskIds: Iterable<string>,
  filter: TaskConditions,
  shown: Map<string, string>,
): Promise<Pick<BoardUpdate, 'changed' | 'removed'>> {
  const changed: TaskHead[] = [];
  const removed: string[] = [];
  for await (const [taskId, head] of readHeads(readHead, [...taskIds])) {
    if (head !== undefined && matchesTask(head, filter)) {
      if (shown.get(taskId) === head.progress.hash) continue;
      shown.set(taskId, head.progress.hash);
      changed.push(head);
    } else if (shown.delete(taskId)) {
      removed.push(taskId);
    }
  }
  return { changed, removed };
}
