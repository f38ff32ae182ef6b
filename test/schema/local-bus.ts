/** The least that keeps the contract of a bus within one process. */
import type { DrumlineTopics, EventBus, Handler } from '../../src/bus/event-bus.ts';

export function createLocalBus(): EventBus<DrumlineTopics> {
  const handlers: { [Topic in keyof DrumlineTopics]: Set<Handler<DrumlineTopics[Topic]>> } = {
    tasksChanged: new Set(),
    observationsChanged: new Set(),
    lookAgain: new Set(),
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
      return Object.values(handlers).reduce((sum, { size }) => sum + size, 0);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
