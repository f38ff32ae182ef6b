/** Each stream of ours as a store: where a task stands, the last of its events, a board, the last observations. */
import type { EventFieldsFragment, GapReason, ObservationFieldsFragment } from './generated/graphql.ts';
import type { ResumeOptions } from './resume.ts';
import { createStore, type Store, type StoreOptions, type StreamState } from './store.ts';
import { foldComponents, toView, type ComponentView, type TaskView } from './task-view.ts';
import { watchObservations, type ObservationStream } from './watch-observations.ts';
import { watchTask, type TaskStream, type TaskUpdate } from './watch-task.ts';
import { foldTasks, NO_TASKS, watchTasks, type BoardStream, type TasksView } from './watch-tasks.ts';

export interface TaskState extends StreamState {
  /** Undefined for a task that nothing is known of yet. */
  readonly view: TaskView | undefined;
  /** Why continuity was lost, the last time it was. */
  readonly gap: GapReason | undefined;
}

export type TaskStoreOptions = Pick<TaskStream, 'taskId'> & ResumeOptions & StoreOptions;

/** After the task's end it stays as it is, without a connection. */
export function taskStore(options: TaskStoreOptions): Store<TaskState> {
  return createStore(() => {
    const components = new Map<string, ComponentView>();
    let last: TaskUpdate | undefined;
    let gap: GapReason | undefined;
    return {
      watch: (retry) => watchTask({ ...options, ...retry, after: last?.cursor }),
      fold(update) {
        foldComponents(components, update);
        last = update;
        if (update.__typename === 'TaskGap') gap = update.reason;
        return false;
      },
      state: () => ({ view: last && toView(new Map(components), last), gap }),
    };
  }, options);
}

export type TaskEvent = EventFieldsFragment;

export interface TaskEventsState extends StreamState {
  /** The last that came, in order. */
  readonly events: readonly TaskEvent[];
  /** So many came before them and were let go. */
  readonly dropped: number;
  /** Why continuity was lost, the last time it was. After `DIVERGED` nothing from before is listed. */
  readonly gap: GapReason | undefined;
  readonly hasEnded: boolean;
}

export interface ListOptions {
  /** How many of the last to list; 1,000 when left out. */
  readonly keep?: number | undefined;
}

export type TaskEventsStoreOptions = TaskStream & ListOptions & ResumeOptions & StoreOptions;

/** With `replay` from the task's first event; and so again, when the log turns out to be another one. */
export function taskEventsStore(options: TaskEventsStoreOptions): Store<TaskEventsState> {
  return createStore(() => {
    const list = createList<TaskEvent>(options);
    let { after } = options;
    let hasEnded = false;
    return {
      watch: (retry) => watchTask({ ...options, ...retry, after }),
      fold(update) {
        after = update.cursor;
        hasEnded = update.__typename === 'TaskEnded';
        if (update.__typename === 'TaskEventRecorded') list.add(update.event);
        if (update.__typename !== 'TaskGap' || !list.skip(update.reason) || options.replay !== true) return false;
        after = undefined;
        return true;
      },
      state() {
        const { items: events, ...rest } = list.state();
        return { events, hasEnded, ...rest };
      },
    };
  }, options);
}

export interface TasksState extends StreamState {
  readonly view: TasksView;
}

export type TasksStoreOptions = BoardStream & ResumeOptions & StoreOptions;

/** The server keeps to `maxRate` as well. */
export function tasksStore(options: TasksStoreOptions): Store<TasksState> {
  return createStore(() => {
    let view = NO_TASKS;
    return {
      watch: (retry) => watchTasks({ ...options, ...retry }),
      fold(update) {
        view = foldTasks(view, update);
        return false;
      },
      state: () => ({ view }),
    };
  }, options);
}

export type Observation = ObservationFieldsFragment;

export interface ObservationsState extends StreamState {
  /** The last that came, in order. */
  readonly observations: readonly Observation[];
  /** So many came before them and were let go. */
  readonly dropped: number;
  /** Why continuity was lost, the last time it was. After `DIVERGED` nothing from before is listed. */
  readonly gap: GapReason | undefined;
}

export type ObservationsStoreOptions = ObservationStream & ListOptions & ResumeOptions & StoreOptions;

/** With `last` from so many before now on; and so again, when the log turns out to be another one. */
export function observationsStore(options: ObservationsStoreOptions): Store<ObservationsState> {
  return createStore(() => {
    const list = createList<Observation>(options);
    let { after } = options;
    return {
      watch: (retry) => watchObservations({ ...options, ...retry, after }),
      fold(update) {
        after = update.cursor;
        if (update.__typename === 'ObservationRecorded') list.add(update.observation);
        if (update.__typename !== 'ObservationGap' || !list.skip(update.reason) || options.last === undefined)
          return false;
        after = undefined;
        return true;
      },
      state() {
        const { items: observations, ...rest } = list.state();
        return { observations, ...rest };
      },
    };
  }, options);
}

/** The last `keep` of what comes. */
function createList<Item>({ keep = 1_000 }: ListOptions) {
  let items: Item[] = [];
  let dropped = 0;
  let gap: GapReason | undefined;
  return {
    add(item: Item): void {
      items.push(item);
      if (items.length <= keep) return;
      items.shift();
      dropped += 1;
    },
    /** @returns whether all that was listed is of another history. */
    skip(reason: GapReason): boolean {
      gap = reason;
      if (reason !== 'DIVERGED') return false;
      items = [];
      dropped = 0;
      return true;
    },
    state: () => ({ items: [...items], dropped, gap }),
  };
}
