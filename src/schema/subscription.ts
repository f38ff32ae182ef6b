/**
 * Live streams. A resolver here turns arguments into one of the manager's streams and does nothing else; each item of
 * the stream is then executed like a query, and for `taskUpdates` once for all its watchers.
 */
import { formatCursor, parseCursor, type Cursor } from '../domain/cursor.ts';
import { StoreUnavailableError, StreamOverError } from '../domain/errors.ts';
import { isFinal, type TaskProgress } from '../domain/progress.ts';
import type { EventVerbs, TaskHead } from '../manager/event-manager.ts';
import type { ObservationUpdate } from '../manager/observation-updates.ts';
import type { TaskUpdate } from '../manager/task-updates.ts';
import {
  parseBoardArgs,
  parseCursorArg,
  parseLatestArgs,
  parseLatestTaskArgs,
  parseObservationUpdatesArgs,
  parseTaskUpdatesArgs,
} from './args.ts';
import { builder } from './builder.ts';
import type { StreamExtension } from './context.ts';
import { selects } from './selects.ts';
import { taskEventFilterRef, taskFilterRef } from './inputs.ts';
import { observationUpdateRef } from './observation-update.ts';
import { taskProgressRef } from './task-progress.ts';
import { taskUpdateRef } from './task-update.ts';
import { taskRef } from './task.ts';
import { tasksUpdateRef } from './tasks-update.ts';

/** The items are those that `subscribe` of the same field gives. */
const taskStream: StreamExtension = {
  eventIdOf: (item) => formatTaskEventId(item as TaskUpdate),
  recordedAtOf: (item) => recordedAtOf(item as TaskUpdate),
  gapOf: (item) => gapOf(item as TaskUpdate),
  sharesItems: true,
  itemBytes: (item) => taskUpdateBytes(item as TaskUpdate),
};
const latestStream: StreamExtension = { sharesItems: true, itemBytes: (item) => progressBytes(item as TaskHead) };
const observationStream: StreamExtension = { eventIdOf: (item) => formatCursor((item as ObservationUpdate).cursor) };

/**
 * `TaskEnded` has the same cursor as the step before it. The mark on that step's event id tells an `EventSource` that
 * was cut off between the two, and is owed the end, from one that has it and must be kept from coming back.
 */
const END_OWED = '+';

const MAX_RATE_STATES = 'At most so many a second, 0.1 to 60; a final state is sent at once.';

