import { expect, test } from 'vitest';
import { Rates } from '../../src/util/rates.ts';

test('as much as may be passes in a second, by key; what is refused takes nothing', () => {
  let time = 5_250;
  const rates = new Rates<string>(10, () => time);
  expect(rates.take('a', 10)).toBeUndefined();
  expect(rates.take('a')).toBe(750);
  expect(rates.take('b', 11)).toBe(750);
  expect(rates.take('b', 10)).toBeUndefined();
  time = 5_999.5;
  expect(rates.take('a')).toBe(1);
  time = 6_000;
  expect(rates.take('a', 10)).toBeUndefined();
});
