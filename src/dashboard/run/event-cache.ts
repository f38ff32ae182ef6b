/**
 * The events in full that somebody looks at, or did a moment ago: the last that came live, and stretches that were
 * asked for. Bounded; what is let go is asked for again when it is looked at again.
 */
import type { TaskEvent } from '../../client/index.ts';

export interface EventCache {
  get(sequence: number): TaskEvent | undefined;
  add(event: TaskEvent): void;
  clear(): void;
}

const CAPACITY = 4_000;

export function createEventCache(): EventCache {
  const events = new Map<number, TaskEvent>();
  return {
    get: (sequence) => events.get(sequence),
    add(event) {
      // Again, it is the youngest.
      events.delete(event.sequence);
      events.set(event.sequence, event);
      if (events.size <= CAPACITY) return;
      for (const oldest of events.keys()) {
        events.delete(oldest);
        if (events.size <= CAPACITY) break;
      }
    },
    clear() {
      events.clear();
    },
  };
}
