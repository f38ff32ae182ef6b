/**
 * The events in full that somebody looks at, or did a moment ago: the last that came live, and stretches that were
 * asked for. Bounded; what is let go is asked for again when it is looked at again.
 */
import type { TaskEvent } from '../../client/index.ts';

export interface EventCache {
  get(sequence: number): TaskEvent | undefined;
  add(event: TaskEvent): void;
  clear(): void;
  /** Grows with each change. */
  readonly version: number;
}

export function createEventCache(capacity = 4_000): EventCache {
  const events = new Map<number, TaskEvent>();
  let version = 0;
  return {
    get: (sequence) => events.get(sequence),
    add(event) {
      // Again, it is the youngest.
      events.delete(event.sequence);
      events.set(event.sequence, event);
      version += 1;
      if (events.size <= capacity) return;
      for (const oldest of events.keys()) {
        events.delete(oldest);
        if (events.size <= capacity) break;
      }
    },
    clear() {
      events.clear();
      version += 1;
    },
    get version() {
      return version;
    },
  };
}
