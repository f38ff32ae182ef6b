/**
 * One fold of an event for all its followers: the state after an event is remembered on the event itself, which the
 * tail cache shares between readers, and is forgotten with it. The event's running hash covers the whole history
 * before it, so two followers that reach the same event always stand on equal states.
 */
import type { TaskEvent } from '../domain/event.ts';
import { foldEvent, type TaskProgress } from '../domain/progress.ts';

export interface ProgressMemo {
  /** The state just after `event`, which follows `before`. */
  after(before: TaskProgress, event: TaskEvent): TaskProgress;
  /** The state just after `event`, if somebody needed it before. */
  get(event: TaskEvent): TaskProgress | undefined;
  set(event: TaskEvent, progress: TaskProgress): void;
}

export function createProgressMemo(): ProgressMemo {
  const states = new WeakMap<TaskEvent, TaskProgress>();
  return {
    after(before, event) {
      const known = states.get(event);
      if (known !== undefined) return known;
      const progress = foldEvent(before, event);
      states.set(event, progress);
      return progress;
    },
    get: (event) => states.get(event),
    set: (event, progress) => void states.set(event, progress),
  };
}
