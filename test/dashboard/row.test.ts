import { expect, test } from 'vitest';
import { foldRows, isInTrouble } from '../../src/dashboard/board/row.ts';
import { beatsIn, cellOf, pulseLevels, type Pulse } from '../../src/view/pulse.ts';
import { boardOf, NOON, rowsOf, taskOf } from './rows.ts';

const SECOND = 1_000;

/** The last minute at so many milliseconds after noon; `·` for what is not known. */
function drawn(pulse: Pulse | undefined, atMs: number): string {
  if (pulse === undefined) return '';
  return pulseLevels(pulse, cellOf(NOON + atMs), 20)
    .map((level) => level ?? '·')
    .join('');
}

test('what did not change stays the same object, so that it is not drawn again', () => {
  const before = boardOf([0, { id: 'a' }, { id: 'b' }]);
  const tasks = new Map(before.tasks).set('b', taskOf({ id: 'b', sequence: 2 }));
  const after = foldRows(before, tasks, NOON);
  expect(after.rows.get('a')).toBe(before.rows.get('a'));
  expect(after.rows.get('b')).not.toBe(before.rows.get('b'));
});

test('the pulse is how much the sequence grew, at the time at which the last event was recorded', () => {
  const board = boardOf(
    [0, { id: 'a', sequence: 10 }],
    [6 * SECOND, { id: 'a', sequence: 14, saidMs: 6 * SECOND }],
    [12 * SECOND, { id: 'a', sequence: 15, saidMs: 9 * SECOND }],
  );
  expect(drawn(board.rows.get('a')?.pulse, 12 * SECOND)).toBe('···············10310');
});

test('after a break of the page, a task that got stuck in it is silent', () => {
  const hour = 3_600 * SECOND;
  const [stuck] = boardOf([0, { id: 'a' }], [hour, { id: 'a', sequence: 491, saidMs: hour / 2 }]).rows.values();
  expect(stuck?.heardMs).toBe(NOON + hour / 2);
  expect(drawn(stuck?.pulse, hour)).toBe('0'.repeat(20));
});

test('after a break of the page, what was said in it does not count as said in this minute', () => {
  const hour = 3_600 * SECOND;
  const [busy] = boardOf([0, { id: 'a' }], [hour, { id: 'a', sequence: 491, saidMs: hour - SECOND }]).rows.values();
  expect(busy?.pulse && beatsIn(busy.pulse, cellOf(NOON + hour), 20)).toBe(1);
});

test('a task that said nothing since the page was opened shows as silence, not as nothing', () => {
  const [stuck] = rowsOf({ id: 'stuck', saidMs: -600 * SECOND });
  expect(drawn(stuck?.pulse, 0)).toBe('0'.repeat(20));
  expect(stuck?.heardMs).toBe(NOON - 600 * SECOND);
});

test('nothing reported yet: no pulse, and it waits', () => {
  const [row] = rowsOf({ id: 'new', sequence: 0 });
  expect([row?.look, row?.pulse, row?.lastWord]).toEqual(['waiting', undefined, undefined]);
});

test('a server whose clock is ahead does not make a last word come from the future', () => {
  const [row] = rowsOf({ id: 'a', saidMs: 90 * SECOND });
  expect(row?.heardMs).toBe(NOON);
  expect(drawn(row?.pulse, 0)).toBe('···················1');
});

test('a title and a message from elsewhere stay on their line', () => {
  const [row] = rowsOf({ id: 'a', title: 'two\nlines\u2028\u0007', said: 'WARNING slow\r\n\tindeed' });
  expect([row?.name, row?.lastWord?.message]).toEqual(['two lines', 'slow indeed']);
  expect(rowsOf({ id: 'b', title: ' \n' })[0]?.name).toBe('b');
});

test('trouble: under way with a warning or an error as its last word, or failed within the hour', () => {
  const troubles = {
    'a warning': { said: 'WARNING Slow' },
    'an error': { said: 'ERROR No answer' },
    'a part that failed': { said: 'DRUMMER_FAILED Gave up' },
    'went on since': { said: 'PROGRESS_UPDATE Going on' },
    'failed just now': { status: 'FAILED', said: 'TASK_FAILED Over' },
    'failed an hour ago': { status: 'FAILED', said: 'TASK_FAILED Over', saidMs: -3_600 * SECOND },
    'done, and warned after its end': { status: 'COMPLETED', said: 'WARNING Late' },
  } as const;
  const found = Object.entries(troubles).map(([name, facts]) => {
    return [name, rowsOf({ id: 'a', ...facts }).some((row) => isInTrouble(row, NOON))];
  });
  expect(Object.fromEntries(found)).toEqual({
    'a warning': true,
    'an error': true,
    'a part that failed': true,
    'went on since': false,
    'failed just now': true,
    'failed an hour ago': false,
    'done, and warned after its end': false,
  });
});
