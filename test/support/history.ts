/**
 * One judge for all end-to-end tests. Its input is what producers and watchers saw, and the log as it is at the end;
 * its answer is every broken promise in words. It is pure, so that it can itself be tested with wrong histories.
 *
 * The promises: what was acknowledged is in the log once, what failed is not, what is unknown is there at most once;
 * the log is numbered 1, 2, 3 … without a hole; a watcher saw a contiguous run of it, from where its stream began to
 * where it stopped, unless a gap was announced; nothing follows an end; and every progress that was shown is the fold
 * of the log up to its sequence.
 */
import { componentDifferences, foldAll, progressDifferences } from './fold.ts';
import type { ComponentState, LogEvent, ProgressState, ReportedProgress } from './fold.ts';

export interface EmitRecord {
  readonly taskId: string;
  readonly eventId: string;
  /** Failed: certainly not recorded. Unknown: no answer came. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** Where the acknowledgement said it was recorded. */
  readonly sequence?: number;
}

export interface Frame {
  readonly __typename: string;
  readonly cursor: string;
  readonly progress: ReportedProgress & { readonly startedAt?: string; readonly lastUpdate?: string };
  readonly event?: { readonly sequence: number; readonly eventId: string };
  readonly component?: ComponentState;
  readonly reason?: string;
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
}

/** Everything known of one task. */
export interface TaskHistory {
  readonly taskId: string;
  readonly emits: readonly EmitRecord[];
  readonly log: readonly LogEvent[];
  readonly watchers: readonly WatcherRecord[];
}

const MOST_PROBLEMS = 40;

/** @returns the broken promises, the first 40 of them; none when the history is right. */
export function checkHistory(history: TaskHistory): readonly string[] {
  const problems = [...logProblems(history), ...emitProblems(history)];
  const truth: Truth = {
    log: history.log,
    states: foldAll(history.log),
    latestTimes: latestTimes(history.log),
    cursors: new Map(history.log.map(({ sequence, cursor }) => [sequence, cursor])),
  };
  for (const watcher of history.watchers) problems.push(...watcherProblems(watcher, truth));
  return problems.slice(0, MOST_PROBLEMS);
}

interface Truth {
  readonly log: readonly LogEvent[];
  readonly states: readonly ProgressState[];
  readonly latestTimes: readonly number[];
  /** By sequence: from the log, and the first one seen for a place that has no event. */
  readonly cursors: Map<number, string>;
}

function logProblems({ log }: TaskHistory): readonly string[] {
  const problems: string[] = [];
  const ids = new Set<string>();
  let recordedAt = '';
  for (const [index, event] of log.entries()) {
    if (event.sequence !== index + 1) problems.push(`log: place ${index + 1} holds sequence ${event.sequence}`);
    if (ids.has(event.eventId)) problems.push(`log: ${event.eventId} was recorded twice`);
    if (event.recordedAt < recordedAt) problems.push(`log: recordedAt goes back at ${event.sequence}`);
    ids.add(event.eventId);
    recordedAt = event.recordedAt;
  }
  return problems;
}

function emitProblems({ emits, log }: TaskHistory): readonly string[] {
  const problems: string[] = [];
  const recorded = new Map(log.map((event) => [event.eventId, event.sequence]));
  const emitted = new Set(emits.map(({ eventId }) => eventId));
  for (const { eventId, outcome, sequence } of emits) {
    const at = recorded.get(eventId);
    if (outcome === 'ok' && at === undefined) problems.push(`emit: ${eventId} was acknowledged and is lost`);
    if (outcome === 'failed' && at !== undefined) problems.push(`emit: ${eventId} failed and was recorded at ${at}`);
    if (at !== undefined && sequence !== undefined && at !== sequence) {
      problems.push(`emit: ${eventId} was acknowledged at ${sequence} and is at ${at}`);
    }
  }
  for (const { eventId, sequence } of log) {
    if (!emitted.has(eventId)) problems.push(`log: ${eventId} at ${sequence} was never emitted`);
  }
  return problems;
}