builder.subscriptionType({
  description: 'Live streams. `taskUpdates` and `observations` can be resumed from any cursor.',
  fields: (t) => ({
    taskUpdates: t.field({
      type: taskUpdateRef,
      description:
        "A task's stream: in order, without a gap or a repeat. Without `after` it begins with a snapshot of now (with " +
        "`replay: true`, with the task's first event instead) and a task that is not yet known is waited for; with " +
        '`after` it goes on from that cursor, and an unknown task is the error TASK_NOT_FOUND. `replay` is ignored ' +
        'when `after` is given; null counts as left out. When the task is deleted the stream fails with TASK_DELETED.',
      extensions: { stream: taskStream },
      args: {
        taskId: t.arg.id({ required: true, description: "The task's id." }),
        after: t.arg.string({ description: 'Go on from this cursor.' }),
        replay: t.arg.boolean({ description: "Begin with the task's first event. Ignored when `after` is given." }),
        filter: t.arg({
          type: taskEventFilterRef,
          description: 'Deliver only the events that match; of the others checkpoints tell how far the stream came.',
        }),
      },
      subscribe: async (_root, args, { manager, lastEventId }) => {
        const options = parseTaskUpdatesArgs(args);
        if (lastEventId === undefined) return manager.taskUpdates({ ...options, after: parseCursorArg(args.after) });
        const isOwedEnd = lastEventId.endsWith(END_OWED);
        const after = parseCursor(isOwedEnd ? lastEventId.slice(0, -END_OWED.length) : lastEventId);
        if (!isOwedEnd) await refuseOverStream(manager, options.taskId, after);
        return manager.taskUpdates({ ...options, after });
      },
      resolve: (update) => update,
    }),

    taskProgress: t.field({
      type: taskProgressRef,
      description:
        "A task's progress: now, then whenever it changed; a slow reader skips states and never sees an old one. " +
        'Completes after the final state. A task that is not yet known is waited for.',
      extensions: { stream: latestStream },
      args: {
        taskId: t.arg.id({ required: true, description: "The task's id." }),
        maxRate: t.arg.float({ description: MAX_RATE_STATES }),
      },
      subscribe: (_root, args, { manager }) => manager.latestStates(parseLatestArgs(args)),
      resolve: ({ progress }) => progress,
    }),

    task: t.field({
      type: taskRef,
      description: 'The same, as the entity: an app that shows `task` or `tasks` is updated by its cache.',
      extensions: { stream: latestStream },
      args: {
        id: t.arg.id({ required: true, description: "The task's id." }),
        maxRate: t.arg.float({ description: MAX_RATE_STATES }),
      },
      subscribe: (_root, args, { manager }) => {
        const { id: taskId, maxRate } = parseLatestTaskArgs(args);
        return manager.latestStates({ taskId, maxRate });
      },
      resolve: (task) => task,
    }),

    tasks: t.field({
      type: tasksUpdateRef,
      description:
        'A live board: first the matching tasks as they stand (the 1,000 most recently updated), then every change.',
      args: {
        filter: t.arg({ type: taskFilterRef, description: 'Only the tasks that match.' }),
        first: t.arg.int({
          description: 'So many at the start, the most recently updated, at most 10,000; 1,000 when left out.',
        }),
        maxRate: t.arg.float({ description: 'At most so many updates a second, 0.1 to 60; 10 when left out.' }),
      },
      subscribe: (_root, args, { manager }, info) =>
        manager.boardUpdates({ ...parseBoardArgs(args), withLastEvents: selects(info, 'lastEvent') }),
      resolve: (update) => update,
    }),

    observations: t.field({
      type: observationUpdateRef,
      description: 'The observations from now on, or after the cursor.',
      extensions: { stream: observationStream },
      args: {
        taskId: t.arg.id({ description: 'Only what is said of this task.' }),
        after: t.arg.string({ description: 'Go on from this cursor.' }),
        last: t.arg.int({
          description: 'Begin with the last so many, at most 1,000; none when left out. Ignored when `after` is given.',
        }),
      },
      subscribe: (_root, args, { manager, lastEventId }) =>
        manager.observationUpdates({
          ...parseObservationUpdatesArgs(args),
          after: parseCursorArg(lastEventId ?? args.after),
        }),
      resolve: (update) => update,
    }),
  }),
});

const ITEM_BYTES = 500;
const COMPONENT_BYTES = 50;

/** States share most of what they hold of their components, so each component weighs little. */
function progressBytes({ progress }: { readonly progress: TaskProgress }): number {
  return ITEM_BYTES + COMPONENT_BYTES * progress.components.size;
}

function taskUpdateBytes(update: TaskUpdate): number {
  const event = update.kind === 'event' ? update.event : undefined;
  const details = event?.details === undefined ? 0 : JSON.stringify(event.details).length;
  return progressBytes(update) + 2 * ((event?.message.length ?? 0) + details);
}

function recordedAtOf(update: TaskUpdate): number | undefined {
  return update.kind === 'event' ? update.event.recordedAt : undefined;
}

function gapOf(update: TaskUpdate): string | undefined {
  return update.kind === 'gap' ? update.reason : undefined;
}

function formatTaskEventId({ kind, progress }: TaskUpdate): string {
  return formatCursor(progress) + (isFinal(progress) && kind !== 'ended' ? END_OWED : '');
}

/** An `EventSource` reconnects whatever happened; only a 204 keeps it from coming back to a stream that is over. */
async function refuseOverStream(manager: EventVerbs, taskId: string, { seq, hash }: Cursor): Promise<void> {
  const progress = await manager.getTaskProgress(taskId).catch(whileUnavailable);
  if (progress !== undefined && isFinal(progress) && progress.seq === seq && progress.hash === hash) {
    throw new StreamOverError();
  }
}

/** An `EventSource` that is refused never comes back: until somebody can tell, its stream is not over. */
function whileUnavailable(error: unknown): undefined {
  if (!(error instanceof StoreUnavailableError)) throw error;
}
