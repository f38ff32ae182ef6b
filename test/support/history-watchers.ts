/**
 * What a watcher was promised: it saw a contiguous run of the log, with the log's content, from where its stream began
 * to where it stopped, over any number of reconnects, unless a gap was announced; nothing follows an end; every progress
 * that was shown is the fold of the log up to its sequence; and nothing came while it was not allowed to watch.
 */
import { componentDifferences, foldAll, progressDifferences, type LogEvent, type ProgressState } from './fold.ts';
import type { Frame, Rule, TaskHistory, Violation, WatcherRecord } from './history.ts';

interface Truth {
  readonly log: readonly LogEvent[];
  readonly mayHaveGaps: boolean;
  readonly states: readonly ProgressState[];
  readonly latestTimes: readonly number[];
  /** By sequence: from the log, and the first one seen for a place that has no event. */
  readonly cursors: Map<number, string>;
}

type Say = (rule: Rule, says: string) => void;

export function judgeWatchers({ log, watchers, mayHaveGaps = false }: TaskHistory): readonly Violation[] {
  const truth: Truth = {
    log,
    mayHaveGaps,
    states: foldAll(log),
    latestTimes: latestTimes(log),
    cursors: new Map(log.map(({ sequence, cursor }) => [sequence, cursor])),
  };
  return watchers.flatMap((watcher) => judgeWatcher(watcher, truth));
}

function judgeWatcher(watcher: WatcherRecord, truth: Truth): readonly Violation[] {
  const violations: Violation[] = [];
  /** The sequence that the watcher stands at; undefined before its first frame. */
  let at = watcher.from === 'start' ? 0 : undefined;
  let ended = false;
  for (const [number, stream] of watcher.streams.entries()) {
    ended = false;
    const place = `${watcher.name}, stream ${number + 1}`;
    const say: Say = (rule, says) => void violations.push({ rule, at: `${place}, after ${at ?? 'nothing'}`, says });
    for (const frame of stream.frames) {
      if (ended) say('stream-end', `${frame.__typename} after TaskEnded`);
      if (!isAllowed(watcher, frame)) say('stream-allowed', `${frame.__typename} came while it was not allowed`);
      at = step(frame, { at, truth, say });
      ended = frame.__typename === 'TaskEnded';
    }
    if (stream.completed && !ended) say('stream-end', 'completed without TaskEnded');
  }
  if (!watcher.mustFinish) return violations;
  if (!ended) violations.push({ rule: 'stream-end', at: watcher.name, says: 'never saw the end' });
  if (at !== truth.log.length) {
    violations.push({ rule: 'stream-behind', at: watcher.name, says: `stopped at ${at} of ${truth.log.length}` });
  }
  return violations;
}

function isAllowed({ allowed }: WatcherRecord, { receivedAt }: Frame): boolean {
  if (allowed === undefined || receivedAt === undefined) return true;
  return allowed.some(({ from, to }) => from <= receivedAt && receivedAt <= to);
}

interface StepContext {
  readonly at: number | undefined;
  readonly truth: Truth;
  readonly say: Say;
}

/** Judges one frame. @returns the sequence that the watcher stands at afterwards. */
function step(frame: Frame, { at, truth, say }: StepContext): number | undefined {
  const { __typename: kind, event, progress } = frame;
  const { sequence } = progress;
  switch (kind) {
    case 'TaskSnapshot':
      if (at !== undefined) say('stream-begin', `began anew with a snapshot at ${sequence}`);
      break;
    case 'TaskEventRecorded':
      if (at === undefined) say('stream-begin', `event ${sequence} and no snapshot before`);
      else if (sequence !== at + 1) say('stream-order', `event ${sequence}`);
      if (event !== undefined) judgeEvent(event, { sequence, truth, say });
      break;
    case 'TaskEnded':
      if (at !== sequence) say('stream-order', `ended at ${sequence}`);
      if (truth.states[sequence]?.status === 'RUNNING') say('stream-end', `ended at ${sequence}, while the task runs`);
      break;
    case 'TaskCheckpoint':
      if (at !== sequence) say('stream-order', `a checkpoint at ${sequence}, without a filter`);
      break;
    case 'TaskGap':
      if (!truth.mayHaveGaps) say('stream-gap', `a gap, ${frame.reason ?? 'without a reason'}, to ${sequence}`);
      break;
    default:
      say('stream-content', `unknown frame ${kind}`);
  }
  judgeState(frame, { sequence, truth, say });
  return sequence;
}

interface JudgeContext {
  readonly sequence: number;
  readonly truth: Truth;
  readonly say: Say;
}

function judgeEvent(event: NonNullable<Frame['event']>, { sequence, truth, say }: JudgeContext): void {
  if (event.sequence !== sequence) say('stream-content', `event ${event.sequence} with the progress of ${sequence}`);
  const logged: Readonly<Record<string, unknown>> = { ...truth.log[event.sequence - 1] };
  for (const [key, value] of Object.entries(event)) {
    if (value === logged[key]) continue;
    say('stream-content', `event ${sequence}: ${key} is ${String(value)}, in the log ${String(logged[key])}`);
  }
}

function judgeState({ progress, cursor, component }: Frame, { sequence, truth, say }: JudgeContext): void {
  const expected = truth.states[sequence];
  if (expected === undefined) return say('stream-fold', `progress at ${sequence}, beyond the log`);
  const differs = (difference: string): void => say('stream-fold', `at ${sequence}: ${difference}`);
  progressDifferences(progress, expected).forEach(differs);

  const { startedAt, lastUpdate } = progress;
  if (startedAt !== undefined && lastUpdate !== undefined) {
    const latest = Math.max(Date.parse(startedAt), truth.latestTimes[sequence] ?? 0);
    if (Date.parse(lastUpdate) !== latest) differs(`lastUpdate is ${lastUpdate}`);
  }

  const wanted = expected.components.find(({ name }) => name === component?.name);
  // After the end, a component's late event is shown but changes no progress.
  if (component !== undefined && wanted !== undefined && truth.states[sequence - 1]?.status === 'RUNNING') {
    componentDifferences(component, wanted).forEach(differs);
  }

  const known = truth.cursors.get(sequence);
  if (known === undefined) truth.cursors.set(sequence, cursor);
  else if (known !== cursor) say('stream-cursor', `at ${sequence}: ${cursor}, elsewhere ${known}`);
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
