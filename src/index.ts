/** What users of the package may import: the library without a server, and the server as a whole. */
export { createMemoryBus } from './bus/memory-bus.ts';
export { BusUnusableError } from './bus/event-bus.ts';
export type { BusStatus, DrumlineTopics, EventBus, Handler } from './bus/event-bus.ts';
export { DRUMLINE_FORMATS, type NoticeFormat, type NoticeFormats } from './bus/notice-format.ts';
export { openPostgresBus, type PostgresBusOptions } from './bus/postgres-bus.ts';
export { openRedisBus, type RedisBusOptions } from './bus/redis-bus.ts';
export { createApp, type App, type AppDeps, type AppStats } from './app.ts';
export { parseConfig, ConfigError, type Config } from './config.ts';
export { formatCursor, parseCursor, type Cursor, type GapReason } from './domain/cursor.ts';
export * from './domain/errors.ts';
export {
  EVENT_TYPES,
  PROGRESS_STAGES,
  type EmitEventInput,
  type EventType,
  type Genesis,
  type InitTaskInput,
  type NewEvent,
  type ProgressStage,
  type TaskEvent,
} from './domain/event.ts';
export { LIMITS } from './domain/limits.ts';
export { toGrants, type Action, type TaskSet, type Viewer } from './domain/viewer.ts';
export type { Authenticate } from './server/auth.ts';
export type { Mount } from './server/mount.ts';
export type { NewObservation, Observation, PublishObservationInput } from './domain/observation.ts';
export {
  foldEvent,
  initialProgress,
  isFinal,
  type ComponentProgress,
  type TaskProgress,
  type TaskStatus,
} from './domain/progress.ts';
export type { JsonObject, JsonValue } from './domain/values.ts';
export type * from './log/event-log.ts';
export { openMemoryLog, type MemoryLogOptions } from './log/memory-log.ts';
export { openPostgresLog, type PostgresLogOptions } from './log/postgres-log.ts';
export { openSqliteLog } from './log/sqlite-log.ts';
export { withTailCache } from './log/tail-cache.ts';
export {
  createEventManager,
  type EventManager,
  type EventManagerOptions,
  type RetentionOptions,
  type EventVerbs,
} from './manager/event-manager.ts';
export type { BoardUpdate } from './manager/board.ts';
export { CallbackGapError, type EventCallback } from './manager/callbacks.ts';
export type { EventFilter } from './manager/event-filter.ts';
export type { ObservationUpdate } from './manager/observation-updates.ts';
export type { Page, PageArgs } from './manager/page.ts';
export type { EventPageArgs, ObservationPageArgs, TaskPage, TaskPageArgs } from './manager/reads.ts';
export type { SeedTaskState } from './manager/seed-state.ts';
export type { TaskUpdate } from './manager/task-updates.ts';
export { createSchema } from './schema/index.ts';
export type { SchemaContext } from './schema/context.ts';
