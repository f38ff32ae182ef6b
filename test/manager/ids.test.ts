import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { createIds } from '../../src/manager/ids.ts';

test('ids go up, also within a millisecond, when the clock goes back, and between two who make them never meet', () => {
  let now = 1_800_000_000_000;
  const newId = createIds(() => now);
  const ids: string[] = [];
  for (let count = 0; count < 100_000; count += 1) {
    if (count % 30_000 === 29_999) now += 1;
    if (count === 70_000) now -= 5_000;
    ids.push(newId());
  }
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(ids).toEqual(ids.toSorted());
  const other = createIds(() => now);
  for (let count = 0; count < 1_000; count += 1) ids.push(other());
  expect(new Set(ids).size).toBe(101_000);
});
