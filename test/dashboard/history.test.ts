import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHistory, type BeatFields } from '../../src/dashboard/run/history.ts';

const NOON = Date.UTC(2026, 10, 23, 12);

function eventOf(sequence: number, fields: Partial<BeatFields> = {}): BeatFields {
  const timestamp = new Date(NOON + sequence * 1_000).toISOString();
  return {
    sequence,
    timestamp,
    recordedAt: timestamp,
    component: `worker_${sequence % 3}`,
    eventType: 'PROGRESS_UPDATE',
    stage: 'ANALYSIS',
    ...fields,
  };
}

test('each event is kept once and given in order, in whatever order and however often it came', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 })), (sequences) => {
      const history = createHistory();
      for (const sequence of sequences) history.add(eventOf(sequence));
      const seen: number[] = [];
      history.each((beat) => {
        seen.push(beat.sequence);
        expect(beat.timeMs).toBe(NOON + beat.sequence * 1_000);
        expect(history.components[beat.component]).toBe(`worker_${beat.sequence % 3}`);
      });
      expect(seen).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
      expect(history.size).toBe(seen.length);
    }),
  );
});

test('what is missing is asked for from the newest on, until nothing is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4_000 })),
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 1, max: 1_500 }),
      (known, head, limit) => {
        const history = createHistory();
        for (const sequence of known) history.add(eventOf(sequence));
        history.setHead(head);
        let before = Infinity;
        for (let gap = history.missing(limit); gap !== undefined; gap = history.missing(limit)) {
          expect(gap.to).toBeLessThan(before);
          expect(gap.to - gap.from + 1).toBeLessThanOrEqual(limit);
          for (let sequence = gap.from; sequence <= gap.to; sequence += 1) {
            expect(history.has(sequence)).toBe(false);
            history.add(eventOf(sequence));
          }
          before = gap.from;
        }
        expect(history.size).toBe(history.head);
      },
    ),
    { numRuns: 30 },
  );
});

test('an event counts as having happened no later than it was recorded', () => {
  const history = createHistory();
  history.add(eventOf(1, { timestamp: '2026-11-23T14:00:00.000Z', recordedAt: '2026-11-23T12:00:00.000Z' }));
  expect(history.get(1)?.timeMs).toBe(NOON);
});

test('problems are listed in the order of the log, wherever they were read from', () => {
  const history = createHistory();
  for (const [sequence, eventType] of [
    [9, 'ERROR'],
    [2, 'WARNING'],
    [5, 'BELTER_FAILED'],
    [7, 'BELTER_COMPLETED'],
  ] as const) {
    history.add(eventOf(sequence, { eventType }));
  }
  expect(history.problems).toEqual([2, 5, 9]);
});

describe('what is no longer kept', () => {
  test('is neither listed nor asked for', () => {
    const history = createHistory();
    for (let sequence = 3_000; sequence <= 4_000; sequence += 1) history.add(eventOf(sequence));
    history.add(eventOf(10, { eventType: 'WARNING' }));
    history.setFloor(3_000);
    expect(history.missing(1_000)).toBeUndefined();
    expect(history.size).toBe(1_001);
    expect(history.problems).toEqual([]);
  });

  test('in the middle of a stretch is not given either', () => {
    const history = createHistory();
    for (let sequence = 1; sequence <= 100; sequence += 1) history.add(eventOf(sequence));
    history.setFloor(51);
    const seen: number[] = [];
    history.each(({ sequence }) => seen.push(sequence));
    expect(seen[0]).toBe(51);
  });
});

test('the playhead finds the last event that had happened by then, though a clock was behind', () => {
  const history = createHistory();
  for (let sequence = 1; sequence <= 10; sequence += 1) history.add(eventOf(sequence));
  history.add(eventOf(11, { timestamp: new Date(NOON + 4_500).toISOString() }));
  expect(history.sequenceAt(NOON + 999)).toBeUndefined();
  expect(history.sequenceAt(NOON + 4_000)).toBe(4);
  expect(history.sequenceAt(NOON + 5_000)).toBe(11);
  expect(history.sequenceAt(Infinity)).toBe(11);
});

test('the first ending is the end; what comes after it is late', () => {
  const history = createHistory();
  history.add(eventOf(9, { eventType: 'TASK_COMPLETED' }));
  history.add(eventOf(7, { eventType: 'TASK_FAILED' }));
  expect(history.endedAt).toBe(7);
});

test('another log begins with nothing', () => {
  const history = createHistory();
  history.add(eventOf(9, { eventType: 'TASK_FAILED' }));
  history.clear();
  expect([history.head, history.size, history.endedAt, history.firstMs]).toEqual([0, 0, undefined, undefined]);
  expect(history.problems).toEqual([]);
});
