/**
 * The event manager: the only way to write, and the verbs of the original system to read and follow. It needs a log
 * and a bus and nothing else, so it is a library of its own; the GraphQL server is one of its users.
 */
import { z } from 'zod';
import type { DrumlineTopics, EventBus } from '../bus/event-bus.ts';
import { BadInputError, EventIdConflictError, LimitExceededError, type InputIssue } from '../domain/errors.ts';
import {
  EmitEventInput,
  InitTaskInput,
  toNewEvent,
  type NewEvent,
  type ParsedEvent,
  type TaskEvent,
} from '../domain/event.ts';
import { LIMITS } from '../domain/limits.ts';
import { PublishObservationInput, toNewObservation, type Observation } from '../domain/observation.ts';
import type { TaskProgress } from '../domain/progress.ts';
import { parseInput } from '../domain/values.ts';
import type { AppendResult, EventLog, InitTaskResult, PublishObservationResult, TaskHead } from '../log/event-log.ts';
import { boardUpdates, type BoardOptions, type BoardUpdate } from './board.ts';
import { boundAppends } from './bounded-appends.ts';
import { createCallbacks, type EventCallback } from './callbacks.ts';
import { latestStates, type LatestOptions } from './latest.ts';
import { createIds } from './ids.ts';
import { createNotices } from './notices.ts';
import { observationUpdates, type ObservationUpdate, type ObservationUpdatesOptions } from './observation-updates.ts';
import { createOpenStreams } from './open-streams.ts';
import type { Page } from './page.ts';
import {
  readEvents,
  readObservations,
  readTasks,
  type EventPageArgs,
  type ObservationPageArgs,
  type TaskPage,
  type TaskPageArgs,
} from './reads.ts';
import { createRetention, type RetentionRules } from './retention.ts';
import { toSeedState, type SeedTaskState } from './seed-state.ts';
import { createStepMemo } from './step-memo.ts';
import { taskUpdates, type TaskUpdate, type TaskUpdatesOptions } from './task-updates.ts';

/** What the manager answers with, for those who may know the manager but not the log. */
export type { AppendResult, InitTaskResult, PublishObservationResult, TaskHead } from '../log/event-log.ts';

type Stream<Item> = AsyncIterableIterator<Item, void, void>;

/** What callers ask of it. Others may be put around it: what one viewer may do, counting, traces. */
export interface EventVerbs {
  /** Start tracking a task before its first event. Doing it again changes nothing. @throws BadInputError */
  initTask(input: InitTaskInput): Promise<InitTaskResult>;
  /**
   * Record one event; resolves when it is durable. Issues begin with the path `input`.
   * @throws BadInputError, EventIdConflictError, LimitExceededError, StoreUnavailableError, StoreFullError
   */
  emit(input: EmitEventInput): Promise<AppendResult>;
  /** Record up to `LIMITS.batchEvents` events, of any tasks: all, or none. Issues begin with `inputs` and the index. */
  emitMany(inputs: readonly EmitEventInput[]): Promise<readonly AppendResult[]>;
  /** As `emit`, of an event that was parsed already. */
  emitParsed(event: ParsedEvent): Promise<AppendResult>;
  /** As `emitMany`, of 1 to `LIMITS.batchEvents` events that were parsed already. */
  emitManyParsed(events: readonly ParsedEvent[]): Promise<readonly AppendResult[]>;
  publishObservation(input: PublishObservationInput): Promise<PublishObservationResult>;
  /**
   * Forget a task and its events. Whoever follows it, here or on another server, is told by a TaskDeletedError. Its id
   * may be used anew, for a task of its own. @returns false when no such task was known.
   */
  deleteTask(taskId: string): Promise<boolean>;

  /**
   * Call back with each event of the task that is recorded from now on, one at a time and in order. A callback that
   * fails is reported and hurts nobody; a slow one delays only itself. Where it goes on at an event that does not follow
   * the one before, because that was trimmed or the store is an older copy, a CallbackGapError is reported first. When
   * the task is deleted a TaskDeletedError is reported, and the callback is called no more.
   */
  subscribe(taskId: string, callback: EventCallback): Promise<void>;
  unsubscribe(taskId: string, callback: EventCallback): Promise<void>;

  /** The task's state in the shape of the original system's dictionary, or undefined when it is not known. */
  getTaskState(taskId: string): Promise<SeedTaskState | undefined>;
  /** The task's progress now, or just after its event number `atSequence`, if that is kept. */
  getTaskProgress(taskId: string, atSequence?: number): Promise<TaskProgress | undefined>;
  getTask(taskId: string): Promise<TaskHead | undefined>;

