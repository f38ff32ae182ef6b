import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelayMs } from '../../src/util/retry-delay.ts';

test('a delay is never below 0 nor above the doubled base, and never above the cap', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, chance) => {
      const delay = retryDelayMs(attempt, { random: () => chance, baseMs: 250, capMs: 30_000 });
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(Math.min(30_000, 250 * 2 ** attempt) + 1e-9);
    }),
  );
});

test('the whole window is used: full jitter', () => {
  expect(retryDelayMs(3, { random: () => 0 })).toBe(0);
  expect(retryDelayMs(3, { random: () => 0.5 })).toBe(1_000);
});
