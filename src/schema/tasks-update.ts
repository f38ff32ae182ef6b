/** The batches of a live board. */
import type { BoardUpdate } from '../manager/board.ts';
import { builder } from './builder.ts';
import { taskRef } from './task.ts';

export const tasksUpdateRef = builder.objectRef<BoardUpdate>('TasksUpdate').implement({
  description: "A batch of a live board's changes.",
  fields: (t) => ({
    changed: t.expose('changed', { type: [taskRef], description: 'Tasks that match now and are new or changed.' }),
    removed: t.exposeIDList('removed', {
      description: 'Ids delivered before that no longer match, or are gone.',
    }),
    ready: t.exposeBoolean('ready', {
      description:
        'False until the board as it stood was delivered: an empty board sends one update with `ready: true`.',
    }),
    truncated: t.exposeBoolean('truncated', {
      description: 'True when more tasks matched at the start than were sent.',
    }),
  }),
});
