import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addBeat, PULSE_CELLS, pulseText, type Pulse } from '../../src/cli/pulse.ts';

const CELL_MS = 3_000;
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
      expect(pulse?.counts.length).toBeLessThanOrEqual(PULSE_CELLS);
      expect([...pulseText(pulse, NOON + 300_000, 10)]).toHaveLength(10);
    }),
  );
});
