/**
 * "Look again", for everyone in this process who waits for a task. One bus subscription and one catch-up query serve
 * all of them, however many they are. A notice that the bus lost is found by that query, which asks the log what
 * changed since it last asked; so a dead bus means a delay of `catchUpMs`, never a loss.
 */
import type { DrumlineTopics, EventBus } from '../bus/event-bus.ts';
import type { EventLog } from '../log/event-log.ts';

export interface Notices extends AsyncDisposable {
  /** Wakes whenever `taskId` may have changed, from the moment this resolves. */
  listenTask(taskId: string, wake: () => void): Promise<Disposable>;
  /** Wakes whenever any task may have changed. */
  listenTasks(wake: () => void): Promise<Disposable>;
  listenObservations(wake: () => void): Promise<Disposable>;
  /** Tell everyone, here and elsewhere. Never throws: the log has it already. */
  tasksChanged(taskIds: readonly string[]): void;
  observationsChanged(): void;
  readonly listenerCount: number;
}

export interface NoticesDeps {
  readonly log: Pick<EventLog, 'changes' | 'observationPlace'>;
  readonly bus: EventBus<DrumlineTopics>;
  /** How often lost notices are looked for while somebody listens, milliseconds. */
  readonly catchUpMs: number;
  readonly onNotifyFailed: (error: unknown) => void;
}

type Wake = () => void;
const CHANGES_PAGE = 1_000;

export function createNotices({ log, bus, catchUpMs, onNotifyFailed }: NoticesDeps): Notices {
  const byTask = new Map<string, Set<Wake>>();
  const anyTask = new Set<Wake>();
  const observations = new Set<Wake>();
  let listenerCount = 0;
  let joined: Promise<void> | undefined;
  let poll: NodeJS.Timeout | undefined;
  let position: string | undefined;
  let observationsHead: string | undefined;
  let isCatchingUp = false;

  function wakeTasks({ taskIds }: { readonly taskIds: readonly string[] }): void {
    for (const taskId of taskIds) for (const wake of byTask.get(taskId) ?? []) wake();
    if (taskIds.length > 0) for (const wake of anyTask) wake();
  }

  function wakeObservations(): void {
    for (const wake of observations) wake();
  }

  /** The first listener joins the bus; all wait until that is done, or an append in between would go unseen. */
  async function join(): Promise<void> {
    joined ??= (async () => {
      await bus.subscribe('tasksChanged', wakeTasks);
      await bus.subscribe('observationsChanged', wakeObservations);
      position ??= (await log.changes({ limit: 0 })).position;
    })();
    try {
      await joined;
    } catch (error) {
      joined = undefined;
      throw error;
    }
    poll ??= setInterval(() => void catchUp().catch(onNotifyFailed), catchUpMs).unref();
  }

  async function catchUp(): Promise<void> {
    // A store that is slow to answer is not asked again meanwhile.
    if (isCatchingUp) return;
    isCatchingUp = true;
    try {
      if (observations.size > 0) await catchUpObservations();
      for (;;) {
        const changes = await log.changes({ after: position, limit: CHANGES_PAGE });
        position = changes.position;
        wakeTasks(changes);
        if (changes.taskIds.length < CHANGES_PAGE) return;
      }
    } finally {
      isCatchingUp = false;
    }
  }

  async function catchUpObservations(): Promise<void> {
    const head = (await log.observationPlace())?.hash;
    if (head !== observationsHead) wakeObservations();
    observationsHead = head;
  }

  async function listen(wakes: Set<Wake>, wake: Wake, onEmpty?: () => void): Promise<Disposable> {
    wakes.add(wake);
    listenerCount += 1;
    const listening = {
      [Symbol.dispose]() {
        if (!wakes.delete(wake)) return;
        listenerCount -= 1;
        if (wakes.size === 0) onEmpty?.();
        if (listenerCount > 0) return;
        clearInterval(poll);
        poll = undefined;
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

  function listenTask(taskId: string, wake: Wake): Promise<Disposable> {
    const wakes = byTask.get(taskId) ?? new Set<Wake>();
    byTask.set(taskId, wakes);
    return listen(wakes, wake, () => {
      if (byTask.get(taskId) === wakes) byTask.delete(taskId);
    });
  }

  return {
    listenTask,
    listenTasks: (wake) => listen(anyTask, wake),
    listenObservations: (wake) => listen(observations, wake),
    tasksChanged: (taskIds) => void bus.publish('tasksChanged', { taskIds }).catch(onNotifyFailed),
    observationsChanged: () => void bus.publish('observationsChanged', {}).catch(onNotifyFailed),
    get listenerCount() {
      return listenerCount;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(poll);
      poll = undefined;
      if (joined === undefined) return;
      await bus.unsubscribe('tasksChanged', wakeTasks);
      await bus.unsubscribe('observationsChanged', wakeObservations);
    },
  };
}
