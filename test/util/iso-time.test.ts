import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoTime } from '../../src/util/iso-time.ts';

const DAY_MS = 86_400_000;
const YEAR_0 = Date.parse('0000-01-01T00:00Z');
const YEAR_10000 = Date.UTC(10_000, 0);
/** The furthest that a `Date` goes, either way. */
const LAST_DATE = 8_640_000_000_000_000;

function expectSame(ms: number): void {
  expect(isoTime(ms)).toBe(new Date(ms).toISOString());
}

test('every day of eight hundred years reads as Date has it, at its start and just before', () => {
  for (let ms = Date.UTC(1_600, 0); ms <= Date.UTC(2_400, 0); ms += DAY_MS) {
    if (isoTime(ms) !== new Date(ms).toISOString()) expectSame(ms);
    if (isoTime(ms - 1) !== new Date(ms - 1).toISOString()) expectSame(ms - 1);
  }
});

test('any instant does, also where years have more than four digits, and of a fraction what is whole', () => {
  const instant = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 42 }),
    fc.integer({ min: -LAST_DATE, max: LAST_DATE }),
    fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    fc.constantFrom(YEAR_0, YEAR_0 - 1, YEAR_10000, YEAR_10000 - 1, -0, LAST_DATE),
  );
  fc.assert(fc.property(instant, expectSame), { numRuns: 2_000 });
});

test('what is no time is refused as Date refuses it', () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, LAST_DATE + 1]) expect(() => isoTime(ms)).toThrow(RangeError);
});
