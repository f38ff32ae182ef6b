/** Updates as a server sends them, for tests that need to say only what matters to them. */
import type { ComponentView, TaskUpdate } from '../../src/client/index.ts';

type Progress = TaskUpdate['progress'];
type Event = Extract<TaskUpdate, { __typename: 'TaskEventRecorded' }>['event'];

/** An instant `seconds` after noon. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 23, 12) + seconds * 1_000).toISOString();
}

export function progressOf(sequence: number, rest: Partial<Progress> = {}): Progress {
  return {
    taskId: 't',
    status: 'RUNNING',
    stage: 'ANALYSIS',
    startedAt: at(0),
    lastUpdate: at(sequence),
    overallProgress: 0.5,
    displayProgress: 0.5,
    sequence,
    ...rest,
  };
}

export function componentOf(name: string, rest: Partial<ComponentView> = {}): ComponentView {
  return {
    name,
    status: 'PROGRESS_UPDATE',
    progress: 0.5,
    stage: 'ANALYSIS',
    message: `words of ${name}`,
    startedAt: at(0),
    lastUpdate: at(1),
    ...rest,
  };
}

export function recorded(sequence: number, event: Partial<Event> = {}, progress: Partial<Progress> = {}): TaskUpdate {
  const whole: Event = {
    eventId: `e${sequence}`,
    sequence,
    eventType: 'PROGRESS_UPDATE',
    timestamp: at(sequence),
    recordedAt: at(sequence),
    component: 'camina',
    stage: 'ANALYSIS',
    message: `event ${sequence}`,
    details: null,
    progress: null,
    estimatedTimeRemaining: null,
    ...event,
  };
  const component = componentOf(whole.component, {
    status: whole.eventType,
    message: whole.message,
    progress: whole.progress ?? 0,
    lastUpdate: whole.timestamp,
  });
  return {
    __typename: 'TaskEventRecorded',
    cursor: `c${sequence}`,
    progress: progressOf(sequence, progress),
    event: whole,
    component,
  };
}

export function snapshot(sequence: number, components: readonly ComponentView[] = []): TaskUpdate {
  return { __typename: 'TaskSnapshot', cursor: `c${sequence}`, progress: { ...progressOf(sequence), components } };
}

export function ended(
  sequence: number,
  status: 'COMPLETED' | 'FAILED' = 'COMPLETED',
  components: readonly ComponentView[] = [],
): TaskUpdate {
  const stage = status === 'COMPLETED' ? 'COMPLETE' : 'FAILED';
  const progress = { ...progressOf(sequence, { status, stage, displayProgress: 1 }), components };
  return { __typename: 'TaskEnded', cursor: `c${sequence}`, progress };
}

export function gap(sequence: number, reason: 'EXPIRED' | 'DIVERGED' = 'DIVERGED'): TaskUpdate {
  return {
    __typename: 'TaskGap',
    cursor: `g${sequence}`,
    reason,
    progress: { ...progressOf(sequence), components: [] },
  };
}

export function checkpoint(sequence: number): TaskUpdate {
  return {
    __typename: 'TaskCheckpoint',
    cursor: `c${sequence}`,
    progress: { ...progressOf(sequence), components: [] },
  };
}
