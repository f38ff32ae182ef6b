/** A fold in place, and pictures of it that stay as they were drawn. */
import { expect, test } from 'vitest';
import { createScreenFold } from '../../src/cli/screen.ts';
import { at, componentOf, recorded, snapshot } from '../client/updates.ts';

const NOW_MS = Date.parse(at(9));

test('a screen stays as it is when more comes', () => {
  const { fold, screen } = createScreenFold('t', NOW_MS);
  fold(snapshot(1, [componentOf('camina')]), NOW_MS);
  fold(recorded(2, { estimatedTimeRemaining: '1 s' }), NOW_MS);
  const before = screen();
  const copy = structuredClone(before);
  fold(recorded(3, { component: 'new_belter', estimatedTimeRemaining: '2 s' }), NOW_MS);
  expect(before).toEqual(copy);
  expect(screen()).not.toEqual(copy);
});
