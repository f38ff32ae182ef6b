/**
 * Everything that a picture of a task is drawn from, folded from its updates. Pure: the same updates at the same
 * times give the same screen.
 */
import { foldUpdate, type TaskUpdate, type TaskView } from '../client/index.ts';
import type { EventFieldsFragment } from '../client/generated/graphql.ts';
import { lookOf, type Look } from '../view/look.ts';
import { addBeat, type Pulse } from '../view/pulse.ts';
import { foldClock, SAME_CLOCK, type ServerClock } from './server-clock.ts';

export interface Screen {
  readonly taskId: string;
  readonly title?: string | undefined;
  /** What all times of the task are told by: those of its pulses, too. */
  readonly clock: ServerClock;
  readonly view?: TaskView | undefined;
  /** Beats of each component, and of the task as a whole. */
  readonly pulses: ReadonlyMap<string, Pulse>;
  readonly taskPulse?: Pulse | undefined;
  /** What each component said with its last report of progress of the time it still needs, in its own words. */
  readonly estimates: ReadonlyMap<string, string>;
  /** Since when the task is seen, milliseconds since 1970 by the clock of this machine. */
  readonly seenSinceMs?: number | undefined;
  /** When the last event seen was recorded, milliseconds since 1970. */
  readonly lastBeatMs?: number | undefined;
  readonly warnings: number;
  readonly failures: number;
  readonly firstFailure?: Notice | undefined;
  readonly connection: ConnectionSince;
  /** There is no such task any more. */
  readonly isDeleted: boolean;
}

export interface ConnectionSince {
  readonly kind: 'connecting' | 'live' | 'lost';
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Something that stays on the screen when the picture moves on. */
export interface Notice {
  readonly look: Look;
  readonly at: string | number;
  readonly source: string;
  readonly text: string;
}

export function emptyScreen(taskId: string, nowMs: number): Screen {
  const connection = { kind: 'connecting', sinceMs: nowMs } as const;
  const counts = { warnings: 0, failures: 0 };
  return {
    taskId,
    clock: SAME_CLOCK,
    pulses: new Map(),
    estimates: new Map(),
    ...counts,
    connection,
    isDeleted: false,
  };
}

/** @param nowMs when the update came, milliseconds since 1970. */
export function foldScreen(screen: Screen, update: TaskUpdate, nowMs: number): Screen {
  const view = foldUpdate(screen.view, update);
  const seenSinceMs = screen.seenSinceMs ?? nowMs;
  if (update.__typename !== 'TaskEventRecorded') {
    // Whatever was said of the time left was said before the events that are missing.
    const estimates = update.__typename === 'TaskGap' ? new Map() : screen.estimates;
    return { ...screen, view, seenSinceMs, estimates };
  }
  const { event } = update;
  // An event that was caught up on beat when it was recorded.
  const atMs = Date.parse(event.recordedAt);
  const notice = noticeOf(update);
  const hasFailed = notice?.look === 'failed';
  return {
    ...screen,
    view,
    seenSinceMs,
    clock: foldClock(screen.clock, atMs, nowMs),
    estimates: foldEstimates(screen.estimates, event),
    pulses: new Map(screen.pulses).set(event.component, addBeat(screen.pulses.get(event.component), atMs)),
    taskPulse: addBeat(screen.taskPulse, atMs),
    lastBeatMs: atMs,
    warnings: screen.warnings + (notice?.look === 'warning' ? 1 : 0),
    failures: screen.failures + (hasFailed ? 1 : 0),
    firstFailure: screen.firstFailure ?? (hasFailed ? notice : undefined),
  };
}

/** An estimate lasts until the component reports its progress without one. */
function foldEstimates(
  estimates: ReadonlyMap<string, string>,
  { component, progress, estimatedTimeRemaining }: EventFieldsFragment,
): ReadonlyMap<string, string> {
  if (estimatedTimeRemaining != null) return new Map(estimates).set(component, estimatedTimeRemaining);
  if (progress === null || !estimates.has(component)) return estimates;
  return new Map([...estimates].filter(([name]) => name !== component));
}

/** What of an update must not scroll by unseen: warnings, errors, failures, and lost continuity. */
export function noticeOf(update: TaskUpdate): Notice | undefined {
  if (update.__typename === 'TaskGap') {
    const text = GAP_TEXTS[update.reason] ?? `some events cannot be shown (${update.reason})`;
    return { look: 'warning', at: update.progress.lastUpdate, source: 'gap', text };
  }
  if (update.__typename !== 'TaskEventRecorded') return undefined;
  const { eventType, timestamp, component, message } = update.event;
  const look = lookOf(eventType, 0);
  if (look !== 'warning' && look !== 'failed') return undefined;
  return { look, at: timestamp, source: component, text: message };
}

const GAP_TEXTS: Readonly<Record<string, string>> = Object.freeze({
  EXPIRED: 'older events are no longer kept; the state shown is whole',
  DIVERGED: 'the history was replaced (restored or rewound); the state shown is the new one',
});
