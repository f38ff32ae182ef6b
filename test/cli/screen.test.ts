/** What pictures of tasks with many components cost, and that those already drawn stay as they were. */
import { expect, test } from 'vitest';
import { createScreenFold } from '../../src/cli/screen.ts';
import { at, componentOf, recorded, snapshot } from '../client/updates.ts';

const NOW_MS = Date.parse(at(9));

/** The least milliseconds of some tries at a thousand events, of a task of so many components. */
function foldMs(components: number): number {
  const all = Array.from({ length: components }, (_, index) => componentOf(`c${index}_belter`));
  const events = Array.from({ length: 1_000 }, (_, index) =>
    recorded(index + 2, {
      component: `c${index % components}_belter`,
      recordedAt: at(9),
      estimatedTimeRemaining: '1 s',
    }),
  );
  const tries = Array.from({ length: 5 }, () => {
    const { fold } = createScreenFold('t', NOW_MS);
    fold(snapshot(1, all), NOW_MS);
    const startMs = performance.now();
    for (const update of events) fold(update, NOW_MS);
    return performance.now() - startMs;
  });
  return Math.min(...tries);
}

test('an event costs about the same, however many components its task has', () => {
  foldMs(10);
  expect(foldMs(2_000)).toBeLessThan(12 * foldMs(10));
});

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
