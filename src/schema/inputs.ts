/**
 * The input types. Optional fields may be left out or null, which means the same. What the values may be is checked
 * by the domain, not here.
 */
import { builder } from './builder.ts';
import { eventTypeRef, progressStageRef, taskStatusRef } from './enums.ts';

export const taskEventFilterRef = builder.inputType('TaskEventFilter', {
  description:
    'Every field that is given must match; a list matches any of its members, and an empty list matches nothing.',
  fields: (t) => ({
    eventTypes: t.field({ type: [eventTypeRef], description: 'Events of any of these types.' }),
    components: t.stringList({ description: 'Events of any of these components. At most 1,000.' }),
    stages: t.field({ type: [progressStageRef], description: 'Events of any of these stages.' }),
  }),
});

export const taskFilterRef = builder.inputType('TaskFilter', {
  description:
    'Every field that is given must match; a list matches any of its members, and an empty list matches nothing.',
  fields: (t) => ({
    statuses: t.field({ type: [taskStatusRef], description: 'Tasks with any of these statuses.' }),
    stages: t.field({ type: [progressStageRef], description: 'Tasks that are in any of these stages.' }),
    taskIdPrefix: t.string({ description: 'Tasks whose id starts with this.' }),
    labels: t.stringList({ description: 'Tasks that bear any of these. At most 1,000.' }),
    startedAfter: t.field({ type: 'DateTime', description: 'Tasks that started after this instant.' }),
    startedBefore: t.field({ type: 'DateTime', description: 'Tasks that started before this instant.' }),
  }),
});

const ID_RULE = '1 to 128 ASCII letters, digits and _ . : / @ + = ~ -, starting with a letter or digit.';

export const initTaskInputRef = builder.inputType('InitTaskInput', {
  description: 'A task, announced before its first event.',
  fields: (t) => ({
    taskId: t.id({ required: true, description: `The task's id: ${ID_RULE}` }),
    title: t.string({ description: 'What to call the task in front of people, up to 512 bytes.' }),
    labels: t.stringList({ description: 'Words to find the task by: at most 32, each up to 512 bytes.' }),
  }),
});

export const emitEventInputRef = builder.inputType('EmitEventInput', {
  description: 'An event, as its emitter tells it.',
  fields: (t) => ({
    eventId: t.id({
      description: 'Makes a retry safe: the same id with the same content is recorded once. Made up when left out.',
    }),
    taskId: t.id({ required: true, description: `The task; a new id begins a new task. ${ID_RULE}` }),
    eventType: t.field({ type: eventTypeRef, required: true, description: 'What happened.' }),
    timestamp: t.field({ type: 'DateTime', description: 'When it happened. Now, when left out.' }),
    component: t.string({
      required: true,
      description: 'Who reports it: 1 to 128 characters of any script, no control characters.',
    }),
    stage: t.field({ type: progressStageRef, required: true, description: 'The stage that it puts the task in.' }),
    message: t.string({ required: true, description: 'What to tell a person, up to 2 KiB.' }),
    details: t.field({ type: 'JSONObject', description: 'Whatever else is to be said.' }),
    progress: t.float({ description: "The component's own progress, 0 to 1. Left out: unchanged." }),
    estimatedTimeRemaining: t.string({ description: 'In words, up to 256 bytes, e.g. "2 minutes".' }),
  }),
});

export const publishObservationInputRef = builder.inputType('PublishObservationInput', {
  description: 'An observation, as its observer tells it.',
  fields: (t) => ({
    id: t.id({
      description: 'Makes a retry safe: the same id with the same content is recorded once. Made up when left out.',
    }),
    timestamp: t.field({ type: 'DateTime', description: 'When it was made. Now, when left out.' }),
    content: t.string({ required: true, description: 'The commentary, up to 16 KiB.' }),
    taskId: t.id({ description: 'The task that it is about; it need not be known. Left out: the whole system.' }),
    metadata: t.field({ type: 'JSONObject', description: 'Whatever else is to be said.' }),
  }),
});
