/** Pages of tasks. Their cursors hold the place in the order (start, then id), not a place in a log. */
import { formatTaskPlace } from '../domain/cursor.ts';
import type { TaskHead } from '../manager/event-manager.ts';
import type { TaskPage } from '../manager/reads.ts';
import { builder } from './builder.ts';
import { pageInfoRef } from './connections.ts';
import { taskRef } from './task.ts';

const taskEdgeRef = builder.objectRef<TaskHead>('TaskEdge').implement({
  description: 'A task and its place.',
  fields: (t) => ({
    cursor: t.string({ description: 'The place just after the task.', resolve: (task) => toCursor(task) }),
    node: t.field({ type: taskRef, description: 'The task.', resolve: (task) => task }),
  }),
});

export const taskConnectionRef = builder.objectRef<TaskPage>('TaskConnection').implement({
  description: 'A page of tasks, the most recently started first.',
  fields: (t) => ({
    edges: t.expose('items', { type: [taskEdgeRef], description: 'The tasks with their places.' }),
    nodes: t.expose('items', { type: [taskRef], description: 'The tasks.' }),
    pageInfo: t.field({
      type: pageInfoRef,
      description: 'Where this page lies.',
      resolve: ({ items, hasNextPage, hasPreviousPage }) => ({
        hasNextPage,
        hasPreviousPage,
        startCursor: toCursor(items.at(0)),
        endCursor: toCursor(items.at(-1)),
      }),
    }),
  }),
});

function toCursor(task: TaskHead): string;
function toCursor(task: TaskHead | undefined): string | undefined;
function toCursor(task: TaskHead | undefined): string | undefined {
  return task === undefined ? undefined : formatTaskPlace(task.progress);
}
