/** `drumline/emitter`: for whoever does the work and reports on it; runs in browsers and in Node. */
export { ConnectionFailedError, OperationFailedError, type Issue } from '../client/errors.ts';
export type { EmitEventInput, EventType, ProgressStage } from '../client/generated/graphql.ts';
export type { HeadersSource } from '../client/transport.ts';
export { createEmitter, type Emitter } from './emitter.ts';
export { EmitterError, type EmitterOptions, type RecordedEvent } from './options.ts';
export type {
  ComponentReporter,
  ComponentReporterOptions,
  EventExtra,
  TaskReporter,
  TaskReporterOptions,
} from './reporters.ts';
