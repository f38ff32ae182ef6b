/**
 * The bus within one process: the original system's EventBus, made honest. Publishing only queues; one loop hands
 * notices to handlers in the order in which they were published, and waits for none of them, so a handler that fails
 * or never settles hurts nobody.
 */
import type { DrumlineTopics, EventBus, Handler } from './event-bus.ts';

export interface MemoryBusOptions {
  /** A handler threw or rejected. */
  readonly onHandlerError?: (error: unknown) => void;
}

export function createMemoryBus<Topics extends object = DrumlineTopics>(
  options: MemoryBusOptions = {},
): EventBus<Topics> {
  const { onHandlerError = () => undefined } = options;
  // One map of sets for all topics; a handler is only ever called with the notices of the topic it is kept under.
  const handlers = new Map<keyof Topics, Set<Handler<never>>>();
  let queue: (() => void)[] = [];
  let due: (() => void)[] = [];
  let isRunning = false;
  let isDisposed = false;
  let dispatching: NodeJS.Immediate | undefined;

  function dispatch(): void {
    dispatching = undefined;
    // What is published from now on is for the next turn, so that handlers that publish starve nobody. `stop` drops
    // both: it replaces the list that is being handed out.
    const current = queue;
    due = current;
    queue = [];
    for (const deliver of current) {
      if (due !== current) return;
      deliver();
    }
    due = [];
  }

  function deliverTo<Topic extends keyof Topics>(topic: Topic, notice: Topics[Topic]): void {
    const subscribed = handlers.get(topic);
    // A copy, so that subscribing and unsubscribing inside a handler is safe; who left meanwhile is not called.
    for (const handler of [...(subscribed ?? [])] as Handler<Topics[Topic]>[]) {
      if (subscribed?.has(handler) === true) void call(handler, notice);
    }
  }

  async function call<Notice>(handler: Handler<Notice>, notice: Notice): Promise<void> {
    try {
      await handler(notice);
    } catch (error) {
      report(error);
    }
  }

  function report(error: unknown): void {
    try {
      onHandlerError(error);
    } catch (second) {
      // Nobody is left to tell but the process.
      process.emitWarning(second instanceof Error ? second : String(second));
    }
  }

  async function stop(): Promise<void> {
    isRunning = false;
    queue = [];
    due = [];
    clearImmediate(dispatching);
    dispatching = undefined;
  }

  return {
    async publish(topic, notice) {
      if (isDisposed) return;
      isRunning = true;
      queue.push(() => {
        if (isRunning) deliverTo(topic, notice);
      });
      dispatching ??= setImmediate(dispatch);
    },
    async subscribe(topic, handler) {
      if (isDisposed) return;
      const subscribed = handlers.get(topic) ?? new Set<Handler<never>>();
      handlers.set(topic, subscribed.add(handler));
    },
    async unsubscribe(topic, handler) {
      const subscribed = handlers.get(topic);
      subscribed?.delete(handler);
      if (subscribed?.size === 0) handlers.delete(topic);
    },
    async start() {
      isRunning = !isDisposed;
    },
    stop,
    get subscriptionCount() {
      let count = 0;
      for (const subscribed of handlers.values()) count += subscribed.size;
      return count;
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      await stop();
      handlers.clear();
    },
  };
}
