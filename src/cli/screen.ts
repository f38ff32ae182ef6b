/**
 * Everything that a picture of a task is drawn from, folded from its updates: the same updates at the same times give
 * the same screen. They are folded in place, for there may be thousands between two pictures; a screen is a copy, made
 * for a picture.
 */
import type { ComponentView, TaskUpdate, TaskView } from '../client/index.ts';
import type { EventFieldsFragment } from '../client/generated/graphql.ts';
import { foldComponents, toView } from '../client/task-view.ts';
import { isTrouble, lookOf, type Look } from '../view/look.ts';
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

function emptyScreen(taskId: string, nowMs: number): Screen {
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

export interface ScreenFold {
  /** @param nowMs when the update came, milliseconds since 1970 by the clock of this machine. */
  fold(update: TaskUpdate, nowMs: number): void;
  /** What no update tells. */
  set(facts: Partial<Pick<Screen, 'title' | 'connection' | 'isDeleted'>>): void;
  /** As it stands now: what is folded later does not change it. */
  screen(): Screen;
}

export function createScreenFold(taskId: string, openedMs: number): ScreenFold {
  const components = new Map<string, ComponentView>();
  const pulses = new Map<string, Pulse>();
  const estimates = new Map<string, string>();
  let last: TaskUpdate | undefined;
  let rest = emptyScreen(taskId, openedMs);

  function foldEvent(event: EventFieldsFragment, notice: Notice | undefined, nowMs: number): void {
    // An event that was caught up on beat when it was recorded.
    const atMs = Date.parse(event.recordedAt);
    const hasFailed = notice?.look === 'failed';
    pulses.set(event.component, addBeat(pulses.get(event.component), atMs));
    foldEstimate(estimates, event);
    rest = {
      ...rest,
      clock: foldClock(rest.clock, atMs, nowMs),
      taskPulse: addBeat(rest.taskPulse, atMs),
      lastBeatMs: atMs,
      warnings: rest.warnings + (notice?.look === 'warning' ? 1 : 0),
      failures: rest.failures + (hasFailed ? 1 : 0),
      firstFailure: rest.firstFailure ?? (hasFailed ? notice : undefined),
    };
  }
  return {
    fold(update, nowMs) {
      foldComponents(components, update);
      last = update;
      rest = { ...rest, seenSinceMs: rest.seenSinceMs ?? nowMs };
      // Whatever was said of the time left was said before the events that are missing.
      if (update.__typename === 'TaskGap') estimates.clear();
      if (update.__typename === 'TaskEventRecorded') foldEvent(update.event, noticeOf(update), nowMs);
    },
    set(facts) {
      rest = { ...rest, ...facts };
    },
    screen: () => ({
      ...rest,
      view: last && toView(new Map(components), last),
      pulses: new Map(pulses),
      estimates: new Map(estimates),
    }),
  };
}

/** An estimate lasts until the component reports its progress without one. */
function foldEstimate(
  estimates: Map<string, string>,
  { component, progress, estimatedTimeRemaining }: EventFieldsFragment,
): void {
  if (estimatedTimeRemaining != null) estimates.set(component, estimatedTimeRemaining);
  else if (progress !== null) estimates.delete(component);
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
  if (!isTrouble(look)) return undefined;
  return { look, at: timestamp, source: component, text: message };
}

const GAP_TEXTS: Readonly<Record<string, string>> = Object.freeze({
  EXPIRED: 'older events are no longer kept; the state shown is whole',
  DIVERGED: 'the history was replaced (restored or rewound); the state shown is the new one',
});
