/** `drumline/client`: runs in browsers and in Node. */
export { ConnectionFailedError, isPassing, OperationFailedError, type Issue } from './errors.ts';
export { EmitEventsDocument, InitTaskDocument, TaskHeaderDocument, TaskUpdatesDocument } from './generated/graphql.ts';
export type * from './generated/graphql.ts';
export { possibleTypes } from './possible-types.ts';
export { request, type RequestOptions } from './request.ts';
export type { TypedDocument } from './typed-document.ts';
export { foldUpdate, type ComponentView, type TaskView } from './task-view.ts';
export { watchTask, type ConnectionState, type TaskUpdate, type WatchTaskOptions } from './watch-task.ts';
