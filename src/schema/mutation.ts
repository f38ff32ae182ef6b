/** Writing. The manager parses the inputs, for it is the only way to write; nothing is stored of what it refuses. */
import type {
  AppendResult,
  EventVerbs,
  InitTaskResult,
  PublishObservationResult,
  TaskHead,
} from '../manager/event-manager.ts';
import { ForbiddenError, TokensDisabledError } from '../domain/errors.ts';
import { ANYONE, may } from '../domain/viewer.ts';
import { parseViewerTokenArgs } from './args.ts';
import { builder } from './builder.ts';
import type { TokenIssuer } from './context.ts';
import { emitEventInputRef, initTaskInputRef, publishObservationInputRef } from './inputs.ts';
import { observationRef } from './observation.ts';
import { taskEventRef } from './task-event.ts';
import { taskRef } from './task.ts';

type ViewerToken = Awaited<ReturnType<TokenIssuer>>;

/** A recorded event; its task is read only when somebody asks for it. */
interface Emitted extends AppendResult {
  readonly readTask: TaskReader;
}

const initTaskPayloadRef = builder.objectRef<InitTaskResult>('InitTaskPayload').implement({
  description: 'The answer to `initTask`.',
  fields: (t) => ({
    task: t.field({
      type: taskRef,
      nullable: true,
      description: 'The task as it is now. Null when the caller may emit but not read.',
      resolve: ({ head }, _args, { viewer = ANYONE }) => (may(viewer, 'read', head.genesis.taskId) ? head : undefined),
    }),
    created: t.exposeBoolean('created', { description: 'False when the task was known already.' }),
  }),
});

const emitEventPayloadRef = builder.objectRef<Emitted>('EmitEventPayload').implement({
  description: 'The answer to one emitted event.',
  fields: (t) => ({
    event: t.expose('event', { type: taskEventRef, description: 'The event as it is recorded.' }),
    task: t.field({
      type: taskRef,
      nullable: true,
      description: 'The task as it is now, this event folded in. Null when the caller may emit but not read.',
      resolve: ({ event, readTask }, _args, { manager, viewer = ANYONE }) =>
        may(viewer, 'read', event.taskId) ? readTask(manager, event.taskId) : undefined,
    }),
    duplicate: t.exposeBoolean('duplicate', {
      description: 'True when this id had been recorded before: `event` is the one first recorded.',
    }),
  }),
});

const emitEventsPayloadRef = builder.objectRef<readonly Emitted[]>('EmitEventsPayload').implement({
  description: 'The answer to `emitEvents`.',
  fields: (t) => ({
    results: t.field({
      type: [emitEventPayloadRef],
      description: 'One for each input, in their order.',
      resolve: (results) => results,
    }),
  }),
});

const deleteTaskPayloadRef = builder.objectRef<boolean>('DeleteTaskPayload').implement({
  description: 'The answer to `deleteTask`.',
  fields: (t) => ({
    deleted: t.boolean({
      description: 'False when no such task was known.',
      resolve: (isDeleted) => isDeleted,
    }),
  }),
});

const publishObservationPayloadRef = builder
  .objectRef<PublishObservationResult>('PublishObservationPayload')
  .implement({
    description: 'The answer to `publishObservation`.',
    fields: (t) => ({
      observation: t.expose('observation', { type: observationRef, description: 'The observation as it is recorded.' }),
      duplicate: t.exposeBoolean('duplicate', {
        description: 'True when this id had been recorded before: `observation` is the one first recorded.',
      }),
    }),
  });

const viewerTokenRef = builder.objectRef<ViewerToken>('ViewerToken').implement({
  description: 'What a watcher shows as `Authorization: Bearer …`, or in the payload of `connection_init`.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'The token. It is shown once.' }),
    id: t.exposeID('id', { description: 'By which it can be revoked.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends, and its streams with it.' }),
  }),
});

builder.mutationType({
  description: 'Writing: what was acknowledged is durable, and doing it again with the same ids changes nothing.',
  fields: (t) => ({
    initTask: t.field({
      type: initTaskPayloadRef,
      description: 'Start tracking a task before its first event. Doing it again changes nothing.',
      args: { input: t.arg({ type: initTaskInputRef, required: true, description: 'The task.' }) },
      resolve: (_root, { input }, { manager }) => manager.initTask(input),
    }),

    emitEvent: t.field({
      type: emitEventPayloadRef,
      description: 'Record one event. When it answers, the event is durable.',
      args: { input: t.arg({ type: emitEventInputRef, required: true, description: 'The event.' }) },
      resolve: async (_root, { input }, { manager }) => ({
        ...(await manager.emit(input)),
        readTask: createTaskReader(),
      }),
    }),

    emitEvents: t.field({
      type: emitEventsPayloadRef,
      description: 'Record up to 1,000 events, of any tasks: all of them, or none.',
      args: { inputs: t.arg({ type: [emitEventInputRef], required: true, description: 'The events, in order.' }) },
      resolve: async (_root, { inputs }, { manager }) => {
        const results = await manager.emitMany(inputs);
        const readTask = createTaskReader();
        return results.map((result) => ({ ...result, readTask }));
      },
    }),

    deleteTask: t.field({
      type: deleteTaskPayloadRef,
      description:
        'Forget a task and its events. Streams of it fail with TASK_DELETED, boards remove it, and its id is free for ' +
        'another task. Observations stay.',
      args: { taskId: t.arg.id({ required: true, description: "The task's id." }) },
      resolve: (_root, { taskId }, { manager }) => manager.deleteTask(taskId),
    }),

    publishObservation: t.field({
      type: publishObservationPayloadRef,
      description: 'Record an observation. It begins no task.',
      args: { input: t.arg({ type: publishObservationInputRef, required: true, description: 'The observation.' }) },
      resolve: (_root, { input }, { manager }) => manager.publishObservation(input),
    }),

    createViewerToken: t.field({
      type: viewerTokenRef,
      description:
        'A token with which a browser may watch these tasks, and read what was said of them, for a while: a backend ' +
        'makes one and hands it on. Takes `admin` on each task, and a server that has a secret (else TOKENS_DISABLED). ' +
        'It ends with the key or token that it was made with.',
      args: {
        taskIds: t.arg.idList({ required: true, description: 'The tasks, 1 to 50; they need not be known yet.' }),
        expiresIn: t.arg.int({ description: 'Seconds, 1 to 86,400; 3,600 when left out.' }),
      },
      resolve: async (_root, args, { viewer = ANYONE, tokens }) => {
        const { taskIds, expiresIn } = parseViewerTokenArgs(args);
        for (const taskId of taskIds) if (!may(viewer, 'admin', taskId)) throw new ForbiddenError('admin', taskId);
        if (tokens === undefined) throw new TokensDisabledError();
        const grants = taskIds.flatMap((taskId) => [`read:${taskId}`, `observe:${taskId}`]);
        return tokens({ grants, expiresInSeconds: expiresIn, givenBy: viewer.credentials });
      },
    }),
  }),
});

type TaskReader = (manager: EventVerbs, taskId: string) => Promise<TaskHead | undefined>;

/** A batch reads each of its tasks once, however many events of it there are. */
function createTaskReader(): TaskReader {
  const reads = new Map<string, Promise<TaskHead | undefined>>();
  return (manager, taskId) => {
    const read = reads.get(taskId) ?? manager.getTask(taskId);
    reads.set(taskId, read);
    return read;
  };
}
