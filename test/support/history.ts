/**
 * One judge for all end-to-end tests. Its input is what producers and watchers saw, and the log as it is at the end;
 * its answer is every broken promise: which rule, where, and in words. It is pure, so that it can itself be tested with
 * wrong histories.
 *
 * The promises: what was acknowledged is in the log once and where the answer said, what failed is not, what is unknown
 * is there at most once, and nothing is there that nobody emitted; the log is numbered 1, 2, 3 … without a hole, and in
 * the order of real time where emits did not overlap. What a watcher was promised is in `history-watchers.ts`.
 */
import type { ComponentState, LogEvent, ReportedProgress } from './fold.ts';
import { judgeWatchers } from './history-watchers.ts';

export interface EmitRecord {
  readonly taskId: string;
  readonly eventId: string;
  /** Failed: certainly not recorded. Unknown: no answer came. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** Where the acknowledgement said it was recorded. */
  readonly sequence?: number;
  /** When its first attempt began and its first acknowledgement came; milliseconds of one clock. */
  readonly beganAt?: number;
  readonly acknowledgedAt?: number;
}

export interface Frame {
  readonly __typename: string;
  readonly cursor: string;
  readonly progress: ReportedProgress & { readonly startedAt?: string; readonly lastUpdate?: string };
  /** Whatever of it was selected; all of it must be as it is in the log. */
  readonly event?: Partial<LogEvent> & { readonly sequence: number; readonly eventId: string };
  readonly component?: ComponentState;
  readonly reason?: string;
  /** When it came, where permissions change. */
  readonly receivedAt?: number;
}

/** What one connection delivered. */
export interface StreamRecord {
  readonly frames: readonly Frame[];
  /** The server said that the operation is complete. */
  readonly completed: boolean;
}

export interface WatcherRecord {
  readonly name: string;
  /** With `replay: true` from the first event on; else from a snapshot on. */
  readonly from: 'start' | 'snapshot';
  /** Whether it must have reached the end of the log and been told so. */
  readonly mustFinish: boolean;
  readonly streams: readonly StreamRecord[];
  /** When it was allowed to watch, both ends included; always, when left out. */
  readonly allowed?: readonly { readonly from: number; readonly to: number }[];
}

/** Everything known of one task. */
export interface TaskHistory {
  readonly taskId: string;
  readonly emits: readonly EmitRecord[];
  readonly log: readonly LogEvent[];
  readonly watchers: readonly WatcherRecord[];
  /** Something was trimmed, restored or damaged; otherwise a gap is a broken promise too. */
  readonly mayHaveGaps?: boolean;
}

export type Rule =
  /** Numbered 1, 2, 3 … */
  | 'log-dense'
  /** Each event once. */
  | 'log-once'
  /** `recordedAt` never goes back. */
  | 'log-time'
  /** Nothing that nobody emitted. */
  | 'log-emitted'
  /** What was acknowledged is there. */
  | 'emit-kept'
  /** What failed is not. */
  | 'emit-failed'
  /** It is where its acknowledgement said. */
  | 'emit-place'
  /** What was acknowledged before another began has the lower sequence. */
  | 'emit-order'
  /** A stream begins as it was asked to, once. */
  | 'stream-begin'
  /** Each event once, in order, none left out, over all reconnects. */
  | 'stream-order'
  /** Events are those of the log. */
  | 'stream-content'
  /** Every progress is the fold of the log up to its sequence. */
  | 'stream-fold'
  /** One place, one cursor. */
  | 'stream-cursor'
  /** No gap where the log is whole. */
  | 'stream-gap'
  /** An end only at the end of the task, nothing after it, and no `complete` without it. */
  | 'stream-end'
  /** Everybody who should came to the end of the log. */
  | 'stream-behind'
  /** Nothing while it was not allowed. */
  | 'stream-allowed';

export interface Violation {
  readonly rule: Rule;
  /** A place in the log, an event, or a watcher's stream. */
  readonly at: string;
  readonly says: string;
}

const MOST_VIOLATIONS = 40;

/** @returns the broken promises, the first 40 of them; none when the history is right. */
export function checkHistory(history: TaskHistory): readonly Violation[] {
  return [...judgeLog(history), ...judgeEmits(history), ...judgeOrder(history), ...judgeWatchers(history)].slice(
    0,
    MOST_VIOLATIONS,
  );
}

function judgeLog({ emits, log }: TaskHistory): readonly Violation[] {
  const violations: Violation[] = [];
  const emitted = new Set(emits.map(({ eventId }) => eventId));
  const seen = new Set<string>();
  let recordedAt = '';
  for (const [index, event] of log.entries()) {
    const { eventId, sequence } = event;
    const say = (rule: Rule, says: string): void => void violations.push({ rule, at: `log ${index + 1}`, says });
    if (sequence !== index + 1) say('log-dense', `has sequence ${sequence}`);
    if (seen.has(eventId)) say('log-once', `${eventId} was recorded before`);
    if (event.recordedAt < recordedAt) say('log-time', `${event.recordedAt} after ${recordedAt}`);
    if (!emitted.has(eventId)) say('log-emitted', `nobody emitted ${eventId}`);
    seen.add(eventId);
    recordedAt = event.recordedAt;
  }
  return violations;
}

function judgeEmits({ emits, log }: TaskHistory): readonly Violation[] {
  const violations: Violation[] = [];
  const recorded = new Map(log.map((event) => [event.eventId, event.sequence]));
  for (const { eventId, outcome, sequence } of emits) {
    const say = (rule: Rule, says: string): void => void violations.push({ rule, at: `emit ${eventId}`, says });
    const at = recorded.get(eventId);
    if (outcome === 'ok' && at === undefined) say('emit-kept', `acknowledged at ${sequence ?? '?'}, not in the log`);
    if (outcome === 'failed' && at !== undefined) say('emit-failed', `failed, and is in the log at ${at}`);
    if (at !== undefined && sequence !== undefined && at !== sequence) {
      say('emit-place', `acknowledged at ${sequence}, is at ${at}`);
    }
  }
  return violations;
}

/** Sweeps over time: whoever begins must come after the highest that was acknowledged by then. */
function judgeOrder({ emits, log }: TaskHistory): readonly Violation[] {
  const places = new Map(log.map((event) => [event.eventId, event.sequence]));
  const timed = emits.flatMap(({ eventId, beganAt, acknowledgedAt }) => {
    const at = places.get(eventId);
    return at === undefined || beganAt === undefined ? [] : [{ eventId, at, beganAt, acknowledgedAt }];
  });
  const answers = timed
    .flatMap(({ acknowledgedAt, at }) => (acknowledgedAt === undefined ? [] : [{ acknowledgedAt, at }]))
    .toSorted((one, other) => one.acknowledgedAt - other.acknowledgedAt);
  const violations: Violation[] = [];
  let answered = 0;
  let highest = 0;
  for (const { eventId, at, beganAt } of timed.toSorted((one, other) => one.beganAt - other.beganAt)) {
    for (; (answers[answered]?.acknowledgedAt ?? Number.POSITIVE_INFINITY) < beganAt; answered += 1) {
      highest = Math.max(highest, answers[answered]?.at ?? 0);
    }
    if (at > highest) continue;
    const says = `is at ${at}, but began after ${highest} was acknowledged`;
    violations.push({ rule: 'emit-order', at: `emit ${eventId}`, says });
  }
  return violations;
}
