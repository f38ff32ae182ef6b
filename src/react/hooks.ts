/**
 * Where a task stands, its last events, a board, the last observations: each hook shows a stream for as long as its
 * component is there. It renders at most `maxRate` times a second, 60 when left out. What goes wrong is in what it
 * returns; nothing is thrown.
 */
import { useMemo, useSyncExternalStore } from 'react';
import type {
  ComponentView,
  ConnectionState,
  ObservationsState,
  TaskEventsState,
  TaskFilter,
  TasksState,
  TaskState,
} from '../client/index.ts';
import type { Pool, Shown } from './pool.ts';
import { useShared } from './provider.ts';
import type { ObservationsShown, TaskEventsShown, TaskShown, TasksShown } from './shared.ts';

export type TaskProgressOptions = Omit<TaskShown, 'taskId'>;
export type TaskEventsOptions = Omit<TaskEventsShown, 'taskId'>;
export type ObservationsOptions = Omit<ObservationsShown, 'taskId'>;
export type TasksOptions = Omit<TasksShown, 'filter'>;

/** Where the task stands. A task that does not exist yet is waited for. */
export function useTaskProgress(taskId: string, options: TaskProgressOptions = {}): TaskState {
  return useWhole(useShown(useShared().task, { ...options, taskId }));
}

/** One component of the task: renders again only when that one has changed. */
export function useTaskComponent(
  taskId: string,
  name: string,
  options: TaskProgressOptions = {},
): ComponentView | undefined {
  const { subscribe, getSnapshot } = useShown(useShared().task, { ...options, taskId });
  return useSyncExternalStore(
    subscribe,
    () => getSnapshot().view?.components.get(name),
    () => undefined,
  );
}

/** The last events of the task: with `replay` from its first one on, else from now. */
export function useTaskEvents(taskId: string, options: TaskEventsOptions = {}): TaskEventsState {
  return useWhole(useShown(useShared().taskEvents, { ...options, taskId }));
}

/** The tasks that match, live. */
export function useTasks(filter?: TaskFilter, options: TasksOptions = {}): TasksState {
  return useWhole(useShown(useShared().tasks, { ...options, filter }));
}

/** What was said last, of one task or of all, and what is said from now on. It begins with the `last` 100. */
export function useObservations(taskId?: string, options: ObservationsOptions = {}): ObservationsState {
  const { last = 100, ...rest } = options;
  return useWhole(useShown(useShared().observations, { ...rest, last, taskId }));
}

/** How the connection is that all of them share; `idle` while nothing is shown. */
export function useConnection(): ConnectionState {
  return useWhole(useShared().connection);
}

function useShown<Options, Snapshot>(pool: Pool<Options, Snapshot>, options: Options): Shown<Snapshot> {
  // By value: options are written anew at each render.
  const key = JSON.stringify(options);
  return useMemo(() => pool.show(key, options), [pool, key]);
}

function useWhole<Snapshot>({ subscribe, getSnapshot, empty }: Shown<Snapshot>): Snapshot {
  return useSyncExternalStore(subscribe, getSnapshot, () => empty);
}
