/**
 * Watch a live board. There is no place to go on from: after a break the server says anew how the board stands, and
 * `begins` tells who keeps one. `foldTasks` keeps it.
 */
import {
  TasksUpdatesDocument,
  type TaskFieldsFragment,
  type TaskFilter,
  type TasksUpdatesSubscription,
} from './generated/graphql.ts';
import { resume, type ResumeOptions } from './resume.ts';
import { readField } from './results.ts';

export interface TasksUpdate extends Readonly<TasksUpdatesSubscription['tasks']> {
  /** The first of a connection: tasks that do not come again before `ready` are gone. */
  readonly begins: boolean;
}

export interface BoardStream {
  readonly filter?: TaskFilter | undefined;
  /** So many at the start, the most recently updated, at most 10,000; 1,000 when left out. */
  readonly first?: number | undefined;
  /** At most so many updates a second, 0.1 to 60; 10 when left out. */
  readonly maxRate?: number | undefined;
}

export type WatchTasksOptions = BoardStream & ResumeOptions;

/** Never ends by itself. Throws what cannot pass: the two errors of `errors.ts`. */
export function watchTasks(options: WatchTasksOptions): AsyncIterableIterator<TasksUpdate, void, void> {
  const { filter, first, maxRate } = options;
  let begins = true;
  return resume(options, {
    request() {
      begins = true;
      return { query: TasksUpdatesDocument.toString(), variables: { filter, first, maxRate } };
    },
    read(result) {
      const update = { ...readField<TasksUpdatesSubscription, 'tasks'>(result, 'tasks'), begins };
      begins = false;
      return update;
    },
  });
}

export type TaskRow = TaskFieldsFragment;

export interface TasksView {
  readonly tasks: ReadonlyMap<string, TaskRow>;
  /** Whether all that matches was delivered; not before, nor while it is said anew after a break. */
  readonly isReady: boolean;
  /** There are more than were sent. */
  readonly isTruncated: boolean;
  /** Not confirmed since the connection was made. */
  readonly unconfirmed: ReadonlySet<string>;
}

export const NO_TASKS: TasksView = Object.freeze({
  tasks: new Map(),
  isReady: false,
  isTruncated: false,
  unconfirmed: new Set<string>(),
});

/** The board after one more update. */
export function foldTasks(view: TasksView, update: TasksUpdate): TasksView {
  const tasks = new Map(view.tasks);
  const unconfirmed = new Set(update.begins ? tasks.keys() : view.unconfirmed);
  for (const task of update.changed) {
    tasks.set(task.id, task);
    unconfirmed.delete(task.id);
  }
  for (const id of update.removed) tasks.delete(id);
  if (update.ready) {
    for (const id of unconfirmed) tasks.delete(id);
    unconfirmed.clear();
  }
  return { tasks, isReady: update.ready, isTruncated: update.truncated, unconfirmed };
}
