import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHistory, type BeatFields } from '../../src/dashboard/run/history.ts';
import { createSelector, type FeedFilter } from '../../src/dashboard/run/selection.ts';

const ALL: FeedFilter = { components: [], eventTypes: [], stages: [], problemsOnly: false };
const TYPES = ['PROGRESS_UPDATE', 'WARNING', 'ERROR', 'DRUMMER_STARTED'] as const;
const STAGES = ['PLANNING', 'ANALYSIS'] as const;

function eventOf(sequence: number): BeatFields {
  const at = new Date(1_000 * sequence).toISOString();
  return {
    sequence,
    timestamp: at,
    recordedAt: at,
    component: `worker_${sequence % 3}`,
    eventType: TYPES[(sequence * 7) % TYPES.length] ?? '',
    stage: STAGES[Math.floor(sequence / 5) % 2] ?? '',
  };
}

/** The filter as the API words it. */
function isWanted({ component, eventType, stage }: BeatFields, filter: FeedFilter): boolean {
  const allows = (list: readonly string[], value: string): boolean => list.length === 0 || list.includes(value);
  return (
    allows(filter.components, component) &&
    allows(filter.eventTypes, eventType) &&
    allows(filter.stages, stage) &&
    (!filter.problemsOnly || eventType === 'WARNING' || eventType === 'ERROR')
  );
}

const filters = fc.record({
  components: fc.subarray(['worker_0', 'worker_1', 'unheard_of']),
  eventTypes: fc.subarray([...TYPES]),
  stages: fc.subarray([...STAGES]),
  problemsOnly: fc.boolean(),
});

test('a filter lets through what the API would, however the events came and whenever it was looked at', () => {
  fc.assert(
    fc.property(filters, fc.shuffledSubarray(range(1, 60)), fc.integer({ min: 0, max: 60 }), (filter, order, upTo) => {
      const history = createHistory();
      history.setHead(60);
      const selector = createSelector(history, filter);
      for (const sequence of order) {
        history.add(eventOf(sequence));
        if (sequence % 4 === 0) selector.current();
      }
      const isAll =
        filter.components.length + filter.eventTypes.length + filter.stages.length === 0 && !filter.problemsOnly;
      const known = isAll ? range(1, 60) : order.toSorted((a, b) => a - b);
      const expected = known.filter((sequence) => isWanted(eventOf(sequence), filter));
      const selection = selector.current();
      expect(range(0, selection.count(Infinity) - 1).map((index) => selection.at(index))).toEqual(expected);
      expect(selection.count(upTo)).toBe(expected.filter((sequence) => sequence <= upTo).length);
    }),
  );
});

test('without a filter all there are are listed, known or not', () => {
  const history = createHistory();
  history.setHead(100_000);
  history.setFloor(11);
  const selection = createSelector(history, ALL).current();
  expect(selection.count(Infinity)).toBe(99_990);
  expect([selection.at(0), selection.at(99_989)]).toEqual([11, 100_000]);
  expect(selection.count(10)).toBe(0);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