function watcherProblems(watcher: WatcherRecord, truth: Truth): readonly string[] {
  const problems: string[] = [];
  /** The sequence that the watcher stands at; undefined before its first frame. */
  let at = watcher.from === 'start' ? 0 : undefined;
  let ended = false;
  for (const [number, stream] of watcher.streams.entries()) {
    ended = false;
    const say = (text: string): void => void problems.push(`${watcher.name}, stream ${number + 1}: ${text}`);
    for (const frame of stream.frames) {
      if (ended) say(`${frame.__typename} after TaskEnded`);
      at = step(frame, { at, truth, say });
      ended = frame.__typename === 'TaskEnded';
    }
    if (stream.completed && !ended) say('completed without TaskEnded');
  }
  if (watcher.mustFinish) {
    if (!ended) problems.push(`${watcher.name}: never saw the end`);
    if (at !== truth.log.length) problems.push(`${watcher.name}: stopped at ${at} of ${truth.log.length}`);
  }
  return problems;
}

interface StepContext {
  readonly at: number | undefined;
  readonly truth: Truth;
  readonly say: (text: string) => void;
}

/** Judges one frame. @returns the sequence that the watcher stands at afterwards. */
function step(frame: Frame, { at, truth, say }: StepContext): number | undefined {
  const { __typename: kind, event, progress } = frame;
  const { sequence } = progress;
  switch (kind) {
    case 'TaskSnapshot':
      if (at !== undefined) say(`began anew with a snapshot at ${sequence} while at ${at}`);
      break;
    case 'TaskEventRecorded':
      if (at === undefined) say(`began with event ${sequence} and no snapshot`);
      else if (sequence !== at + 1) say(`event ${sequence} after ${at}`);
      if (event !== undefined) judgeEvent(event, { sequence, truth, say });
      break;
    case 'TaskEnded':
      if (at !== sequence) say(`ended at ${sequence} while at ${at}`);
      if (truth.states[sequence]?.status === 'RUNNING') say(`ended at ${sequence}, where the task still runs`);
      break;
    case 'TaskCheckpoint':
      if (at !== sequence) say(`a checkpoint at ${sequence} while at ${at}, without a filter`);
      break;
    case 'TaskGap':
      break;
    default:
      say(`unknown frame ${kind}`);
  }
  judgeState(frame, { sequence, truth, say });
  return sequence;
}

interface JudgeContext {
  readonly sequence: number;
  readonly truth: Truth;
  readonly say: (text: string) => void;
}

function judgeEvent(event: NonNullable<Frame['event']>, { sequence, truth, say }: JudgeContext): void {
  if (event.sequence !== sequence) say(`event ${event.sequence} with the progress of ${sequence}`);
  const logged = truth.log[event.sequence - 1]?.eventId;
  if (logged !== event.eventId) say(`event ${event.sequence} is ${event.eventId}, the log has ${logged ?? 'none'}`);
}

function judgeState({ progress, cursor, component }: Frame, { sequence, truth, say }: JudgeContext): void {
  const expected = truth.states[sequence];
  if (expected === undefined) return say(`progress at ${sequence}, beyond the log`);
  for (const difference of progressDifferences(progress, expected)) say(`at ${sequence}: ${difference}`);

  const { startedAt, lastUpdate } = progress;
  if (startedAt !== undefined && lastUpdate !== undefined) {
    const latest = Math.max(Date.parse(startedAt), truth.latestTimes[sequence] ?? 0);
    if (Date.parse(lastUpdate) !== latest) say(`at ${sequence}: lastUpdate is ${lastUpdate}`);
  }

  const wanted = expected.components.find(({ name }) => name === component?.name);
  // After the end, a component's late event is shown but changes no progress.
  if (component !== undefined && wanted !== undefined && truth.states[sequence - 1]?.status === 'RUNNING') {
    for (const difference of componentDifferences(component, wanted)) say(`at ${sequence}: ${difference}`);
  }

  const known = truth.cursors.get(sequence);
  if (known === undefined) truth.cursors.set(sequence, cursor);
  else if (known !== cursor) say(`at ${sequence}: cursor ${cursor}, elsewhere ${known}`);
}

/** By sequence: the latest time that the events up to it report, as milliseconds; frozen once the task ended. */
function latestTimes(log: readonly LogEvent[]): readonly number[] {
  const latest = [0];
  let now = 0;
  let running = true;
  for (const { timestamp, recordedAt, eventType } of log) {
    if (running) now = Math.max(now, Math.min(Date.parse(timestamp), Date.parse(recordedAt)));
    running &&= eventType !== 'TASK_COMPLETED' && eventType !== 'TASK_FAILED';
    latest.push(now);
  }
  return latest;
}
