/**
 * A judge that never says "guilty" proves nothing. Right histories of many shapes must pass, and each kind of wrong
 * one, made from them by one change, must be flagged under the rule that it breaks, whatever the seed.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldAll } from './fold.ts';
import { checkHistory } from './history.ts';
import type { EmitRecord, Frame, Rule, TaskHistory, WatcherRecord } from './history.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import { acknowledged, eventAt, first, rightHistory, stream } from './right-history.ts';

/** A failure names its seed. */
const seeds = fc.integer({ min: 1, max: 2 ** 31 });

test('a right history has no problem', () => {
  const isRight = fc.property(seeds, (seed) => {
    expect(checkHistory(rightHistory(createRandom(seed)))).toEqual([]);
  });
  fc.assert(isRight, { numRuns: 300 });
});

test('a gap that was announced is not a problem, and what follows it is still judged', () => {
  const history = { ...rightHistory(createRandom(7)), mayHaveGaps: true };
  const [first, ...others] = framesOf(history);
  if (first === undefined) throw new Error('no frames');
  const skipped = others[5];
  if (skipped === undefined) throw new Error('too few frames');
  const gap: Frame = { ...skipped, __typename: 'TaskGap', reason: 'EXPIRED' };
  expect(checkHistory(withFrames(history, [first, gap, ...others.slice(6)]))).toEqual([]);
  expect(checkHistory(withFrames(history, [first, gap, ...others.slice(7)]))).not.toEqual([]);
});

test('an event after the end is delivered by the next stream and changes no progress', () => {
  const right = rightHistory(createRandom(3));
  const late = eventAt(right.log.length + 1, { eventType: 'PROGRESS_UPDATE', component: 'late', progress: 0.1 });
  const log = [...right.log, late];
  const watcher: WatcherRecord = { ...first(right.watchers), from: 'start', mustFinish: true, streams: [] };
  const streams = [stream(log, 1, log.length - 1, true), stream(log, log.length, log.length, true)];
  const emits = [...right.emits, acknowledged(late)];
  expect(checkHistory({ ...right, log, emits, watchers: [{ ...watcher, streams }] })).toEqual([]);
});

test('what a watcher saw while it was allowed to is not a problem', () => {
  const history = rightHistory(createRandom(5));
  const timed = withFrames(
    history,
    framesOf(history).map((frame, index) => ({ ...frame, receivedAt: index })),
  );
  const seen = (allowed: WatcherRecord['allowed']): readonly Rule[] => {
    const watcher: WatcherRecord = { ...first(timed.watchers), ...(allowed && { allowed }) };
    return checkHistory({ ...timed, watchers: [watcher] }).map(({ rule }) => rule);
  };
  const last = framesOf(history).length - 1;
  expect(seen(undefined)).toEqual([]);
  expect(seen([{ from: 0, to: last }])).toEqual([]);
  expect(seen([{ from: 0, to: last - 2 }])).toEqual(['stream-allowed', 'stream-allowed']);
  expect(
    seen([
      { from: 0, to: 3 },
      { from: 5, to: last },
    ]),
  ).toEqual(['stream-allowed']);
});

type Wrong = (history: TaskHistory, random: Random) => TaskHistory;

