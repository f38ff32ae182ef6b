/** The fold of a task's events, as the API shows it. Every field depends on the fold alone. */
import { formatCursor } from '../domain/cursor.ts';
import type { ComponentProgress, TaskProgress } from '../domain/progress.ts';
import { builder } from './builder.ts';
import { eventTypeRef, progressStageRef, taskStatusRef } from './enums.ts';

export const componentProgressRef = builder.objectRef<ComponentProgress>('ComponentProgress').implement({
  description: 'What one component of a task last reported.',
  fields: (t) => ({
    name: t.exposeString('name', { description: "The component's name, unique within its task." }),
    status: t.expose('status', { type: eventTypeRef, description: 'The type of its latest event.' }),
    progress: t.exposeFloat('progress', {
      description: '0 to 1; its last reported progress, 0 until it reports one.',
    }),
    stage: t.expose('stage', { type: progressStageRef, description: 'The stage of its latest event.' }),
    message: t.exposeString('message', { description: 'The message of its latest event.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it first reported.' }),
    lastUpdate: t.expose('lastUpdate', {
      type: 'DateTime',
      description: 'The latest time that it reported. Never goes back.',
    }),
  }),
});

export const taskProgressRef = builder.objectRef<TaskProgress>('TaskProgress').implement({
  description:
    "A task's progress at one place of its log: the fold of its events up to `sequence`. " +
    'A value: it has no `id`, so no cache lets an old one overwrite a newer one.',
  fields: (t) => ({
    taskId: t.exposeID('taskId', { description: 'The task that it is about.' }),
    status: t.expose('status', { type: taskStatusRef, description: 'Whether the task is over, and how it ended.' }),
    stage: t.expose('stage', { type: progressStageRef, description: 'The stage of the latest event.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When the work began.' }),
    lastUpdate: t.expose('lastUpdate', {
      type: 'DateTime',
      description: 'The latest time reported so far. Never goes back.',
    }),
    components: t.field({
      type: [componentProgressRef],
      description: 'In the order in which they first reported.',
      resolve: ({ components }) => [...components.values()],
    }),
    overallProgress: t.exposeFloat('overallProgress', {
      description: "The mean of the components' progress, 0 to 1; 0 while there are none.",
    }),
    displayProgress: t.exposeFloat('displayProgress', {
      description:
        'What a bar should show: the highest overall progress so far, at most 0.99 until the task completed, then 1.',
    }),
    sequence: t.exposeInt('seq', { description: 'The sequence of the last event folded in; 0 before the first.' }),
    cursor: t.string({
      description: 'The place just after that event: pass it as `after`.',
      resolve: (progress) => formatCursor(progress),
    }),
  }),
});
