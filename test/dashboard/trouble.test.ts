import { expect, test } from 'vitest';
import type { BoardRows } from '../../src/dashboard/board/row.ts';
import { failedIds, foldTrouble, newFailures, NO_TROUBLE, type Trouble } from '../../src/dashboard/board/trouble.ts';
import { boardOf, NOON, type TaskFacts } from './rows.ts';

function warned(id: string, saidMs = 0): TaskFacts {
  return { id, said: 'WARNING Slow', saidMs };
}

function fold(before: Trouble, { rows }: BoardRows, isHeld = false): Trouble {
  return foldTrouble(before, rows, { nowMs: NOON, maxLines: 2, isHeld });
}

/** The lines, and how many more there are. */
function drawn({ listed, more }: Trouble): string {
  return [...listed.map(({ id }) => id), `+${more}`].join(' ');
}

test('the latest stand first; what has no line is counted', () => {
  expect(drawn(fold(NO_TROUBLE, boardOf([0, { id: 'fine' }])))).toBe('+0');
  expect(drawn(fold(NO_TROUBLE, boardOf([0, warned('a', 1), warned('b', 3), warned('c', 2)])))).toBe('b c +1');
});

test('a line stays in its place when its task says more of the same, and goes when it goes on', () => {
  const first = fold(NO_TROUBLE, boardOf([0, warned('a', 1), warned('b', 2)]));
  expect(drawn(first)).toBe('b a +0');
  expect(drawn(fold(first, boardOf([0, warned('a', 5), warned('b', 2)])))).toBe('b a +0');
  expect(drawn(fold(first, boardOf([0, warned('a', 5), { id: 'b' }])))).toBe('a +0');
});

test('held, no line comes or goes; the count tells of what came, and let go it stands first', () => {
  const first = fold(NO_TROUBLE, boardOf([0, warned('a'), warned('z')]));
  expect(drawn(first)).toBe('a z +0');
  const held = fold(first, boardOf([0, { id: 'a' }, warned('z'), warned('b', 1), warned('c', 2)]), true);
  expect(drawn(held)).toBe('a z +2');
  expect(held.listed[0]?.lastWord?.message).toBe('Going on');
  const board = boardOf([0, { id: 'a' }, warned('z'), warned('b', 1), warned('c', 2), warned('d', 3)]);
  const later = fold(held, board, true);
  expect(drawn(later)).toBe('a z +3');
  expect(drawn(fold(later, board))).toBe('d c +2');
});

test('held where there was none, it waits', () => {
  expect(fold(NO_TROUBLE, boardOf([0, warned('a')]), true).listed).toEqual([]);
});

test('aloud: who failed since, by name while they are few', () => {
  const failed = (id: string): TaskFacts => ({ id, status: 'FAILED', said: 'TASK_FAILED No answer' });
  const { rows } = boardOf([0, failed('a'), failed('b'), { id: 'c' }]);
  expect(newFailures(new Set(), rows)).toBe('a failed: No answer. b failed: No answer.');
  expect(newFailures(new Set(['a']), rows)).toBe('b failed: No answer.');
  expect(newFailures(failedIds(rows.values()), rows)).toBeUndefined();
  const many = boardOf([0, ...['a', 'b', 'c', 'd'].map(failed)]);
  expect(newFailures(new Set(), many.rows)).toBe('4 tasks failed.');
});
