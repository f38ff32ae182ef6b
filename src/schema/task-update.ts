/**
 * The steps of a task's stream. One execution of a step serves all its watchers, so every field here, and every field
 * reachable from here, depends on the step and its arguments alone: no resolver reads the context.
 */
import { formatCursor } from '../domain/cursor.ts';
import { componentOf } from '../domain/progress.ts';
import type { TaskUpdate } from '../manager/task-updates.ts';
import { builder } from './builder.ts';
import { gapReasonRef } from './enums.ts';
import { taskEventRef } from './task-event.ts';
import { componentProgressRef, taskProgressRef } from './task-progress.ts';

type Step<Kind extends TaskUpdate['kind']> = Extract<TaskUpdate, { readonly kind: Kind }>;

export const taskUpdateRef = builder.interfaceRef<TaskUpdate>('TaskUpdate').implement({
  description: "One step of a task's stream. `progress` is the fold as of `cursor`.",
  fields: (t) => ({
    cursor: t.string({
      description: 'Pass it as `after` to go on from here, over any transport, after any time.',
      resolve: ({ progress }) => formatCursor(progress),
    }),
    progress: t.expose('progress', { type: taskProgressRef, description: "The task's progress as of `cursor`." }),
  }),
  resolveType: ({ kind }) => TYPE_NAMES[kind],
});

const TYPE_NAMES = Object.freeze({
  snapshot: 'TaskSnapshot',
  event: 'TaskEventRecorded',
  checkpoint: 'TaskCheckpoint',
  gap: 'TaskGap',
  ended: 'TaskEnded',
} satisfies Record<TaskUpdate['kind'], string>);

builder.objectRef<TaskUpdate>('TaskSnapshot').implement({
  description: 'The task as it stands: what a stream begins with when it does not resume.',
  interfaces: [taskUpdateRef],
});

builder.objectRef<Step<'event'>>('TaskEventRecorded').implement({
  description: 'One event was recorded.',
  interfaces: [taskUpdateRef],
  fields: (t) => ({
    event: t.expose('event', { type: taskEventRef, description: 'The event.' }),
    component: t.field({
      type: componentProgressRef,
      description: "The event's component, just after it.",
      resolve: ({ progress, event }) => componentOf(progress, event),
    }),
  }),
});

builder.objectRef<TaskUpdate>('TaskCheckpoint').implement({
  description: "Nothing to deliver under this stream's filter up to `cursor`.",
  interfaces: [taskUpdateRef],
});

builder.objectRef<Step<'gap'>>('TaskGap').implement({
  description:
    'Continuity was lost here; `progress` heals it: it is the whole state, and the stream goes on from `cursor`.',
  interfaces: [taskUpdateRef],
  fields: (t) => ({
    reason: t.expose('reason', { type: gapReasonRef, description: 'Why the stream could not go on.' }),
  }),
});

builder.objectRef<TaskUpdate>('TaskEnded').implement({
  description: 'The task is over and everything before was delivered. The stream completes after it.',
  interfaces: [taskUpdateRef],
});
