/**
 * One fold of an event for all its followers: the state after an event is remembered on the event itself, which the
 * tail cache shares between readers, and is forgotten with it. The event's running hash covers the whole history
 * before it, so two followers that reach the same event always stand on equal states.
 */
import type { TaskEvent } from '../domain/event.ts';
import { foldEvent, type TaskProgress } from '../domain/progress.ts';

export type ProgressAfter = (before: TaskProgress, event: TaskEvent) => TaskProgress;

export function createProgressMemo(): ProgressAfter {
  const memo = new WeakMap<TaskEvent, TaskProgress>();
  return (before, event) => {
    const known = memo.get(event);
    if (known !== undefined) return known;
    const after = foldEvent(before, event);
    memo.set(event, after);
    return after;
  };
}
