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

export function createMemoryBus<Topics extends object = DrumlineTopics>(options: MemoryBusOptions = {}): EventBus<Topics> {
  const { onHandlerError = () => undefined } = options;
  // One map of sets for all topics; a handler is only ever called with the notices of the topic it is kept under.
  const handlers = new Map<keyof Topics, Set<Handler<never>>>();
  let queue: (() => void)[] = [];
  let isRunning = false;
  let dispatching: NodeJS.Immediate | undefined;

  function dispatch(): void {
    dispatching = undefined;
    const deliveries = queue;
    queue = [];
    for (const deliver of deliveries) deliver();
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
      onHandlerError(error);
    }
  }

  async function stop(): Promise<void> {
    isRunning = false;
    queue = [];
    clearImmediate(dispatching);
    dispatching = undefined;
  }

  return {
    async publish(topic, notice) {
      isRunning = true;
      queue.push(() => {
        if (isRunning) deliverTo(topic, notice);
      });
      dispatching ??= setImmediate(dispatch);
    },
    async subscribe(topic, handler) {
      const subscribed = handlers.get(topic) ?? new Set<Handler<never>>();
      handlers.set(topic, subscribed.add(handler));
    },
    async unsubscribe(topic, handler) {
      const subscribed = handlers.get(topic);
      subscribed?.delete(handler);
      if (subscribed?.size === 0) handlers.delete(topic);
    },
    async start() {
      isRunning = true;
    },
    stop,
    get subscriptionCount() {
      let count = 0;
      for (const subscribed of handlers.values()) count += subscribed.size;
      return count;
    },
    async [Symbol.asyncDispose]() {
      await stop();
      handlers.clear();
    },
  };
}