const WRONG: readonly (readonly [rule: Rule, name: string, wrong: Wrong])[] = [
  ['stream-order', 'a frame is dropped', onFrames((frames, at) => frames.toSpliced(at, 1))],
  ['stream-order', 'two frames are swapped', onFrames((frames, at) => swap(frames, at))],
  [
    'stream-order',
    'a frame comes twice',
    onFrames((frames, at) => frames.toSpliced(at, 0, ...frames.slice(at, at + 1))),
  ],
  [
    'stream-order',
    'a frame shows the progress of another place',
    onProgress((progress) => ({ ...progress, sequence: progress.sequence - 1 })),
  ],
  ['stream-end', 'the end comes early', onFrames((frames, at) => [...frames.slice(0, at), endOf(frames[at - 1])])],
  [
    'stream-end',
    'the end comes early, and the rest after it',
    onFrames((frames, at) => frames.toSpliced(at, 0, endOf(frames[at - 1]))),
  ],
  ['stream-end', 'the end is missing', onFrames((frames) => frames.slice(0, -1))],
  ['stream-end', 'an event follows the end', onFrames((frames) => [...frames, ...frames.slice(1, 2)])],
  [
    'stream-end',
    'a stream completes without an end',
    (history) => {
      const frames = framesOf(history).slice(0, 4);
      return { ...history, watchers: [{ ...first(history.watchers), streams: [{ frames, completed: true }] }] };
    },
  ],
  ['stream-behind', 'the last events never come', onFrames((frames) => frames.slice(0, -3))],
  ['stream-begin', 'a snapshot interrupts', onFrames((frames, at) => frames.toSpliced(at, 0, snapshotOf(frames[at])))],
  [
    'stream-gap',
    'a gap is announced where nothing was ever lost',
    onFrames((frames, at) => frames.with(at, { ...snapshotOf(frames[at]), __typename: 'TaskGap', reason: 'DIVERGED' })),
  ],
  [
    'stream-fold',
    'a frame shows another overall progress',
    onProgress((progress) => ({ ...progress, overallProgress: 0.123 })),
  ],
  [
    'stream-fold',
    'a frame shows another display progress',
    onProgress((progress) => ({ ...progress, displayProgress: 0.123 })),
  ],
  ['stream-fold', 'a frame shows another stage', onProgress((progress) => ({ ...progress, stage: 'REVIEW' }))],
  ['stream-fold', 'a frame lacks a component', onProgress((progress) => ({ ...progress, components: [] }))],
  [
    'stream-fold',
    'a frame shows another time',
    onProgress((progress) => ({ ...progress, lastUpdate: '2020-01-01T00:00:00.000Z' })),
  ],
  [
    'stream-fold',
    'a component shows another progress',
    onFrame((frame, state) => ({ ...frame, component: { ...first(state.components), progress: 0.4321 } })),
  ],
  [
    'stream-fold',
    'the first snapshot is not that of its place',
    (history) => {
      const joined = history.watchers.find(({ from }) => from === 'snapshot');
      const [stream] = joined?.streams ?? [];
      const [frame, ...rest] = stream?.frames ?? [];
      if (joined === undefined || stream === undefined || frame === undefined) throw new Error('nobody joined');
      const wrong: Frame = { ...frame, progress: { ...frame.progress, overallProgress: 0.4321 } };
      return { ...history, watchers: [{ ...joined, streams: [{ ...stream, frames: [wrong, ...rest] }] }] };
    },
  ],
  [
    'stream-content',
    'a frame brings another event than the log',
    onFrame((frame) => ({ ...frame, event: { sequence: frame.progress.sequence, eventId: 'other' } })),
  ],
  [
    'stream-content',
    'an event says something else than in the log',
    onFrame((frame) => ({ ...frame, ...(frame.event && { event: { ...frame.event, message: 'other' } }) })),
  ],
  ['stream-cursor', 'a cursor differs from everybody else’s', onFrame((frame) => ({ ...frame, cursor: 'other' }))],
  [
    'emit-kept',
    'an acknowledged event is lost',
    (history, random) => {
      const kept = history.emits.filter(({ outcome }) => outcome === 'ok');
      const { eventId } = random.pick(kept);
      const log = history.log
        .filter((event) => event.eventId !== eventId)
        .map((event, index) => ({ ...event, sequence: index + 1 }));
      return { ...history, log, watchers: [] };
    },
  ],
  [
    'emit-failed',
    'a failed emit is in the log',
    onEmit(({ taskId, eventId }) => ({ taskId, eventId, outcome: 'failed' })),
  ],
  ['emit-place', 'an acknowledgement names another place', onEmit((emit) => ({ ...emit, sequence: 10_000 }))],
  [
    'emit-order',
    'what was acknowledged first comes last',
    (history) => {
      const last = history.log.length;
      const emits = history.emits.map((emit) => {
        const { sequence, outcome } = emit;
        return outcome === 'ok' && (sequence ?? 0) >= last - 1 ? { ...emit, beganAt: 1, acknowledgedAt: 2 } : emit;
      });
      return { ...history, emits };
    },
  ],
  ['log-emitted', 'the log holds what nobody emitted', (history) => ({ ...history, emits: history.emits.slice(1) })],
  [
    'log-once',
    'an event is recorded twice',
    (history, random) => {
      const event = random.pick(history.log);
      const log = [...history.log, { ...event, sequence: history.log.length + 1 }];
      return { ...history, log, watchers: [] };
    },
  ],
  [
    'log-dense',
    'the log has a hole',
    (history, random) => {
      const from = random.int(1, history.log.length - 1);
      const log = history.log.map((event, index) => (index < from ? event : { ...event, sequence: index + 2 }));
      return { ...history, log, watchers: [], emits: log.map(acknowledged) };
    },
  ],
  [
    'log-time',
    'recordedAt goes back',
    (history, random) => {
      const at = random.int(1, history.log.length - 1);
      const back = { recordedAt: '2020-01-01T00:00:00.000Z' };
      return { ...history, log: history.log.map((event, index) => (index === at ? { ...event, ...back } : event)) };
    },
  ],
];

