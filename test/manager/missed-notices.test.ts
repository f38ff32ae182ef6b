/** What counts as a lost wake-up: a change that was found, and not told of by the look after. */
import { expect, test } from 'vitest';
import { createMissedNotices, type MissedNotices } from '../../src/manager/missed-notices.ts';

/** Looks so often that all that was there before is behind. */
function steady(): MissedNotices {
  const missed = createMissedNotices();
  missed.begin();
  missed.nextLook();
  missed.nextLook();
  return missed;
}

test('what was told before it was found was not missed', () => {
  const missed = steady();
  missed.told('a');
  missed.nextLook();
  missed.found('a');
  missed.nextLook();
  expect(missed.count).toBe(0);
});

test('a notice may come a little after the look', () => {
  const missed = steady();
  missed.nextLook();
  missed.found('a');
  missed.told('a');
  missed.nextLook();
  expect(missed.count).toBe(0);
});

test('what no notice told of was missed, once', () => {
  const missed = steady();
  missed.nextLook();
  missed.found('a');
  missed.found('b');
  missed.told('b');
  missed.nextLook();
  missed.nextLook();
  expect(missed.count).toBe(1);
});

test('what changed while nobody looked was not missed', () => {
  const missed = steady();
  missed.begin();
  missed.nextLook();
  missed.found('a');
  missed.nextLook();
  expect(missed.count).toBe(0);
});
