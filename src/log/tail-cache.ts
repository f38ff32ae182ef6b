/**
 * A log that answers its live followers from memory. It keeps the latest events of the tasks that are read, as the
 * append handed them out, so that all readers of an event get the same object and what they remember on it is shared.
 *
 * The promise is that of any log: a read sees whatever was acknowledged before it began. Two ways lead there. A log
 * that is `exclusive` records nothing that does not pass through here, so a tail's end is the head, and a read there
 * is answered without asking anybody. Any other log is asked, once for all readers that wait at a tail's end, by a
 * question that is put after the last of them came.
 *
 * A failed append may have been recorded or not, which takes that certainty away: an exclusive log is treated as any
 * other until an append that began later succeeds and so shows that the failed one is settled. Cursors are never
 * judged from here: `progressAt` goes to the log itself.
 */
import { BadInputError } from '../domain/errors.ts';
import type { NewEvent } from '../domain/event.ts';
import type { AppendResult, EventLog, TaskHead } from './event-log.ts';
import { createTailReader } from './tail-reader.ts';
import type { TailLimits } from './tail-slots.ts';

export type TailCacheOptions = Partial<TailLimits>;

const DEFAULTS: TailLimits = Object.freeze({
  maxTasks: 10_000,
  maxEvents: 50_000,
  maxEventsPerTask: 1_000,
  maxBytes: 64 * 1024 * 1024,
});

/** Disposing it disposes `log`. */
export function withTailCache(log: EventLog, options: TailCacheOptions = {}): EventLog {
  let isOpen = true;
  let failures = 0;
  /** Whether a failed append may still turn out to have been recorded. */
  let isDoubtful = false;
  const knowsHead = (): boolean => log.traits.exclusive && !isDoubtful;
  const tails = createTailReader({ log, limits: { ...DEFAULTS, ...options }, knowsHead });

  async function append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]> {
    const failuresBefore = failures;
    const results = await log.append(batch).catch((error: unknown) => {
      if (!(error instanceof BadInputError)) {
        failures += 1;
        isDoubtful = log.traits.exclusive;
      }
      throw error;
    });
    if (isDoubtful && failuresBefore === failures) {
      // What was held may have missed the failed one.
      isDoubtful = false;
      tails.forget();
    }
    const events = results.map(({ event }) => event);
    for (const [taskId, ofTask] of Map.groupBy(events, (event) => event.taskId)) tails.note(taskId, ofTask);
    return results;
  }

  async function head(taskId: string): Promise<TaskHead | undefined> {
    const tail = isOpen && knowsHead() ? tails.peek(taskId) : undefined;
    return tail === undefined ? log.head(taskId) : tail.head();
  }

  async function trim(taskId: string, through: number): Promise<void> {
    try {
      await log.trim(taskId, through);
    } finally {
      tails.forget(taskId);
    }
  }

  return {
    traits: log.traits,
    append,
    head,
    trim,
    read: async (taskId, range) => (isOpen ? await tails.read(taskId, range) : undefined) ?? log.read(taskId, range),
    ready: () => log.ready(),
    initTask: (input) => log.initTask(input),
    progressAt: (taskId, seq) => log.progressAt(taskId, seq),
    tasks: (query) => log.tasks(query),
    changes: (query) => log.changes(query),
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
