/**
 * THE CONTRACT of a log. Whatever passes `conformance/event-log-suite.ts` is a driver.
 *
 * - `append` is atomic over its batch, numbers each task's events 1, 2, 3 … in input order without a hole, and
 *   resolves only when the events are as durable as the driver can make them (`traits.durable`).
 * - Commit order is sequence order: no reader ever sees event n + 1 before event n.
 * - What was recorded never changes. Each record is one canonical text; the running hash covers those texts, and
 *   rows that come from a disk are verified against it before they are returned.
 * - A refused append throws before anything of it is written, and leaves other appends untouched.
 * - Values returned are immutable and may be shared between callers.
 *
 * Failure: `StoreUnavailableError` says whether the append surely failed; `StoreFullError`, `StoreCorruptError` as
 * named. After `[Symbol.asyncDispose]` every call rejects with `StoreUnavailableError`.
 */
import type { Cursor, TaskPlace } from '../domain/cursor.ts';
import type { NewEvent, TaskEvent } from '../domain/event.ts';
import type { NewObservation, Observation } from '../domain/observation.ts';
import type { TaskProgress } from '../domain/progress.ts';
import type { TaskConditions, TaskHead } from '../domain/task.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';

export type { TaskConditions, TaskHead } from '../domain/task.ts';

export interface EventLog extends AsyncDisposable {
  readonly traits: LogTraits;

  /** Resolves while appends can be taken. @throws StoreUnavailableError */
  ready(): Promise<void>;

  /** Begin a task's log. Doing it again changes nothing, whatever the title and labels. */
  initTask(input: NewTask): Promise<InitTaskResult>;

  /**
   * Record 1 to `LIMITS.batchEvents` events of any tasks: all of them, or none. A task that is not known is begun.
   * All events of one append share one `recordedAt`, which is never below the task's last.
   *
   * Idempotent on (task, event id) for as long as the event is kept: the same id with the same content (a left-out
   * timestamp is not compared, absent equals null, key order does not matter) gives the first event and
   * `duplicate: true`; with other content the whole append throws `EventIdConflictError`. That holds within a batch too.
   *
   * @throws EventIdConflictError, LimitExceededError (components of one task): nothing was stored.
   * @throws StoreUnavailableError, StoreFullError
   */
  append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]>;

  /** The task as it stands, or undefined when it is not known. Not in a promise where it is in memory. */
  head(taskId: string): MaybePromise<TaskHead | undefined>;

  /**
   * The progress just after event number `seq`; its `hash` is the running hash there. Undefined when the task is
   * not known, or `seq` is beyond the head or below `oldestSeq - 1`.
   * Read from the log itself, never from a cache of it: verdicts on cursors rest on this.
   */
  progressAt(taskId: string, seq: number): Promise<TaskProgress | undefined>;

  /**
   * The events after `after`, oldest first, at most `limit`. Empty at or beyond the head, and for unknown tasks.
   * Begins with the oldest event kept when `after` lies before it: a caller that must not miss any compares.
   * Not in a promise where the page is in memory.
   */
  read(taskId: string, range: ReadRange): MaybePromise<readonly TaskEvent[]>;

  /**
   * The event at each of these places, in their order: number `seq`, if it is kept and has that hash; else undefined.
   * For a list that shows the last event of each task: one question for all, and no cache is filled for it.
   */
  eventsAt(places: readonly EventPlace[]): Promise<readonly (TaskEvent | undefined)[]>;

  /** Tasks by (startedAt descending, taskId ascending), after the given place. */
  tasks(query: TaskQuery): Promise<readonly TaskHead[]>;

  /**
   * Which tasks were begun, appended to, trimmed or deleted since a position that an earlier call gave, each id once.
   * Without `after`: no ids, and the position of now. How lost notices are found: one query serves a whole process.
   */
  changes(query: ChangesQuery): Promise<Changes>;

  /** Forget the events up to and including `through` (at most the head); the state there takes their place. */
  trim(taskId: string, through: number): Promise<void>;

  /**
   * Forget a task: its events, its components, its states. False when it is not known. A task of that id which is begun
   * afterwards is another one, of another log id, so a place in the old log is none in the new. Observations stay.
   * In one transaction, after a long log was trimmed in steps, so that the appends of others come through in between.
   *
   * @param ifAt only while the head is at this place: false when somebody has appended since.
   */
  delete(taskId: string, ifAt?: Cursor): Promise<boolean>;

  /** Idempotent on the observation's id, by the same rule as `append`. Begins no task. */
  publishObservation(input: NewObservation): Promise<PublishObservationResult>;

  /** The observations after `after`, oldest first, at most `limit`. */
  readObservations(range: ReadRange): Promise<readonly Observation[]>;

  /** The place of the stream of observations just after number `seq` (undefined: at its head), if it is kept. */
  observationPlace(seq?: number): Promise<ObservationPlace | undefined>;
}

export interface LogTraits {
  /** `process`: an acknowledged event survives nothing. `power`: it survives kill -9 and power loss. */
  readonly durable: 'process' | 'power';
  /** True when every append to the store goes through this object, so that a cache of it knows the head. */
  readonly exclusive: boolean;
}

export interface NewTask {
  readonly taskId: string;
  readonly title?: string | undefined;
  readonly labels: readonly string[];
}

export interface InitTaskResult {
  readonly head: TaskHead;
  /** False when the task was known already. */
  readonly created: boolean;
}

export interface AppendResult {
  readonly event: TaskEvent;
  /** True when this id had been recorded before: `event` is the one first recorded. */
  readonly duplicate: boolean;
}

/** Just after an event of a task; a task's progress names one. */
export interface EventPlace extends Cursor {
  readonly taskId: string;
}

export interface ReadRange {
  readonly after: number;
  readonly limit: number;
}

export interface TaskQuery extends TaskConditions {
  readonly after?: TaskPlace | undefined;
  readonly limit: number;
  /** `started`: startedAt descending. `updated`: lastUpdate descending (ties by id); takes no `after`. */
  readonly order?: 'started' | 'updated';
}

export interface ChangesQuery {
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Changes {
  readonly taskIds: readonly string[];
  /** Those of them that were deleted, and maybe begun anew since. Whoever follows one compares its place. */
  readonly deletedIds: readonly string[];
  /** Opaque; pass it as `after`. */
  readonly position: string;
  /**
   * True when the store was out of sight since, or is behind the position asked for: an older copy may have taken its
   * place, so that what was read before may be of another history. Whoever follows a task compares its place.
   */
  readonly mayHaveDiverged: boolean;
}

export interface PublishObservationResult {
  readonly observation: Observation;
  readonly duplicate: boolean;
}

export interface ObservationPlace extends Cursor {
  /** The number of the first observation still kept. */
  readonly oldestSeq: number;
}
