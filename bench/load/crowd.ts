/**
 * Many watchers and one count. A row first brings every watcher up to the same event, then knows exactly how many
 * deliveries each further event must cause; one too few is a timeout, one too many or out of order a failure.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpConnection, toRequest, type HttpConnection } from './http-client.ts';
import { emitMany } from './documents.ts';
import { openWatcher, type Transport, type Watcher } from './watcher.ts';

export interface CrowdOptions {
  /** Of the server that events are emitted to. */
  readonly port: number;
  /** Of the server that each watches, if it is another. */
  readonly portOf?: (index: number) => number;
  readonly transport: Transport;
  /** What the next connection shows. */
  readonly nextBearer?: () => string | undefined;
  readonly query: string;
  readonly count: number;
  readonly taskOf: (index: number) => string;
  readonly onEvent?: (sequence: number, watcher: Watcher) => void;
  readonly keepCursor?: boolean;
}

export interface Crowd extends Disposable {
  readonly taskOf: (index: number) => string;
  readonly watchers: readonly Watcher[];
  readonly emitter: HttpConnection;
  readonly delivered: number;
  /** Forget what was delivered so far; then `delivered` counts from 0. */
  restart(): void;
  /** Resolves when so many were delivered since `restart`. Rejects when a watcher is closed or time is up. */
  arrived(deliveries: number, withinMs?: number): Promise<void>;
  /** Throws unless exactly so many were delivered since `restart`, each in its order. */
  check(deliveries: number): void;
}

const AT_ONCE = 50;

export async function openCrowd(options: CrowdOptions): Promise<Crowd> {
  const { port, portOf = () => port, count, taskOf, transport, query, onEvent, keepCursor = false } = options;
  const { nextBearer = () => undefined } = options;
  let delivered = 0;
  let goal = Number.POSITIVE_INFINITY;
  let reached: PromiseWithResolvers<undefined> | undefined;
  let closed = 0;
  const watchers: Watcher[] = [];

  const open = async (index: number): Promise<void> => {
    watchers[index] = await openWatcher({
      port: portOf(index),
      transport,
      bearer: nextBearer(),
      query,
      keepCursor,
      variables: { taskId: taskOf(index) },
      onEvent(sequence, watcher) {
        delivered += 1;
        onEvent?.(sequence, watcher);
        if (delivered >= goal) reached?.resolve(undefined);
      },
      onClose({ closeCode, refusal = '' }) {
        closed += 1;
        reached?.reject(new Error(`a watcher was closed (${closeCode}) in the middle of the row ${refusal}`));
      },
    });
  };
  for (let index = 0; index < count; index += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - index) }, (_, more) => open(index + more)));
  }

  const crowd: Crowd = {
    taskOf,
    watchers,
    emitter: createHttpConnection(port, nextBearer()),
    get delivered() {
      return delivered;
    },
    restart() {
      delivered = 0;
    },
    async arrived(deliveries, withinMs = 60_000) {
      if (closed > 0) throw new Error(`${closed} watchers were closed`);
      if (delivered >= deliveries) return;
      goal = deliveries;
      reached = Promise.withResolvers();
      const late = setTimeout(() => {
        reached?.reject(new Error(`only ${delivered} of ${deliveries} deliveries came within ${withinMs} ms`));
      }, withinMs);
      try {
        await reached.promise;
      } finally {
        clearTimeout(late);
        reached = undefined;
        goal = Number.POSITIVE_INFINITY;
      }
    },
    check(deliveries) {
      const disorders = watchers.reduce((sum, watcher) => sum + watcher.disorders, 0);
      if (delivered !== deliveries) throw new Error(`${delivered} deliveries, expected ${deliveries}`);
      if (disorders > 0) throw new Error(`${disorders} deliveries out of order`);
    },
    [Symbol.dispose]() {
      crowd.emitter[Symbol.dispose]();
      for (const { socket } of watchers) socket.removeAllListeners('close').destroy();
    },
  };
  return crowd;
}

/** Emits to every task until every watcher has seen the same last event of its task: from then on all are live. */
export async function bringUpToDate(crowd: Crowd, port: number, tasks: readonly string[]): Promise<void> {
  const until = async (isDone: (watcher: Watcher, index: number) => boolean, withinMs: number): Promise<boolean> => {
    for (const deadline = Date.now() + withinMs; !crowd.watchers.every(isDone);) {
      if (Date.now() > deadline) return false;
      await sleep(10);
    }
    return true;
  };
  const patienceMs = Math.max(250, crowd.watchers.length / 2);
  let newest = await emitToAll(crowd, port, tasks);
  // A watcher that began in the middle of a round may have been given it as where it starts, not as an event.
  for (let round = 1; !(await until(({ last }) => last > 0, patienceMs)); round += 1) {
    if (round === MAX_ROUNDS) throw new Error('not every watcher became live');
    newest = await emitToAll(crowd, port, tasks);
  }
  if (!(await until(({ last }, index) => last === newest.get(crowd.taskOf(index)), 60_000))) {
    throw new Error('a watcher stayed behind');
  }
  crowd.restart();
}

/** @returns the sequence of each task's new event, as the server answered it. */
async function emitToAll(crowd: Crowd, port: number, tasks: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const newest = new Map<string, number>();
  for (let at = 0; at < tasks.length; at += 500) {
    const some = tasks.slice(at, at + 500);
    const answer = await crowd.emitter.send(toRequest(port, emitMany(some.map((taskId) => ({ taskId })))));
    const sequences = Array.from(answer.toString().matchAll(/"sequence":(\d+)/g), ([, digits]) => Number(digits));
    for (const [index, taskId] of some.entries()) newest.set(taskId, sequences[index] ?? 0);
  }
  return newest;
}

const MAX_ROUNDS = 100;
