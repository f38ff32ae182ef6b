/** The least that keeps the contract of a bus within one process. */
import type { DrumlineTopics, EventBus, Handler } from '../../src/bus/event-bus.ts';

export function createLocalBus(): EventBus<DrumlineTopics> {
  const handlers: { [Topic in keyof DrumlineTopics]: Set<Handler<DrumlineTopics[Topic]>> } = {
    tasksChanged: new Set(),
    observationsChanged: new Set(),
  };
  return {
    async publish(topic, notice) {
      for (const handler of handlers[topic]) void handler(notice);
    },
    subscribe: async (topic, handler) => void handlers[topic].add(handler),
    unsubscribe: async (topic, handler) => void handlers[topic].delete(handler),
    start: async () => undefined,
    stop: async () => undefined,
    get subscriptionCount() {
      return handlers.tasksChanged.size + handlers.observationsChanged.size;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
