/** What all components below one provider share: the connection, and a store for each thing that is shown. */
import {
  NO_TASKS,
  observationsStore,
  taskEventsStore,
  tasksStore,
  taskStore,
  type Connection,
  type ConnectionState,
  type ObservationsState,
  type ObservationsStoreOptions,
  type TaskEventsState,
  type TaskEventsStoreOptions,
  type TasksState,
  type TasksStoreOptions,
  type TaskState,
  type TaskStoreOptions,
} from '../client/index.ts';
import { createPool, type Pool, type Shown } from './pool.ts';

/** Those options of a store that are plain values, and so can be compared. */
export type TaskShown = Pick<TaskStoreOptions, 'taskId' | 'maxRate'>;
export type TaskEventsShown = Pick<
  TaskEventsStoreOptions,
  'taskId' | 'maxRate' | 'keep' | 'after' | 'replay' | 'filter'
>;
export type TasksShown = Pick<TasksStoreOptions, 'filter' | 'first' | 'maxRate'>;
export type ObservationsShown = Pick<ObservationsStoreOptions, 'taskId' | 'maxRate' | 'keep' | 'after' | 'last'>;

export interface Shared {
  readonly task: Pool<TaskShown, TaskState>;
  readonly taskEvents: Pool<TaskEventsShown, TaskEventsState>;
  readonly tasks: Pool<TasksShown, TasksState>;
  readonly observations: Pool<ObservationsShown, ObservationsState>;
  readonly connection: Shown<ConnectionState>;
}

const NOTHING = Object.freeze({
  connection: { kind: 'connecting' },
  error: undefined,
  view: undefined,
  gap: undefined,
} as const);
const NO_EVENTS: TaskEventsState = Object.freeze({ ...NOTHING, events: [], dropped: 0, hasEnded: false });
const EMPTY_BOARD: TasksState = Object.freeze({ ...NOTHING, view: NO_TASKS });
const NO_OBSERVATIONS: ObservationsState = Object.freeze({ ...NOTHING, observations: [], dropped: 0 });

export function createShared(connection: Connection): Shared {
  const states = createStates();
  /** What each new store is given besides its options. */
  const common = (onUnused: () => void) => ({ connection, onUnused, onConnection: states.enter() });
  return {
    task: createPool(NOTHING, (shown, onUnused) => taskStore({ ...shown, ...common(onUnused) })),
    taskEvents: createPool(NO_EVENTS, (shown, onUnused) => taskEventsStore({ ...shown, ...common(onUnused) })),
    tasks: createPool(EMPTY_BOARD, (shown, onUnused) => tasksStore({ ...shown, ...common(onUnused) })),
    observations: createPool(NO_OBSERVATIONS, (shown, onUnused) =>
      observationsStore({ ...shown, ...common(onUnused) }),
    ),
    connection: states.shown,
  };
}

const IDLE: ConnectionState = Object.freeze({ kind: 'idle' });

/** Of all streams the one that says most about the connection: a new stream that connects is no news beside others. */
const BY_WEIGHT = ['lost', 'connected', 'connecting'] as const;

function createStates() {
  const states = new Set<{ state: ConnectionState }>();
  const listeners = new Set<{ readonly tell: () => void }>();
  let current = IDLE;

  function update(): void {
    const all = Array.from(states, ({ state }) => state);
    const kind = BY_WEIGHT.find((each) => all.some((state) => state.kind === each));
    if (kind === current.kind && all.includes(current)) return;
    const next = all.find((state) => state.kind === kind) ?? IDLE;
    if (next === current) return;
    current = next;
    for (const { tell } of listeners) tell();
  }

  const shown: Shown<ConnectionState> = {
    subscribe(tell) {
      const listener = { tell };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => current,
    empty: IDLE,
  };
  return {
    shown,
    /** @returns what one stream tells its state to. */
    enter() {
      const entry = { state: IDLE };
      return (state: ConnectionState): void => {
        entry.state = state;
        if (state.kind === 'idle') states.delete(entry);
        else states.add(entry);
        update();
      };
    },
  };
}
