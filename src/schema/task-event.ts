/** One recorded event, as the API shows it. Every field depends on the event alone. */
import { formatCursor } from '../domain/cursor.ts';
import type { TaskEvent } from '../domain/event.ts';
import { builder } from './builder.ts';
import { eventTypeRef, progressStageRef } from './enums.ts';

export const taskEventRef = builder.objectRef<TaskEvent>('TaskEvent').implement({
  description: 'One recorded event of a task. It never changes once recorded.',
  fields: (t) => ({
    id: t.id({
      description: 'Unique over everything: caches normalise on it. Opaque.',
      resolve: ({ taskId, seq }) => `${taskId}#${seq}`,
    }),
    eventId: t.exposeID('eventId', {
      description: "The emitter's id for it, or one that the server made. Unique within its task.",
    }),
    taskId: t.exposeID('taskId', { description: 'The task that it is about.' }),
    sequence: t.exposeInt('seq', { description: "Its place in the task's log: 1, 2, 3 … without a hole." }),
    eventType: t.expose('eventType', { type: eventTypeRef, description: 'What happened.' }),
    timestamp: t.expose('timestamp', { type: 'DateTime', description: "When it happened, by the emitter's clock." }),
    recordedAt: t.expose('recordedAt', {
      type: 'DateTime',
      description: "When it was recorded, by the server's clock. Never decreases along a task.",
    }),
    component: t.exposeString('component', {
      description: 'Who reports it, e.g. camina, property_belter, location_drummer.',
    }),
    stage: t.expose('stage', { type: progressStageRef, description: 'The stage that it puts the task in.' }),
    message: t.exposeString('message', { description: 'What to tell a person, in one or a few lines.' }),
    details: t.expose('details', {
      type: 'JSONObject',
      nullable: true,
      description: 'Whatever else the emitter said, as it said it. Null: nothing.',
    }),
    progress: t.exposeFloat('progress', {
      nullable: true,
      description: "The component's own progress, 0 to 1. Null: unchanged.",
    }),
    estimatedTimeRemaining: t.exposeString('estimatedTimeRemaining', {
      nullable: true,
      description: 'The emitter\'s words, kept as they are, e.g. "2 minutes".',
    }),
    cursor: t.string({
      description: 'The place just after this event.',
      resolve: (event) => formatCursor(event),
    }),
  }),
});
