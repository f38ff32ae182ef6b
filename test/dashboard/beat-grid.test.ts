import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBeatGrid, type Frame } from '../../src/dashboard/run/beat-grid.ts';
import { createHistory } from '../../src/dashboard/run/history.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const LANES = ['a', 'b'];
const FRAME: Frame = {
  range: { fromMs: NOON, toMs: NOON + 60_000 },
  width: 600,
  lanes: LANES,
  upToSequence: Infinity,
};

const beats = fc.array(
  fc.record({
    lane: fc.constantFrom(...LANES, 'not drawn'),
    second: fc.integer({ min: -10, max: 70 }),
    eventType: fc.constantFrom('PROGRESS_UPDATE', 'WARNING', 'ERROR'),
  }),
  { maxLength: 80 },
);

test('a grid that was kept up to date is one that was made anew, whenever it was looked at', () => {
  fc.assert(
    fc.property(beats, fc.integer({ min: 0, max: 80 }), (events, upToSequence) => {
      const history = createHistory();
      const frame = { ...FRAME, upToSequence };
      const kept = createBeatGrid(history);
      events.forEach(({ lane, second, eventType }, index) => {
        const timestamp = new Date(NOON + second * 1_000).toISOString();
        const event = { timestamp, recordedAt: timestamp, component: lane, eventType, stage: 'ANALYSIS' };
        history.add({ ...event, sequence: index + 1 });
        if (index % 3 === 0) kept(frame);
      });
      const grid = kept(frame);
      expect(grid).toEqual(createBeatGrid(history)(frame));
      const drawn = events.filter(({ lane, second }) => LANES.includes(lane) && second >= 0 && second <= 60);
      const sum = [...grid.counts, ...grid.laterCounts].reduce((all, count) => all + count, 0);
      const problems = grid.problems.reduce((all, { count }) => all + count, 0);
      expect(sum + problems).toBeGreaterThanOrEqual(drawn.length);
      expect(sum + problems).toBeLessThanOrEqual(events.length);
    }),
  );
});

test('what lies together is one mark, and the worst of it is shown', () => {
  const history = createHistory();
  const at = new Date(NOON + 30_000).toISOString();
  for (const [sequence, eventType] of [
    [1, 'WARNING'],
    [2, 'ERROR'],
    [3, 'WARNING'],
  ] as const) {
    history.add({ sequence, eventType, timestamp: at, recordedAt: at, component: 'b', stage: 'ANALYSIS' });
  }
  const { problems } = createBeatGrid(history)(FRAME);
  expect(problems).toMatchObject([{ lane: 1, x: 300, look: 'failed', sequence: 1, count: 3 }]);
});
