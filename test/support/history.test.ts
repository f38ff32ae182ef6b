/**
 * A judge that never says "guilty" proves nothing. Right histories of many shapes must pass, and each kind of wrong
 * one, made from them by one change, must be flagged whatever the seed.
 */
import { describe, expect, test } from 'vitest';
import { foldAll } from './fold.ts';
import { checkHistory } from './history.ts';
import type { EmitRecord, Frame, TaskHistory, WatcherRecord } from './history.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import { acknowledged, eventAt, first, rightHistory, stream } from './right-history.ts';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

test('a right history has no problem', () => {
  for (const seed of SEEDS) expect(checkHistory(rightHistory(createRandom(seed))), `seed ${seed}`).toEqual([]);
});

test('a gap that was announced is not a problem, and what follows it is still judged', () => {
  const history = rightHistory(createRandom(7));
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

type Wrong = (history: TaskHistory, random: Random) => TaskHistory;

const WRONG: Readonly<Record<string, Wrong>> = {
  'a frame is dropped': onFrames((frames, at) => frames.toSpliced(at, 1)),
  'two frames are swapped': onFrames((frames, at) => swap(frames, at)),
  'a frame comes twice': onFrames((frames, at) => frames.toSpliced(at, 0, ...frames.slice(at, at + 1))),
  'the end comes early': onFrames((frames, at) => [...frames.slice(0, at), endOf(frames[at - 1])]),
  'the end comes early, and the rest after it': onFrames((frames, at) =>
    frames.toSpliced(at, 0, endOf(frames[at - 1])),
  ),
  'the end is missing': onFrames((frames) => frames.slice(0, -1)),
  'an event follows the end': onFrames((frames) => [...frames, ...frames.slice(1, 2)]),
  'a snapshot interrupts': onFrames((frames, at) => frames.toSpliced(at, 0, snapshotOf(frames[at]))),
  'a frame shows another overall progress': onProgress((progress) => ({ ...progress, overallProgress: 0.123 })),
  'a frame shows another display progress': onProgress((progress) => ({ ...progress, displayProgress: 0.123 })),
  'a frame shows another stage': onProgress((progress) => ({ ...progress, stage: 'REVIEW' })),
  'a frame shows the progress of another place': onProgress((progress) => ({
    ...progress,
    sequence: progress.sequence - 1,
  })),
  'a frame lacks a component': onProgress((progress) => ({ ...progress, components: [] })),
  'a frame shows another time': onProgress((progress) => ({ ...progress, lastUpdate: '2020-01-01T00:00:00.000Z' })),
  'a frame brings another event than the log': onFrame((frame) => ({
    ...frame,
    event: { sequence: frame.progress.sequence, eventId: 'other' },
  })),
  'a component shows another progress': onFrame((frame, state) => ({
    ...frame,
    component: { ...first(state.components), progress: 0.4321 },
  })),
  'a cursor differs from everybody else’s': onFrame((frame) => ({ ...frame, cursor: 'other' })),
  'a stream completes without an end': (history) => {
    const frames = framesOf(history).slice(0, 4);
    return { ...history, watchers: [{ ...first(history.watchers), streams: [{ frames, completed: true }] }] };
  },
  'an acknowledged event is lost': (history, random) => {
    const lost = random.int(1, history.log.length - 2);
    const log = history.log.toSpliced(lost, 1).map((event, index) => ({ ...event, sequence: index + 1 }));
    return { ...history, log, watchers: [] };
  },
  'an event is recorded twice': (history, random) => {
    const event = random.pick(history.log);
    const log = [...history.log, { ...event, sequence: history.log.length + 1 }];
    return { ...history, log, watchers: [] };
  },
  'a failed emit is in the log': (history, random) => {
    const at = random.int(0, history.log.length - 1);
    const emits = history.emits.map((emit, index): EmitRecord => {
      return index === at ? { taskId: emit.taskId, eventId: emit.eventId, outcome: 'failed' } : emit;
    });
    return { ...history, emits };
  },
  'an acknowledgement names another sequence': (history, random) => {
    const at = random.int(0, history.log.length - 1);
    const emits = history.emits.map((emit, index) => (index === at ? { ...emit, sequence: 10_000 } : emit));
    return { ...history, emits };
  },
  'the log holds what nobody emitted': (history) => ({ ...history, emits: history.emits.slice(1) }),
  'the log has a hole': (history, random) => {
    const from = random.int(1, history.log.length - 1);
    const log = history.log.map((event, index) => (index < from ? event : { ...event, sequence: index + 2 }));
    return { ...history, log, watchers: [], emits: log.map(acknowledged) };
  },
  'recordedAt goes back': (history, random) => {
    const at = random.int(1, history.log.length - 1);
    const back = { recordedAt: '2020-01-01T00:00:00.000Z' };
    return { ...history, log: history.log.map((event, index) => (index === at ? { ...event, ...back } : event)) };
  },
};

describe('a wrong history is flagged', () => {
  test.for(Object.keys(WRONG))('%s', (name) => {
    for (const seed of SEEDS) {
      const random = createRandom(seed);
      const wrong = WRONG[name]?.(rightHistory(random), random);
      expect(wrong === undefined ? [] : checkHistory(wrong), `seed ${seed}`).not.toEqual([]);
    }
  });
});

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
