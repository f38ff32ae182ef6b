/**
 * "Look again", for everyone in this process who waits for a task. One bus subscription and one catch-up query serve
 * all of them, however many they are. A notice that the bus lost is found by that query, which asks the log what
 * changed since it last asked; so a dead bus means a delay of `catchUpMs`, never a loss.
 */
import type { DrumlineTopics, EventBus } from '../bus/event-bus.ts';
import type { EventLog } from '../log/event-log.ts';
import { createCatchUp } from './catch-up.ts';

/** Who waits: an object rather than a function, for there is one for each watcher. */
export interface Listener {
  wake(): void;
  /** As `wake`; moreover, what was read before may be of another history. */
  doubt?(): void;
}

export interface Notices extends AsyncDisposable {
  /** Wakes whenever `taskId` may have changed, from the moment this resolves. */
  listenTask(taskId: string, listener: Listener): Promise<Disposable>;
  /** Wakes whenever any task may have changed. */
  listenTasks(listener: Listener): Promise<Disposable>;
  listenObservations(listener: Listener): Promise<Disposable>;
  /** Tell everyone, here and elsewhere. Never throws: the log has it already. */
  tasksChanged(taskIds: readonly string[]): void;
  /** As `tasksChanged`; moreover, everyone asks the log, which knows that they were deleted. */
  tasksDeleted(taskIds: readonly string[]): void;
  observationsChanged(): void;
  readonly listenerCount: number;
  /** How often a catch-up found a change of a watched task that no notice told of. */
  readonly missedCount: number;
}

export interface NoticesDeps {
  readonly log: Pick<EventLog, 'changes' | 'observationPlace'>;
  readonly bus: EventBus<DrumlineTopics>;
  /** How often lost notices are looked for while somebody listens, milliseconds. */
  readonly catchUpMs: number;
  readonly onNotifyFailed: (error: unknown) => void;
}

export function createNotices({ log, bus, catchUpMs, onNotifyFailed }: NoticesDeps): Notices {
  const byTask = new Map<string, Set<Listener>>();
  const anyTask = new Set<Listener>();
  const observations = new Set<Listener>();
  let listenerCount = 0;
  let joined: Promise<void> | undefined;
  const catchUp = createCatchUp({
    log,
    everyMs: catchUpMs,
    isWatched: (taskId) => anyTask.size > 0 || byTask.has(taskId),
    areObservationsWatched: () => observations.size > 0,
    wakeTasks,
    doubtTasks,
    wakeObservations,
    doubtEverything,
    onError: onNotifyFailed,
  });

  function hearTasks({ taskIds }: { readonly taskIds: readonly string[] }): void {
    catchUp.told(taskIds);
    wakeTasks(taskIds);
  }

  function wakeTasks(taskIds: readonly string[]): void {
    for (const taskId of taskIds) for (const listener of byTask.get(taskId) ?? []) listener.wake();
    if (taskIds.length > 0) for (const listener of anyTask) listener.wake();
  }

  /** An older copy may have taken the store's place: nobody can tell whom it concerns but each of them. */
  function doubtEverything(): void {
    for (const listeners of [...byTask.values(), anyTask, observations]) doubtAll(listeners);
  }

  /** They were deleted; there may be others of their ids. */
  function doubtTasks(taskIds: readonly string[]): void {
    for (const taskId of taskIds) doubtAll(byTask.get(taskId) ?? []);
  }

  function wakeObservations(): void {
    for (const listener of observations) listener.wake();
  }

  function lookAgain(): void {
    if (listenerCount > 0) catchUp.look();
  }

  /** The first listener joins the bus; all wait until that is done, or an append in between would go unseen. */
  async function join(): Promise<void> {
    joined ??= (async () => {
      await bus.subscribe('tasksChanged', hearTasks);
      await bus.subscribe('observationsChanged', wakeObservations);
      await bus.subscribe('lookAgain', lookAgain);
      await catchUp.begin();
    })();
    try {
      await joined;
    } catch (error) {
      joined = undefined;
      throw error;
    }
    catchUp.start();
  }

  async function listen(listeners: Set<Listener>, listener: Listener, onEmpty?: () => void): Promise<Disposable> {
    listeners.add(listener);
    listenerCount += 1;
    const listening = {
      [Symbol.dispose]() {
        if (!listeners.delete(listener)) return;
        listenerCount -= 1;
        if (listeners.size === 0) onEmpty?.();
        if (listenerCount > 0) return;
        catchUp.stop();
      },
    };
    try {
      await join();
    } catch (error) {
      listening[Symbol.dispose]();
      throw error;
    }
    return listening;
  }

  function listenTask(taskId: string, listener: Listener): Promise<Disposable> {
    const listeners = byTask.get(taskId) ?? new Set<Listener>();
    byTask.set(taskId, listeners);
    return listen(listeners, listener, () => {
      if (byTask.get(taskId) === listeners) byTask.delete(taskId);
    });
  }

  function tasksChanged(taskIds: readonly string[]): void {
    bus.publish('tasksChanged', { taskIds }).catch(onNotifyFailed);
  }

  return {
    listenTask,
    listenTasks: (listener) => listen(anyTask, listener),
    listenObservations: (listener) => listen(observations, listener),
    tasksChanged,
    tasksDeleted(taskIds) {
      tasksChanged(taskIds);
      bus.publish('lookAgain', {}).catch(onNotifyFailed);
    },
    observationsChanged: () => void bus.publish('observationsChanged', {}).catch(onNotifyFailed),
    get listenerCount() {
      return listenerCount;
    },
    get missedCount() {
      return catchUp.missedCount;
    },
    async [Symbol.asyncDispose]() {
      catchUp.stop();
      if (joined === undefined) return;
      await bus.unsubscribe('tasksChanged', hearTasks);
      await bus.unsubscribe('observationsChanged', wakeObservations);
      await bus.unsubscribe('lookAgain', lookAgain);
    },
  };
}

function doubtAll(listeners: Iterable<Listener>): void {
  for (const listener of listeners) {
    if (listener.doubt === undefined) listener.wake();
    else listener.doubt();
  }
}
