/**
 * The event manager as one viewer has it: every verb asks the viewer's grants first, and nothing else. What is refused
 * never reaches the log, so a refusal takes as long, and says as much, whether there is such a task or not.
 */
import { ForbiddenError, type DrumlineError } from '../domain/errors.ts';
import { ANYONE, may, mayOnSome, tasksOf, type Action, type TaskSet, type Viewer } from '../domain/viewer.ts';
import type { TaskConditions } from '../domain/task.ts';
import type { EventVerbs } from './event-manager.ts';

/** @param whyOver why the viewer may do nothing any more; asked each time. */
export function guardManager(
  manager: EventVerbs,
  viewer: Viewer,
  whyOver: () => DrumlineError | undefined = () => undefined,
): EventVerbs {
  if (viewer === ANYONE) return manager;

  function requireValid(): void {
    const over = whyOver();
    if (over !== undefined) throw over;
  }

  function require(action: Action, taskId?: string): void {
    requireValid();
    if (!may(viewer, action, taskId)) throw new ForbiddenError(action, taskId);
  }

  /** Lists show what may be read of what is asked for. */
  function readable(filter: TaskConditions | undefined): TaskConditions | undefined {
    requireValid();
    if (!mayOnSome(viewer, 'read')) throw new ForbiddenError('read');
    const within = tasksOf(viewer, 'read');
    if (within === undefined) return filter;
    return { ...filter, within, taskIdPrefix: narrower(filter?.taskIdPrefix, commonPrefix(within)) };
  }

  // Verb by verb, so that one which is added cannot go unasked.
  return {
    initTask: async (input) => {
      require('emit', input.taskId);
      return manager.initTask(input);
    },
    emit: async (input) => {
      require('emit', input.taskId);
      return manager.emit(input);
    },
    emitMany: async (inputs) => {
      for (const { taskId } of inputs) require('emit', taskId);
      return manager.emitMany(inputs);
    },
    emitParsed: async (event) => {
      require('emit', event.taskId);
      return manager.emitParsed(event);
    },
    emitManyParsed: async (events) => {
      for (const { taskId } of events) require('emit', taskId);
      return manager.emitManyParsed(events);
    },
    publishObservation: async (input) => {
      require('emit', input.taskId ?? undefined);
      return manager.publishObservation(input);
    },
    subscribe: async (taskId, callback) => {
      require('read', taskId);
      return manager.subscribe(taskId, callback);
    },
    unsubscribe: (taskId, callback) => manager.unsubscribe(taskId, callback),
    deleteTask: async (taskId) => {
      require('admin', taskId);
      return manager.deleteTask(taskId);
    },
    getTaskState: async (taskId) => {
      require('read', taskId);
      return manager.getTaskState(taskId);
    },
    getTaskProgress: async (taskId, atSequence) => {
      require('read', taskId);
      return manager.getTaskProgress(taskId, atSequence);
    },
    getTask: async (taskId) => {
      require('read', taskId);
      return manager.getTask(taskId);
    },
    readTasks: async (args) => manager.readTasks({ ...args, filter: readable(args.filter) }),
    readEvents: async (taskId, args) => {
      require('read', taskId);
      return manager.readEvents(taskId, args);
    },
    readObservations: async (args) => {
      require('observe', args.taskId);
      return manager.readObservations(args);
    },
    taskUpdates: async (options) => {
      require('read', options.taskId);
      return manager.taskUpdates(options);
    },
    latestStates: (options) => {
      require('read', options.taskId);
      return manager.latestStates(options);
    },
    boardUpdates: (options) => manager.boardUpdates({ ...options, filter: readable(options.filter) }),
    observationUpdates: (options) => {
      require('observe', options.taskId);
      return manager.observationUpdates(options);
    },
  };
}

/** So that a list for one task does not go through all of them. */
function commonPrefix({ taskIds, prefixes }: TaskSet): string {
  const [first = '', ...others] = [...taskIds, ...prefixes];
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

/** The one that says more; where they exclude each other, what was asked for: nothing of it is within. */
function narrower(asked: string | undefined, common: string): string {
  return asked === undefined || common.startsWith(asked) ? common : asked;
}