  readTasks(args: TaskPageArgs): Promise<TaskPage>;
  /** Undefined when the task is not known. */
  readEvents(taskId: string, args: EventPageArgs): Promise<Page<TaskEvent> | undefined>;
  readObservations(args: ObservationPageArgs): Promise<Page<Observation>>;

  /** @throws TaskNotFoundError when `after` is given and the task is not known. */
  taskUpdates(options: TaskUpdatesOptions): Promise<Stream<TaskUpdate>>;
  latestStates(options: LatestOptions): Stream<TaskHead>;
  boardUpdates(options: BoardOptions): Stream<BoardUpdate>;
  observationUpdates(options: ObservationUpdatesOptions): Stream<ObservationUpdate>;
}

/** The same, and how it is with it: for whoever opened it. */
export interface EventManager extends EventVerbs, AsyncDisposable {
  /** How many streams and callbacks wait for news at this moment. */
  readonly followerCount: number;
  /** How often a catch-up found a change of a watched task that no notice told of. */
  readonly missedNoticeCount: number;
  /** Events that wait for the log at this moment. */
  readonly pendingEventCount: number;
  /** So many wait that another batch would likely be refused. */
  readonly isOverloaded: boolean;
}

export interface EventManagerOptions {
  readonly log: EventLog;
  readonly bus: EventBus<DrumlineTopics>;
  /** Makes the id of an event that came without one. */
  readonly newId?: () => string;
  /** How often lost notices are looked for, milliseconds. */
  readonly catchUpMs?: number;
  /** Events that may wait for the log to record them; what is beyond is refused as overload. */
  readonly maxPendingEvents?: number;
  /** What is kept, and for how long. Left out: everything, for ever. */
  readonly retention?: RetentionOptions;
  /** A callback failed, a notice could not be sent, or what is old was not deleted. Nothing is lost by any of them. */
  readonly onError?: (error: unknown) => void;
}

export interface RetentionOptions extends RetentionRules {
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** How often it is looked for tasks whose time is over, milliseconds. */
  readonly sweepEveryMs?: number;
  /** So many were deleted now. */
  readonly onDeleted?: (count: number) => void;
}

const KEEP_ALL: RetentionOptions = { keepMs: 0, maxEventsPerTask: 0 };
const SWEEP_EVERY_MS = 60_000;

