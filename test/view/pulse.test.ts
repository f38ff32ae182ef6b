import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addBeat,
  cellOf,
  CELL_MS,
  PULSE_CELLS,
  PULSE_TOP,
  pulseLevels,
  pulseText,
  RATE_WIDTH,
  rateOf,
  rateText,
  type Pulse,
} from '../../src/view/pulse.ts';

const NOON = Date.UTC(2026, 10, 23, 12);

function pulseOf(...beatsMs: readonly number[]): Pulse | undefined {
  return beatsMs.reduce<Pulse | undefined>((pulse, ms) => addBeat(pulse, NOON + ms), undefined);
}

test('before the first beat there is nothing, then silence is a low line', () => {
  expect(pulseText(undefined, NOON, 5)).toBe('     ');
  expect(pulseText(pulseOf(0), NOON + 3 * CELL_MS, 6)).toBe('  ▂▁▁▁');
});

test('more beats stand higher, in doubling steps, up to a full block', () => {
  const heights = [1, 2, 4, 8, 16, 32, 64, 5_000].map((count) =>
    pulseText(pulseOf(...Array.from({ length: count }, () => 0)), NOON, 1),
  );
  expect(heights.join('')).toBe('▂▃▄▅▆▇██');
});

test('a task that falls silent shows it, until a minute of silence is all there is', () => {
  const pulse = pulseOf(0, 0, CELL_MS);
  expect(pulseText(pulse, NOON + 4 * CELL_MS, 5)).toBe('▃▂▁▁▁');
  expect(pulseText(pulse, NOON + 100 * CELL_MS, 5)).toBe('▁▁▁▁▁');
});

test('a late beat is counted where it belongs; one out of the window leaves only the silence since', () => {
  expect(pulseText(pulseOf(2 * CELL_MS, 0), NOON + 2 * CELL_MS, 3)).toBe('▂▁▂');
  const old = pulseOf(100 * CELL_MS, 0);
  expect(pulseText(old, NOON + 100 * CELL_MS, PULSE_CELLS)).toBe(`${'▁'.repeat(PULSE_CELLS - 1)}▂`);
});

test('however many beats come in whatever order, a pulse holds at most a window of counts', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1 }), (beats) => {
      const pulse = pulseOf(...beats);
      expect(pulse?.counts.length).toBeLessThanOrEqual(60);
      expect([...pulseText(pulse, NOON + 300_000, 10)]).toHaveLength(10);
    }),
  );
});

describe('the rate', () => {
  const steady = (perSecond: number, seconds: number): Pulse | undefined =>
    pulseOf(...Array.from({ length: perSecond * seconds }, (_, index) => (index * 1_000) / perSecond));

  test('is that of the last ten seconds', () => {
    expect(rateOf(steady(20, 30), NOON + 30_000, NOON)).toBeCloseTo(20, -1);
    expect(rateOf(steady(20, 30), NOON + 35_000, NOON)).toBeCloseTo(10, -1);
    expect(rateOf(steady(20, 30), NOON + 40_000, NOON)).toBe(0);
    expect(rateOf(undefined, NOON, NOON)).toBe(0);
  });

  test('of what is seen for less than that is that of the time seen', () => {
    expect(rateOf(steady(20, 2), NOON + 2_000, NOON)).toBe(20);
    expect(rateOf(pulseOf(8_000), NOON + 8_000, NOON)).toBe(0.125);
    // What was caught up on happened before.
    expect(rateOf(steady(20, 2), NOON + 2_000, NOON + 2_000)).toBe(20);
  });

  test('of the first beats is no burst', () => {
    expect(rateOf(pulseOf(0, 1, 2), NOON + 10, NOON)).toBe(3);
  });

  test.each([
    [0, '0.0/s'],
    [0.44, '0.4/s'],
    [12.44, '12.4/s'],
    [99.96, '100/s'],
    [999.6, '1.0k/s'],
    [12_400, '12k/s'],
    [999_000, '999k/s'],
  ])('%d is written %j', (rate, text) => {
    expect(rateText(rate)).toBe(text);
    expect(text.length).toBeLessThanOrEqual(RATE_WIDTH);
  });
});

test('beats that come together count as many', () => {
  const together = addBeat(pulseOf(0), NOON + CELL_MS, 4);
  expect(together).toEqual(pulseOf(0, CELL_MS, CELL_MS, CELL_MS, CELL_MS));
  expect(pulseLevels(together, cellOf(NOON) + 2, 4)).toEqual([undefined, 1, 3, 0]);
  expect(pulseLevels(addBeat(undefined, NOON, 5_000), cellOf(NOON), 1)).toEqual([PULSE_TOP]);
});
