/** `drumline/client`: runs in browsers and in Node. */
export { ConnectionClosedError, ConnectionFailedError, isPassing, OperationFailedError, type Issue } from './errors.ts';
export { EmitEventsDocument, InitTaskDocument, TaskHeaderDocument, TaskUpdatesDocument } from './generated/graphql.ts';
export type * from './generated/graphql.ts';
export { possibleTypes } from './possible-types.ts';
export { request, type RequestOptions } from './request.ts';
export type { TypedDocument } from './typed-document.ts';
export { createConnection, type Connection, type ConnectionOptions } from './connection.ts';
export type { ConnectionState, ResumeOptions, RetryOptions } from './resume.ts';
export type { HeadersSource, TransportName } from './transport.ts';
export { foldUpdate, type ComponentView, type TaskView } from './task-view.ts';
export { watchTask, type TaskUpdate, type WatchTaskOptions } from './watch-task.ts';
export { watchObservations, type ObservationUpdate, type WatchObservationsOptions } from './watch-observations.ts';
export {
  foldTasks,
  NO_TASKS,
  watchTasks,
  type TaskRow,
  type TasksUpdate,
  type TasksView,
  type WatchTasksOptions,
} from './watch-tasks.ts';
export {
  observationsStore,
  taskEventsStore,
  tasksStore,
  taskStore,
  type Observation,
  type ObservationsState,
  type ObservationsStoreOptions,
  type TaskEvent,
  type TaskEventsState,
  type TaskEventsStoreOptions,
  type TaskState,
  type TasksState,
  type TasksStoreOptions,
  type TaskStoreOptions,
} from './stores.ts';
export { createStore, type Store, type StoreOptions, type StoreSource, type StreamState } from './store.ts';
