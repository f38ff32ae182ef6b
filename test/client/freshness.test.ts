/**
 * Which of two answers is late and which tells of a log that went back: judged by what was seen before each was asked.
 */
import { describe, expect, test } from 'vitest';
import { createFreshness } from '../../src/client/operation/freshness.ts';

function taskAt(sequence: number, id = 'survey'): { readonly task: object } {
  return { task: { __typename: 'Task', id, progress: { __typename: 'TaskProgress', sequence } } };
}
const LATE = { task: null };

describe('an answer', () => {
  test('that was overtaken is late, and the same when it is asked for again proves that the log went back', () => {
    const { ask } = createFreshness();
    const [early, later] = [ask(), ask()];
    expect(later.sift(taskAt(7))).toEqual(taskAt(7));
    expect(early.sift(taskAt(5))).toEqual(LATE);
    expect(ask().sift(taskAt(5))).toEqual(taskAt(5));
    // From there on it goes forward again.
    expect(ask().sift(taskAt(6))).toEqual(taskAt(6));
  });

  test('of the same sequence is as good', () => {
    const { ask } = createFreshness();
    const early = ask();
    ask().sift(taskAt(7));
    expect(early.sift(taskAt(7))).toEqual(taskAt(7));
  });

  test('to what was asked before the log went back is late, however far it had come', () => {
    const { ask } = createFreshness();
    ask().sift(taskAt(7));
    const before = ask();
    ask().sift(taskAt(2));
    expect(before.sift(taskAt(9))).toEqual(LATE);
  });

  test('to what was asked before somebody was told of a gap is late as well', () => {
    const { ask, wentBack } = createFreshness();
    const before = ask();
    wentBack();
    expect(before.sift(taskAt(9))).toEqual(LATE);
    expect(ask().sift(taskAt(1))).toEqual(taskAt(1));
  });

  test('keeps all that is not late, and is the same object when nothing is', () => {
    const { ask } = createFreshness();
    const early = ask();
    ask().sift(taskAt(7));
    const fresh = { results: [taskAt(3, 'other')], nothing: null, list: [null, 1] };
    expect(early.sift(fresh)).toBe(fresh);
    expect(early.sift({ ...fresh, more: taskAt(1) })).toEqual({ ...fresh, more: LATE });
  });

  test('about an earlier place is no state of the task', () => {
    const { ask } = createFreshness();
    ask().sift(taskAt(7));
    const past = { taskProgress: { __typename: 'TaskProgress', taskId: 'survey', sequence: 3 } };
    expect(ask().sift(past)).toBe(past);
    expect(ask().sift(taskAt(7))).toEqual(taskAt(7));
  });
});

describe('a stream of states', () => {
  test('skips what was overtaken', () => {
    const { ask, openStream } = createFreshness();
    const stream = openStream();
    stream.sift(taskAt(3));
    ask().sift(taskAt(7));
    const board = { tasks: { changed: [taskAt(5).task, taskAt(1, 'other').task] } };
    expect(stream.sift(board)).toEqual({ tasks: { changed: [taskAt(1, 'other').task] } });
    expect(stream.sift(taskAt(8))).toEqual(taskAt(8));
  });

  test('that goes below itself proves that the log went back', () => {
    const { ask, openStream } = createFreshness();
    const stream = openStream();
    stream.sift(taskAt(7));
    const before = ask();
    expect(stream.sift(taskAt(4))).toEqual(taskAt(4));
    expect(before.sift(taskAt(7))).toEqual(LATE);
  });

  test('so does one that begins again below what was seen before', () => {
    const { ask, openStream } = createFreshness();
    const stream = openStream();
    stream.sift(taskAt(3));
    ask().sift(taskAt(7));
    expect(stream.sift(taskAt(4))).toEqual(LATE);
    stream.asked();
    expect(stream.sift(taskAt(4))).toEqual(taskAt(4));
  });

  test('of a whole board goes back at once', () => {
    const { openStream } = createFreshness();
    const [stream, other] = [openStream(), openStream()];
    const boardAt = (sequence: number) => ({ changed: ['a', 'b'].map((id) => taskAt(sequence, id).task) });
    stream.sift(boardAt(7));
    stream.sift(boardAt(4));
    // What it told of the first was not forgotten for the second.
    expect(other.sift(taskAt(3, 'a'))).toEqual(LATE);
  });
});

test('streams wait for whoever asks again, and not longer than that', async () => {
  const { hold } = createFreshness();
  await hold.released();
  const order: string[] = [];
  const held = hold.take();
  const waiting = hold.released().then(() => order.push('released'));
  order.push('answered');
  held[Symbol.dispose]();
  await waiting;
  expect(order).toEqual(['answered', 'released']);
});
