/** Pages of tasks, of a task's events, and of observations: what is there now, without following it. */
import type { Cursor, TaskPlace } from '../domain/cursor.ts';
import { BadInputError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Observation } from '../domain/observation.ts';
import type { EventLog, TaskConditions, TaskHead } from '../log/event-log.ts';
import { matchesEvent, type EventFilter } from './event-filter.ts';
import { checkPageArgs, readPage, type Page, type PageArgs } from './page.ts';

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
  const heads = await log.tasks({ ...filter, after, limit: limit + 1 });
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
  const { afterSequence, filter } = args;
  const head = await log.head(taskId);
  if (head === undefined) return undefined;
  const source = {
    read: (range: { after: number; limit: number }) => log.read(taskId, range),
    hashAt: async (seq: number) => (await log.progressAt(taskId, seq))?.hash,
    oldestSeq: head.oldestSeq,
    headSeq: head.progress.seq,
    matches: filter === undefined ? undefined : (event: TaskEvent) => matchesEvent(filter, event),
  };
  return readPage(source, { ...args, after: (await cursorAt(source.hashAt, afterSequence, head, args)) ?? args.after });
}

/** `afterSequence` as a cursor; below what is kept it begins with the oldest event, beyond the head with none. */
async function cursorAt(
  hashAt: (seq: number) => Promise<string | undefined>,
  afterSequence: number | undefined,
  head: TaskHead,
  { after }: PageArgs,
): Promise<Cursor | undefined> {
  if (afterSequence === undefined) return undefined;
  const path = ['afterSequence'];
  if (after !== undefined) throw new BadInputError([{ path, message: 'cannot be combined with after' }]);
  if (afterSequence < 0) throw new BadInputError([{ path, message: 'must be 0 or more' }]);
  const seq = Math.min(Math.max(afterSequence, head.oldestSeq - 1), head.progress.seq);
  const hash = await hashAt(seq);
  return hash === undefined ? undefined : { seq, hash };
}

export async function readObservations(
  log: EventLog,
  { taskId, ...args }: ObservationPageArgs,
): Promise<Page<Observation>> {
  const head = await log.observationPlace();
  return readPage(
    {
      read: (range) => log.readObservations(range),
      hashAt: async (seq) => (await log.observationPlace(seq))?.hash,
      oldestSeq: head?.oldestSeq ?? 1,
      headSeq: head?.seq ?? 0,
      matches: taskId === undefined ? undefined : (observation) => observation.taskId === taskId,
    },
    args,
  );
}
