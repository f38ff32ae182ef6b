/**
 * One fold and one step of an event for all who follow it: what was made of an event is remembered on the event itself,
 * which the tail cache shares between readers, and is forgotten with it. The event's running hash covers the whole
 * history before it, so two followers that reach the same event always stand on equal states. That all of them get the
 * same object is what lets one execution of it serve them all.
 */
import type { TaskEvent } from '../domain/event.ts';
import { foldEvent, type TaskProgress } from '../domain/progress.ts';
import { createStamp, type Stamp } from '../util/stamp.ts';
import type { TaskUpdate } from './task-update.ts';

type Step<Kind extends TaskUpdate['kind']> = Extract<TaskUpdate, { readonly kind: Kind }>;
type StateKind = 'snapshot' | 'checkpoint' | 'ended';

export interface StepMemo {
  /** The step of `event`, which follows `before`. */
  eventStep(before: TaskProgress, event: TaskEvent): Step<'event'>;
  /** The step that tells of a state and nothing else. */
  stateStep(kind: StateKind, progress: TaskProgress): TaskUpdate;
  /** The state just after `event`, if somebody needed it before. */
  progressAfter(event: TaskEvent): TaskProgress | undefined;
  remember(event: TaskEvent, progress: TaskProgress): void;
}

export function createStepMemo(): StepMemo {
  const events = createStamp<TaskEvent, Step<'event'>>();
  const states: Readonly<Record<StateKind, Stamp<TaskProgress, TaskUpdate>>> = {
    snapshot: createStamp(),
    checkpoint: createStamp(),
    ended: createStamp(),
  };

  function remember(event: TaskEvent, progress: TaskProgress): Step<'event'> {
    const step: Step<'event'> = { kind: 'event', progress, event };
    events.set(event, step);
    return step;
  }

  return {
    eventStep: (before, event) => events.get(event) ?? remember(event, foldEvent(before, event)),
    stateStep(kind, progress) {
      const known = states[kind].get(progress);
      if (known !== undefined) return known;
      const step: TaskUpdate = { kind, progress };
      states[kind].set(progress, step);
      return step;
    },
    progressAfter: (event) => events.get(event)?.progress,
    remember: (event, progress) => void remember(event, progress),
  };
}
