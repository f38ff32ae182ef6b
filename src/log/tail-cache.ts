/**
 * A log that answers its live followers from memory. It keeps the latest events of the tasks that are read, as the
 * append handed them out, so that all readers of an event get the same object and what they remember on it is shared.
 *
 * The promise is that of any log: a read sees whatever was acknowledged before it began. Two ways lead there. A log
 * that is `exclusive` records nothing that does not pass through here, so a tail's end is the head, and a read there
 * is answered without asking anybody. Any other log is asked, once for all readers that wait at a tail's end, by a
 * question that is put after the last of them came.
 *
 * An append of which nobody knows whether it was recorded takes that certainty away for good: from then on the log is
 * treated as any other. Cursors are never judged from here: `progressAt` asks the log itself, after it was called.
 *
 * Another thread may record an event before its acknowledgement arrives here, and `changes` tells of it at once. So
 * `changes` answers only when whatever it tells of can be read here, too.
 */
import type { Cursor } from '../domain/cursor.ts';
import { DrumlineError, StoreUnavailableError } from '../domain/errors.ts';
import type { NewEvent, TaskEvent } from '../domain/event.ts';
import type { TaskProgress } from '../domain/progress.ts';
import { createJoinNextByKey } from '../util/join-next.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { AppendResult, Changes, ChangesQuery, EventLog, ReadRange, TaskHead } from './event-log.ts';
import type { PageLimits } from './page-cache.ts';
import { createTailReader } from './tail-reader.ts';
import type { TailLimits } from './tail-slots.ts';

export type TailCacheOptions = Partial<TailLimits & PageLimits>;

const DEFAULTS: TailLimits & PageLimits = Object.freeze({
  maxTasks: 10_000,
  maxEvents: 50_000,
  maxEventsPerTask: 1_000,
  maxBytes: 64 * 1024 * 1024,
  pageEvents: 200,
  maxPageBytes: 32 * 1024 * 1024,
});

/** Disposing it disposes `log`. */
export function withTailCache(log: EventLog, options: TailCacheOptions = {}): EventLog {
  let isOpen = true;
  let knowsHead = log.traits.exclusive;
  const places = createJoinNextByKey<TaskProgress | undefined>();
  const tails = createTailReader({ log, limits: { ...DEFAULTS, ...options }, knowsHead: () => knowsHead });

  async function append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]> {
    const results = await log.append(batch).catch((error: unknown) => {
      if (mayBeRecorded(error)) knowsHead = false;
      throw error;
    });
    const events = results.map(({ event }) => event);
    for (const [taskId, ofTask] of Map.groupBy(events, (event) => event.taskId)) tails.note(taskId, ofTask);
    return results;
  }

  function head(taskId: string): MaybePromise<TaskHead | undefined> {
    const found = isOpen ? tails.head(taskId) : undefined;
    return found instanceof Promise ? found.then((known) => known ?? log.head(taskId)) : (found ?? log.head(taskId));
  }

  function read(taskId: string, range: ReadRange): MaybePromise<readonly TaskEvent[]> {
    const page = isOpen ? tails.read(taskId, range) : undefined;
    return page instanceof Promise
      ? page.then((found) => found ?? log.read(taskId, range))
      : (page ?? log.read(taskId, range));
  }

  async function changes(query: ChangesQuery): Promise<Changes> {
    const found = await log.changes(query);
    if (found.mayHaveDiverged) tails.forget();
    for (const taskId of found.deletedIds) tails.forget(taskId);
    await tails.catchUp(found.taskIds);
    return found;
  }

  async function trim(taskId: string, through: number): Promise<void> {
    try {
      await log.trim(taskId, through);
    } finally {
      tails.forget(taskId);
    }
  }

  async function remove(taskId: string, ifAt: Cursor | undefined): Promise<boolean> {
    try {
      return await log.delete(taskId, ifAt);
    } finally {
      tails.forget(taskId);
    }
  }

  return {
    traits: log.traits,
    append,
    head,
    trim,
    delete: remove,
    changes,
    read,
    ready: () => log.ready(),
    initTask: (input) => log.initTask(input),
    // A crowd that comes back, or has to compare its place, asks for the same at once.
    progressAt: (taskId, seq) => places(`${seq} ${taskId}`, () => log.progressAt(taskId, seq)),
    eventsAt: (places) => log.eventsAt(places),
    tasks: (query) => log.tasks(query),
    publishObservation: (input) => log.publishObservation(input),
    readObservations: (range) => log.readObservations(range),
    observationPlace: (seq) => log.observationPlace(seq),
    async [Symbol.asyncDispose]() {
      isOpen = false;
      tails.forget();
      await log[Symbol.asyncDispose]();
    },
  };
}

/** Refusals and failures that are named are sure; what is not foreseen may be anything. */
function mayBeRecorded(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return error.outcome === 'UNKNOWN';
  return !(error instanceof DrumlineError);
}
