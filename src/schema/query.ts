/** Reading: everything here answers from the log as it is now. */
import { parseTaskPlace } from '../domain/cursor.ts';
import { BadInputError } from '../domain/errors.ts';
import {
  parseObservationsArgs,
  parsePageArgs,
  parsePageSize,
  parseTaskArgs,
  parseTaskEventsArgs,
  parseTaskProgressArgs,
  parseTasksArgs,
} from './args.ts';
import { builder } from './builder.ts';
import { observationConnectionRef, taskEventConnectionRef } from './connections.ts';
import { taskEventFilterRef, taskFilterRef } from './inputs.ts';
import { taskConnectionRef } from './task-connection.ts';
import { taskProgressRef } from './task-progress.ts';
import { taskRef } from './task.ts';

builder.queryType({
  description: 'Reading: tasks, their progress and logs, and observations, as they are now.',
  fields: (t) => ({
    task: t.field({
      type: taskRef,
      nullable: true,
      description: 'Null when no such task is known.',
      args: { id: t.arg.id({ required: true, description: "The task's id." }) },
      resolve: (_root, args, { manager }) => manager.getTask(parseTaskArgs(args).id),
    }),

    taskProgress: t.field({
      type: taskProgressRef,
      nullable: true,
      description:
        "A task's progress now, or just after its event number `atSequence`; null when no such task is known.",
      args: {
        taskId: t.arg.id({ required: true, description: "The task's id." }),
        atSequence: t.arg.int({
          description: 'An event number that is still kept, or 0 for before the first. Left out: now.',
        }),
      },
      resolve: async (_root, args, { manager }) => {
        const { taskId, atSequence } = parseTaskProgressArgs(args);
        const progress = await manager.getTaskProgress(taskId, atSequence);
        if (progress !== undefined || atSequence === undefined) return progress;
        if ((await manager.getTask(taskId)) === undefined) return undefined;
        throw new BadInputError([{ path: ['atSequence'], message: 'must be the number of an event that is kept' }]);
      },
    }),

    tasks: t.field({
      type: taskConnectionRef,
      description: 'Tasks, the most recently started first.',
      args: {
        first: t.arg.int({ description: 'So many, at most 1,000; 50 when left out.' }),
        after: t.arg.string({ description: 'Only what lies after this cursor, one of a page of tasks.' }),
        filter: t.arg({ type: taskFilterRef, description: 'Only the tasks that match.' }),
      },
      resolve: (_root, args, { manager }) => {
        const { filter } = parseTasksArgs(args);
        const { first } = parsePageSize(args);
        return manager.readTasks({ first, filter, after: args.after == null ? undefined : parseTaskPlace(args.after) });
      },
    }),

    taskEvents: t.field({
      type: taskEventConnectionRef,
      nullable: true,
      description: "A task's log, oldest first; null when no such task is known.",
      args: {
        taskId: t.arg.id({ required: true, description: "The task's id." }),
        first: t.arg.int({ description: 'The first so many, at most 1,000; 50 when left out.' }),
        after: t.arg.string({ description: 'Only what lies after this cursor.' }),
        last: t.arg.int({ description: 'The last so many, at most 1,000. Not together with `first`.' }),
        before: t.arg.string({ description: 'Only what lies before this cursor.' }),
        afterSequence: t.arg.int({
          description: 'Only what lies after this event number. Not together with `after`.',
        }),
        filter: t.arg({ type: taskEventFilterRef, description: 'Only the events that match.' }),
      },
      resolve: (_root, args, { manager }) => {
        const { taskId, ...parsed } = parseTaskEventsArgs(args);
        return manager.readEvents(taskId, { ...parsed, ...parsePageArgs(args) });
      },
    }),

    observations: t.field({
      type: observationConnectionRef,
      description: 'Observations, oldest first.',
      args: {
        taskId: t.arg.id({ description: 'Only what was said of this task.' }),
        first: t.arg.int({ description: 'The first so many, at most 1,000; 50 when left out.' }),
        after: t.arg.string({ description: 'Only what lies after this cursor.' }),
        last: t.arg.int({ description: 'The last so many, at most 1,000. Not together with `first`.' }),
        before: t.arg.string({ description: 'Only what lies before this cursor.' }),
      },
      resolve: (_root, args, { manager }) =>
        manager.readObservations({ ...parseObservationsArgs(args), ...parsePageArgs(args) }),
    }),
  }),
});
