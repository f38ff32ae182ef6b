/** A task as an entity: what caches keep under its id, and what it is now. */
import { TaskNotFoundError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import type { BoardTask } from '../manager/board.ts';
import type { EventVerbs, TaskHead } from '../manager/event-manager.ts';
import { parseEventsArgs, parsePageArgs } from './args.ts';
import { builder } from './builder.ts';
import type { ValueExtension } from './context.ts';
import { taskEventConnectionRef } from './connections.ts';
import { taskEventFilterRef } from './inputs.ts';
import { taskEventRef } from './task-event.ts';
import { taskProgressRef } from './task-progress.ts';

/** A board that shows them has read them already. */
const lastEvent: ValueExtension = { ofSource: (task) => (task as BoardTask).lastEvent };

export const taskRef = builder.objectRef<BoardTask>('Task').implement({
  description: 'A task. An entity: caches normalise it by `id`; `progress` is what it is now.',
  fields: (t) => ({
    id: t.id({ description: 'The id that its emitters gave it.', resolve: ({ genesis }) => genesis.taskId }),
    title: t.string({
      nullable: true,
      description: 'What to call it in front of people, if it was given a title.',
      resolve: ({ genesis }) => genesis.title,
    }),
    labels: t.stringList({ description: 'Words to find it by.', resolve: ({ genesis }) => genesis.labels }),
    createdAt: t.field({
      type: 'DateTime',
      description: "When it became known, by the server's clock.",
      resolve: ({ genesis }) => genesis.createdAt,
    }),
    progress: t.expose('progress', { type: taskProgressRef, description: 'Its progress as it is now.' }),
    lastEvent: t.field({
      type: taskEventRef,
      nullable: true,
      description:
        'The event that `progress` ends with: number `progress.sequence`. Null before the first, and when it is no ' +
        'longer kept.',
      extensions: { value: lastEvent },
      resolve: (task, _args, { manager }) =>
        task.lastEvent === undefined ? readLastEvent(manager, task) : task.lastEvent,
    }),
    events: t.field({
      type: taskEventConnectionRef,
      description: "The task's log, oldest first.",
      args: {
        first: t.arg.int({ description: 'The first so many, at most 1,000; 50 when left out.' }),
        after: t.arg.string({ description: 'Only what lies after this cursor.' }),
        last: t.arg.int({ description: 'The last so many, at most 1,000. Not together with `first`.' }),
        before: t.arg.string({ description: 'Only what lies before this cursor.' }),
        filter: t.arg({ type: taskEventFilterRef, description: 'Only the events that match.' }),
      },
      resolve: async ({ genesis: { taskId } }, args, { manager }) => {
        const page = await manager.readEvents(taskId, { ...parseEventsArgs(args), ...parsePageArgs(args) });
        // It was forgotten since it was read.
        if (page === undefined) throw new TaskNotFoundError(taskId);
        return page;
      },
    }),
  }),
});

async function readLastEvent(manager: EventVerbs, { progress }: TaskHead): Promise<TaskEvent | null> {
  const { taskId, seq, hash } = progress;
  if (seq === 0) return null;
  const page = await manager.readEvents(taskId, { afterSequence: seq - 1, first: 1 });
  const event = page?.items[0];
  return event?.hash === hash ? event : null;
}
