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

export function createEventCache(capacity = 4_000): EventCache {
  const events = new Map<number, TaskEvent>();
  return {
    get: (sequence) => events.get(sequence),
    add(event) {
      // Again, it is the youngest.
      events.delete(event.sequence);
      events.set(event.sequence, event);
      if (events.size <= capacity) return;
      for (const oldest of events.keys()) {
        events.delete(oldest);
        if (events.size <= capacity) break;
      }
    },
    clear() {
      events.clear();
    },
  };
}