describe('a wrong history is flagged under its rule', () => {
  test.for(WRONG)('%s: %s', ([rule, , wrong]) => {
    const isFlagged = fc.property(seeds, (seed) => {
      const random = createRandom(seed);
      const rules = checkHistory(wrong(rightHistory(random), random)).map((violation) => violation.rule);
      expect(rules).toContain(rule);
    });
    fc.assert(isFlagged, { numRuns: 60 });
  });
});

/** Changes one emit of an event that is in the log. */
function onEmit(change: (emit: EmitRecord) => EmitRecord): Wrong {
  return (history, random) => {
    const at = random.int(0, history.log.length - 1);
    return { ...history, emits: history.emits.map((emit, index) => (index === at ? change(emit) : emit)) };
  };
}

/** Changes the frames of the watcher with one stream; `at` is a place in the middle. */
function onFrames(change: (frames: readonly Frame[], at: number) => readonly Frame[]): Wrong {
  return (history, random) => {
    const frames = framesOf(history);
    return withFrames(history, change(frames, random.int(1, frames.length - 3)));
  };
}

function onFrame(change: (frame: Frame, state: State) => Frame): Wrong {
  return (history, random) => {
    const frames = framesOf(history);
    const at = random.int(1, frames.length - 3);
    const state = foldAll(history.log)[at + 1];
    const frame = frames[at];
    if (state === undefined || frame === undefined) throw new RangeError(`no frame ${at}`);
    return withFrames(history, frames.with(at, change(frame, state)));
  };
}

type State = ReturnType<typeof foldAll>[number];

function onProgress(change: (progress: Frame['progress']) => Frame['progress']): Wrong {
  return onFrame((frame) => ({ ...frame, progress: change(frame.progress) }));
}

function framesOf(history: TaskHistory): readonly Frame[] {
  return first(first(history.watchers).streams).frames;
}

function withFrames(history: TaskHistory, frames: readonly Frame[]): TaskHistory {
  const [steady, ...others] = history.watchers;
  if (steady === undefined) throw new Error('no watcher');
  return { ...history, watchers: [{ ...steady, streams: [{ frames, completed: true }] }, ...others] };
}

function swap(frames: readonly Frame[], at: number): readonly Frame[] {
  const [one, two] = frames.slice(at, at + 2);
  if (one === undefined || two === undefined) throw new RangeError(`nothing to swap at ${at}`);
  return frames.toSpliced(at, 2, two, one);
}

function endOf(frame: Frame | undefined): Frame {
  return { ...snapshotOf(frame), __typename: 'TaskEnded' };
}

function snapshotOf(frame: Frame | undefined): Frame {
  if (frame === undefined) throw new RangeError('no such frame');
  const { cursor, progress } = frame;
  return { __typename: 'TaskSnapshot', cursor, progress };
}
