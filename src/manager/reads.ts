/** Pages of tasks, of a task's events, and of observations: what is there now, without following it. */
import type { TaskPlace } from '../domain/cursor.ts';
import { BadInputError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Observation } from '../domain/observation.ts';
import type { EventLog, ReadRange, TaskConditions, TaskHead } from '../log/event-log.ts';
import { matchesEvent, type EventFilter } from './event-filter.ts';
import { listTasks } from './listed-tasks.ts';
import { checkPageArgs, PlaceGoneError, readPage, type Page, type PageArgs } from './page.ts';

export interface TaskPageArgs {
  readonly first?: number | undefined;
  readonly after?: TaskPlace | undefined;
  readonly filter?: TaskConditions | undefined;
}

export interface TaskPage {
  readonly items: readonly TaskHead[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export interface EventPageArgs extends PageArgs {
  /** Begin just after this event number; not together with `after`. */
  readonly afterSequence?: number | undefined;
  readonly filter?: EventFilter | undefined;
}

export interface ObservationPageArgs extends PageArgs {
  readonly taskId?: string | undefined;
}

export async function readTasks(log: EventLog, { first, after, filter }: TaskPageArgs): Promise<TaskPage> {
  checkPageArgs({ first });
  const limit = first ?? LIMITS.pageDefault;
  const heads = await listTasks(log, { ...filter, after, limit: limit + 1 });
  return {
    items: heads.slice(0, limit),
    hasNextPage: heads.length > limit,
    hasPreviousPage: after !== undefined,
  };
}

/** Undefined when the task is not known. */
export async function readEvents(
  log: EventLog,
  taskId: string,
  args: EventPageArgs,
): Promise<Page<TaskEvent> | undefined> {
  checkAfterSequence(args);
  for (;;) {
    const head = await log.head(taskId);
    if (head === undefined) return undefined;
    const page = await readEventsOf(log, head, args);
    // A trim in between may have taken events out of its middle, or it is another task by now: then it is read again.
    if (page !== undefined && isSameLog(head, await log.head(taskId))) return page;
  }
}

function isSameLog(before: TaskHead, now: TaskHead | undefined): boolean {
  return now?.genesis.logId === before.genesis.logId && now.oldestSeq === before.oldestSeq;
}

async function readEventsOf(
  log: EventLog,
  { progress: { taskId, seq: headSeq }, oldestSeq }: TaskHead,
  { filter, afterSequence, ...args }: EventPageArgs,
): Promise<Page<TaskEvent> | undefined> {
  const freshHashAt = async (seq: number): Promise<string | undefined> => (await log.progressAt(taskId, seq))?.hash;
  const source = {
    read: async (range: ReadRange) => log.read(taskId, range),
    async hashAt(seq: number) {
      const [event] = seq === 0 ? [] : await log.read(taskId, { after: seq - 1, limit: 1 });
      return event?.seq === seq ? event.hash : freshHashAt(seq);
    },
    freshHashAt,
    oldestSeq,
    headSeq,
    matches: filter === undefined ? undefined : (event: TaskEvent) => matchesEvent(filter, event),
  };
  try {
    return await readPage(source, { ...args, afterSeq: afterSequence });
  } catch (error) {
    if (error instanceof PlaceGoneError) return undefined;
    throw error;
  }
}

function checkAfterSequence({ afterSequence, after }: EventPageArgs): void {
  if (afterSequence === undefined) return;
  const path = ['afterSequence'];
  if (after !== undefined) throw new BadInputError([{ path, message: 'cannot be combined with after' }]);
  if (afterSequence < 0) throw new BadInputError([{ path, message: 'must be 0 or more' }]);
}

export async function readObservations(
  log: EventLog,
  { taskId, ...args }: ObservationPageArgs,
): Promise<Page<Observation>> {
  const head = await log.observationPlace();
  const hashAt = async (seq: number): Promise<string | undefined> => (await log.observationPlace(seq))?.hash;
  return readPage(
    {
      read: (range) => log.readObservations(range),
      hashAt,
      freshHashAt: hashAt,
      oldestSeq: head?.oldestSeq ?? 1,
      headSeq: head?.seq ?? 0,
      matches: taskId === undefined ? undefined : (observation) => observation.taskId === taskId,
    },
    args,
  );
}