/** The manager does not own the log and the bus: whoever opened them disposes them. */
export function createEventManager(options: EventManagerOptions): EventManager {
  const {
    log,
    bus,
    newId = createIds(),
    catchUpMs = 2_000,
    maxPendingEvents = 5_000,
    onError = () => undefined,
  } = options;
  const notices = createNotices({ log, bus, catchUpMs, onNotifyFailed: onError });
  const open = createOpenStreams();
  const deps = { log, notices, open, memo: createStepMemo() };
  const callbacks = createCallbacks(deps, onError);
  const closing = new AbortController();
  const appends = boundAppends(log, maxPendingEvents);
  const { now = Date.now, sweepEveryMs = SWEEP_EVERY_MS, ...kept } = options.retention ?? KEEP_ALL;
  const retention = createRetention({
    log,
    rules: kept,
    now,
    sweepEveryMs,
    onDeleted(taskIds) {
      notices.tasksDeleted(taskIds);
      kept.onDeleted?.(taskIds.length);
    },
    onError,
  });
  retention.start();

  /** These streams end with the manager, if not before. */
  function untilClosed<Options extends { readonly signal?: AbortSignal | undefined }>(options: Options): Options {
    const signals = options.signal === undefined ? [] : [options.signal];
    return { ...options, signal: AbortSignal.any([closing.signal, ...signals]) };
  }

  async function append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]> {
    const results = await appends.append(batch);
    // The events are safe from here on. A lost notice only delays followers until the next catch-up.
    // Of duplicates too: the append that recorded them may have ended in an error.
    notices.tasksChanged(taskIdsOf(results));
    retention.recorded(results);
    return results;
  }

  async function emitParsed(parsed: ParsedEvent): Promise<AppendResult> {
    const event = toNewEvent(parsed, newId);
    const [result] = await append([event]).catch((error: unknown) => {
      throw asSingle(error, event);
    });
    if (result === undefined) throw new Error('The log answered an append of one event with none.');
    return result;
  }

  async function emitManyParsed(events: readonly ParsedEvent[]): Promise<readonly AppendResult[]> {
    return append(events.map((event) => toNewEvent(event, newId)));
  }

  async function initTask(input: InitTaskInput): Promise<InitTaskResult> {
    const { taskId, title, labels } = parseInput(InitTaskInput, input, ['input']);
    const result = await log.initTask({ taskId, title: title ?? undefined, labels: labels ?? [] });
    if (result.created) notices.tasksChanged([taskId]);
    return result;
  }

  async function deleteTask(taskId: string): Promise<boolean> {
    const isDeleted = await log.delete(taskId);
    if (isDeleted) notices.tasksDeleted([taskId]);
    return isDeleted;
  }

  async function publishObservation(input: PublishObservationInput): Promise<PublishObservationResult> {
    const parsed = parseInput(PublishObservationInput, input, ['input']);
    const result = await log.publishObservation(toNewObservation(parsed, newId)).catch((error: unknown) => {
      if (!(error instanceof EventIdConflictError)) throw error;
      throw new EventIdConflictError(0, parsed.id ?? '', ['input', 'id']);
    });
    if (!result.duplicate) notices.observationsChanged();
    return result;
  }

  return {
    initTask,
    emit: async (input) => emitParsed(parseInput(EmitEventInput, input, ['input'])),
    emitMany: async (inputs) => emitManyParsed(parseBatch(inputs)),
    emitParsed,
    emitManyParsed,
    publishObservation,
    deleteTask,
    subscribe: (taskId, callback) => callbacks.subscribe(taskId, callback),
    unsubscribe: async (taskId, callback) => callbacks.unsubscribe(taskId, callback),
    getTask: async (taskId) => log.head(taskId),
    getTaskState: async (taskId) => {
      const head = await log.head(taskId);
      return head === undefined ? undefined : toSeedState(head.progress);
    },
    getTaskProgress: async (taskId, atSequence) =>
      atSequence === undefined ? (await log.head(taskId))?.progress : log.progressAt(taskId, atSequence),
    readTasks: (args) => readTasks(log, args),
    readEvents: (taskId, args) => readEvents(log, taskId, args),
    readObservations: (args) => readObservations(log, args),
    taskUpdates: (streamOptions) => taskUpdates(deps, streamOptions),
    latestStates: (streamOptions) => latestStates(deps, streamOptions),
    boardUpdates: (streamOptions) => boardUpdates(deps, untilClosed(streamOptions)),
    observationUpdates: (streamOptions) => observationUpdates(deps, untilClosed(streamOptions)),
    get followerCount() {
      return notices.listenerCount;
    },
    get missedNoticeCount() {
      return notices.missedCount;
    },
    get pendingEventCount() {
      return appends.pendingCount;
    },
    get isOverloaded() {
      return appends.isFull;
    },
    async [Symbol.asyncDispose]() {
      await callbacks[Symbol.asyncDispose]();
      await retention[Symbol.asyncDispose]();
      closing.abort();
      open.close();
      await notices[Symbol.asyncDispose]();
    },
  };
}

const BatchSize = z
  .array(z.unknown())
  .min(1, 'must hold at least one event')
  .max(LIMITS.batchEvents, `must hold at most ${LIMITS.batchEvents} events`);

function parseBatch(inputs: readonly EmitEventInput[]): readonly ParsedEvent[] {
  parseInput(BatchSize, inputs, ['inputs']);
  const issues: InputIssue[] = [];
  const events: ParsedEvent[] = [];
  for (const [index, input] of inputs.entries()) {
    try {
      events.push(parseInput(EmitEventInput, input, ['inputs', index]));
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length > 0) throw new BadInputError(issues);
  return events;
}

function taskIdsOf(results: readonly AppendResult[]): readonly string[] {
  const [first, second] = results;
  if (first !== undefined && second === undefined) return [first.event.taskId];
  return [...new Set(results.map(({ event }) => event.taskId))];
}

/** A log speaks of batches; whoever sent one event alone is told of `input`. */
function asSingle(error: unknown, { eventId }: NewEvent): unknown {
  if (error instanceof EventIdConflictError) return new EventIdConflictError(0, eventId, ['input', 'eventId']);
  if (!(error instanceof LimitExceededError)) return error;
  const { path = [], message = '' } = error.issues[0] ?? {};
  return new LimitExceededError(['input', ...path.slice(2)], message);
}
