/**
 * The original system's `subscribe(task, callback)`: each callback follows its task on its own, from the moment it
 * subscribed, so it misses nothing, gets one event at a time in order, and delays nobody by being slow or failing.
 */
import type { GapReason } from '../domain/cursor.ts';
import { TaskDeletedError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { followPages, listenToTask, type FollowDeps, type Listening } from './follow.ts';

export type EventCallback = (event: TaskEvent) => void | Promise<void>;

/** Reported when a callback goes on at an event that does not follow the one before it. */
export class CallbackGapError extends Error {
  override readonly name = 'CallbackGapError';
  readonly code = 'CALLBACK_GAP';
  readonly taskId: string;
  /** `expired`: the events in between were trimmed. `diverged`: an older copy took the log's place. */
  readonly reason: GapReason;

  constructor({ taskId, seq }: TaskEvent, reason: GapReason) {
    super(
      `The callbacks of task ${taskId} go on at event ${seq}, which does not follow what they were told (${reason}).`,
    );
    this.taskId = taskId;
    this.reason = reason;
  }
}

interface Place {
  readonly taskId: string;
  after: number;
  /** The running hash there; undefined while the task is not known. */
  hash: string | undefined;
}

export interface Callbacks extends AsyncDisposable {
  /** The same callback on the same task counts once. */
  subscribe(taskId: string, callback: EventCallback): Promise<void>;
  unsubscribe(taskId: string, callback: EventCallback): void;
}

interface Run {
  readonly callback: EventCallback;
  readonly listening: Listening;
  readonly place: Place;
  readonly signal: AbortSignal;
}

/** How long disposing waits for callbacks to be told of what was recorded before. */
const CLOSE_MS = 1_000;
/** How long to wait before a log that failed is read again. */
const RETRY_MS = 1_000;

/** Disposing lets each callback catch up with what was recorded before, within a second. */
export function createCallbacks(deps: FollowDeps, onError: (error: unknown) => void): Callbacks {
  const byTask = new Map<string, Map<EventCallback, AbortController>>();
  /** Each loop that runs, with what makes it look again. */
  const running = new Map<Promise<void>, () => void>();
  let isClosing = false;

  /** Until it is left: a log that does not answer is asked again. */
  async function run({ callback, listening, place, signal }: Run): Promise<void> {
    using _listening = listening;
    while (!signal.aborted) {
      try {
        await callWithEvents(place, callback, listening, signal);
        return;
      } catch (error) {
        onError(error);
        if (isClosing || error instanceof TaskDeletedError) return;
        await listening.news.wait(RETRY_MS);
      }
    }
  }

  async function callWithEvents(
    place: Place,
    callback: EventCallback,
    listening: Listening,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const { events, upToDate } of followPages(deps, listening, place, signal)) {
      if (listening.isDoubtful) await compare(place, listening);
      for (const event of events) {
        if (signal.aborted) return;
        const gap = gapBefore(event, place);
        if (gap !== undefined) onError(new CallbackGapError(event, gap));
        place.after = event.seq;
        place.hash = event.hash;
        await Promise.try(callback, event).catch(onError);
      }
      if (upToDate && isClosing) return;
    }
  }

  /** @throws TaskDeletedError */
  async function compare(place: Place, listening: Listening): Promise<void> {
    listening.isDoubtful = false;
    try {
      const head = await deps.log.head(place.taskId);
      // One that was not yet known is waited for.
      if (head === undefined && place.hash !== undefined) throw new TaskDeletedError(place.taskId);
      // Of a history that is shorter, what comes next is what is recorded next.
      place.after = Math.min(place.after, head?.progress.seq ?? 0);
    } catch (error) {
      listening.isDoubtful = true;
      throw error;
    }
  }

  async function subscribe(taskId: string, callback: EventCallback): Promise<void> {
    const callbacks = byTask.get(taskId) ?? new Map<EventCallback, AbortController>();
    if (callbacks.has(callback)) return;
    const controller = new AbortController();
    byTask.set(taskId, callbacks.set(callback, controller));
    try {
      const listening = await listenToTask(deps, taskId, controller.signal);
      const place = await placeNow(taskId, listening);
      const loop = run({ callback, listening, place, signal: controller.signal }).catch(onError);
      running.set(loop, listening.news.set);
      void loop.finally(() => {
        running.delete(loop);
        forget(taskId, callback, controller);
      });
    } catch (error) {
      forget(taskId, callback, controller);
      throw error;
    }
  }

  async function placeNow(taskId: string, listening: Listening): Promise<Place> {
    try {
      const { seq = 0, hash } = (await deps.log.head(taskId))?.progress ?? {};
      return { taskId, after: seq, hash };
    } catch (error) {
      listening[Symbol.dispose]();
      throw error;
    }
  }

  function forget(taskId: string, callback: EventCallback, controller: AbortController): void {
    controller.abort();
    const callbacks = byTask.get(taskId);
    if (callbacks?.get(callback) !== controller) return;
    callbacks.delete(callback);
    if (callbacks.size === 0) byTask.delete(taskId);
  }

  function unsubscribe(taskId: string, callback: EventCallback): void {
    const controller = byTask.get(taskId)?.get(callback);
    if (controller !== undefined) forget(taskId, callback, controller);
  }

  return {
    subscribe,
    unsubscribe,
    async [Symbol.asyncDispose]() {
      isClosing = true;
      for (const look of running.values()) look();
      await settledWithin(running.keys(), CLOSE_MS);
      for (const callbacks of byTask.values()) for (const controller of callbacks.values()) controller.abort();
      byTask.clear();
    },
  };
}

function gapBefore({ seq, previousHash }: TaskEvent, { after, hash }: Place): GapReason | undefined {
  if (seq > after + 1) return 'expired';
  return hash === undefined || hash === previousHash ? undefined : 'diverged';
}

/** A callback that never settles must not hold the process. */
async function settledWithin(promises: Iterable<Promise<void>>, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    void Promise.all(promises).then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
