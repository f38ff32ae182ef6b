import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createScale, isFree, ticksOf, timeSoFar, wholeRange, zoom } from '../../src/dashboard/run/scale.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const spans = fc.integer({ min: 0, max: 30 * 86_400_000 });

test('all of a run is on its score, and most of the score is the run', () => {
  fc.assert(
    fc.property(spans, (span) => {
      const { fromMs, toMs } = wholeRange(NOON, NOON + span);
      expect(fromMs).toBeLessThan(NOON);
      expect(toMs).toBeGreaterThan(NOON + span);
      expect(Math.max(2_000, span) / (toMs - fromMs)).toBeGreaterThan(0.85);
    }),
  );
});

test('a run that goes on keeps its scale for a while', () => {
  const ends = Array.from({ length: 100 }, (_, index) => wholeRange(NOON, NOON + 60_000 + index * 100).toMs);
  expect(new Set(ends).size).toBeLessThan(7);
});

test('what is under the pointer stays there when one zooms', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), fc.integer({ min: 0, max: 1_000 }), (factor, x) => {
      const range = { fromMs: NOON, toMs: NOON + 600_000 };
      const atMs = createScale(range, 1_000).toMs(x);
      expect(createScale(zoom(range, factor, atMs), 1_000).toX(atMs)).toBeCloseTo(x, 3);
    }),
  );
});

test('ticks are round, in order, on the score, and never too many to read', () => {
  fc.assert(
    fc.property(spans, fc.integer({ min: 100, max: 2_000 }), (span, width) => {
      const range = wholeRange(NOON, NOON + span);
      const ticks = ticksOf(range, width, NOON);
      expect(ticks.length).toBeLessThanOrEqual(width / 100 + 2);
      expect(ticks.map(({ atMs }) => atMs)).toEqual(ticks.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
      for (const { atMs } of ticks) expect(atMs >= range.fromMs && atMs <= range.toMs).toBe(true);
      expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
    }),
  );
});

test('a label on the ruler is whole, and not under the handle of the playhead', () => {
  const ruler = { width: 400, playheadX: 200 };
  const free = (label: string, xs: readonly number[]): readonly boolean[] => xs.map((x) => isFree(label, x, ruler));
  // 12 px of a monospace: seven and a half for a character, after eight.
  expect(free('0:05', [0, 154, 156, 200, 206, 208, 361, 363])).toEqual([
    true,
    true,
    false,
    false,
    false,
    true,
    true,
    false,
  ]);
  expect(free('1:00:00', [130, 134, 338, 341])).toEqual([true, false, true, false]);
});

test('a silence is shown, and does not press the run together', () => {
  const after = (ranMs: number, silentMs: number, status = 'RUNNING'): number => {
    const [startedAt = '', lastUpdate = ''] = [NOON, NOON + ranMs].map((ms) => new Date(ms).toISOString());
    return timeSoFar({ startedAt, lastUpdate, status }, silentMs) - NOON;
  };
  expect(after(60_000, 5_000)).toBe(65_000);
  expect(after(600_000, 86_400_000)).toBe(900_000);
  // A clock that is behind the server's: the last word is now.
  expect(after(60_000, -5_000)).toBe(60_000);
  expect(after(60_000, 5_000, 'COMPLETED')).toBe(60_000);
});
