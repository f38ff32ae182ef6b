/**
 * Arguments, parsed: GraphQL has checked their shape, here their values are checked and nulls become "left out".
 * A value that is not acceptable is BAD_USER_INPUT with the path of the argument; a malformed cursor CURSOR_INVALID.
 * What a mutation gets is not parsed here but in the manager, for it is the same for every caller.
 */
import { z } from 'zod';
import { parseCursor, type Cursor } from '../domain/cursor.ts';
import { EVENT_TYPES, PROGRESS_STAGES } from '../domain/event.ts';
import { LIMITS } from '../domain/limits.ts';
import { TASK_STATUSES } from '../domain/progress.ts';
import { Id, Instant, parseInput, textUpTo } from '../domain/values.ts';
import { checkPageArgs, type PageArgs } from '../manager/page.ts';

/** Members of a list in a filter. Each event is compared with them all, so there is an end to it. */
const FILTER_MEMBERS = 1_000;

const EventFilter = z.object({
  eventTypes: optional(members(z.enum(EVENT_TYPES))),
  components: optional(members(z.string())),
  stages: optional(members(z.enum(PROGRESS_STAGES))),
});

const TaskFilter = z.object({
  statuses: optional(members(z.enum(TASK_STATUSES))),
  stages: optional(members(z.enum(PROGRESS_STAGES))),
  taskIdPrefix: optional(z.union([z.literal(''), Id], 'must be what a task id can begin with')),
  labels: optional(members(textUpTo(LIMITS.titleBytes))),
  startedAfter: optional(Instant),
  startedBefore: optional(Instant),
});

const Sequence = z.number().min(0, 'must be 0 or more');
const MaxRate = z.number().min(0.1, 'must be from 0.1 to 60').max(60, 'must be from 0.1 to 60');

const TaskArgs = z.object({ id: Id });
const TaskProgressArgs = z.object({ taskId: Id, atSequence: optional(Sequence) });
const TasksArgs = z.object({ filter: optional(TaskFilter) });
const BoardArgs = z.object({
  filter: optional(TaskFilter),
  first: optional(sizeUpTo(LIMITS.boardMax)),
  maxRate: optional(MaxRate),
});
const EventsArgs = z.object({ filter: optional(EventFilter) });
const TaskEventsArgs = z.object({ taskId: Id, afterSequence: optional(Sequence), filter: optional(EventFilter) });
const ObservationsArgs = z.object({ taskId: optional(Id) });
const ObservationUpdatesArgs = z.object({ taskId: optional(Id), last: optional(sizeUpTo(LIMITS.pageMax)) });
const TaskUpdatesArgs = z.object({ taskId: Id, replay: optional(z.boolean()), filter: optional(EventFilter) });
const LatestArgs = z.object({ taskId: Id, maxRate: optional(MaxRate) });
const LatestTaskArgs = z.object({ id: Id, maxRate: optional(MaxRate) });

const ViewerTokenArgs = z.object({
  taskIds: z.array(Id).min(1, 'must name a task').max(50, 'must be at most 50'),
  expiresIn: z
    .number()
    .min(1, 'must be from 1 to 86400 seconds')
    .max(86_400, 'must be from 1 to 86400 seconds')
    .nullish()
    .transform((value) => value ?? 3_600),
});

// Each keeps of the arguments what it names; cursors and page sizes have parsers of their own below.
export const parseTaskArgs = parserOf(TaskArgs);
export const parseTaskProgressArgs = parserOf(TaskProgressArgs);
export const parseTasksArgs = parserOf(TasksArgs);
export const parseBoardArgs = parserOf(BoardArgs);
export const parseEventsArgs = parserOf(EventsArgs);
export const parseTaskEventsArgs = parserOf(TaskEventsArgs);
export const parseObservationsArgs = parserOf(ObservationsArgs);
export const parseObservationUpdatesArgs = parserOf(ObservationUpdatesArgs);
export const parseTaskUpdatesArgs = parserOf(TaskUpdatesArgs);
export const parseLatestArgs = parserOf(LatestArgs);
export const parseLatestTaskArgs = parserOf(LatestTaskArgs);
export const parseViewerTokenArgs = parserOf(ViewerTokenArgs);

interface RawPageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** @throws BadInputError, CursorInvalidError */
export function parsePageArgs(args: RawPageArgs): PageArgs {
  return { ...parsePageSize(args), after: parseCursorArg(args.after), before: parseCursorArg(args.before) };
}

/** @throws BadInputError */
export function parsePageSize({ first, last }: RawPageArgs): { first: number | undefined; last: number | undefined } {
  const size = { first: first ?? undefined, last: last ?? undefined };
  checkPageArgs(size);
  return size;
}

/** @throws CursorInvalidError */
export function parseCursorArg(text: string | null | undefined): Cursor | undefined {
  return text == null ? undefined : parseCursor(text);
}

function parserOf<Output>(schema: z.ZodType<Output>): (args: unknown) => Output {
  return (args) => parseInput(schema, args);
}

/** Null counts as left out. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

function sizeUpTo(most: number) {
  const message = `must be from 0 to ${most}`;
  return z.number().min(0, message).max(most, message);
}

function members<Schema extends z.ZodType>(schema: Schema) {
  return z.array(schema).max(FILTER_MEMBERS, `must be at most ${FILTER_MEMBERS}`);
}
