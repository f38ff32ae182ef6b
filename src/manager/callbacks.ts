/**
 * The original system's `subscribe(task, callback)`: each callback follows its task on its own, from the moment it
 * subscribed, so it misses nothing, gets one event at a time in order, and delays nobody by being slow or failing.
 */
import type { TaskEvent } from '../domain/event.ts';
import { followPages, listenToTask, type FollowDeps, type Listening } from './follow.ts';

export type EventCallback = (event: TaskEvent) => void | Promise<void>;

export interface Callbacks extends AsyncDisposable {
  /** The same callback on the same task counts once. */
  subscribe(taskId: string, callback: EventCallback): Promise<void>;
  unsubscribe(taskId: string, callback: EventCallback): void;
}

interface Run {
  readonly taskId: string;
  readonly callback: EventCallback;
  readonly listening: Listening;
  readonly after: number;
  readonly signal: AbortSignal;
}

export function createCallbacks(deps: FollowDeps, onError: (error: unknown) => void): Callbacks {
  const byTask = new Map<string, Map<EventCallback, AbortController>>();
  const running = new Set<Promise<void>>();

  async function run({ taskId, callback, listening, after, signal }: Run): Promise<void> {
    using _listening = listening;
    for await (const { events } of followPages(deps, listening, { taskId, after }, signal)) {
      for (const event of events) {
        if (signal.aborted) return;
        try {
          await callback(event);
        } catch (error) {
          onError(error);
        }
      }
    }
  }

  async function subscribe(taskId: string, callback: EventCallback): Promise<void> {
    const callbacks = byTask.get(taskId) ?? new Map<EventCallback, AbortController>();
    if (callbacks.has(callback)) return;
    const controller = new AbortController();
    byTask.set(taskId, callbacks.set(callback, controller));
    try {
      const listening = await listenToTask(deps, taskId, controller.signal);
      const after = (await deps.log.head(taskId))?.progress.seq ?? 0;
      const loop = run({ taskId, callback, listening, after, signal: controller.signal }).catch(onError);
      running.add(loop);
      void loop.finally(() => {
        running.delete(loop);
        forget(taskId, callback, controller);
      });
    } catch (error) {
      forget(taskId, callback, controller);
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
      for (const callbacks of byTask.values()) for (const controller of callbacks.values()) controller.abort();
      byTask.clear();
      // A callback that never settles must not hold the process: only the loops that can end are waited for.
      await Promise.race([Promise.all(running), new Promise((resolve) => setImmediate(resolve))]);
    },
  };
}
