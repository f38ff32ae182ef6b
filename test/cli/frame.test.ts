/** What people see of a task in a terminal. */
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderFrame } from '../../src/cli/frame.ts';
import { renderOutcome } from '../../src/cli/lasting-lines.ts';
import { createScreenFold, noticeOf, type Screen } from '../../src/cli/screen.ts';
import { textWidth } from '../../src/util/terminal-text.ts';
import { at, componentOf, ended, gap, recorded, snapshot } from '../client/updates.ts';
import { PLAIN, screenOf } from './screens.ts';

const STYLE = { withColour: false, timeZone: 'UTC' };

const BUSY = [
  snapshot(1, [componentOf('camina', { status: 'TASK_STARTED', message: 'Survey 30 packages', progress: 0.2 })]),
  recorded(2, { component: 'gather_drummer', eventType: 'DRUMMER_STARTED', message: 'Listing files', progress: 0 }),
  recorded(3, { component: 'measure_belter', eventType: 'BELTER_ASSIGNED', message: 'Measure 30 packages' }),
  recorded(4, { component: 'check_belter', eventType: 'WARNING', message: 'slow disk', progress: 0.5 }),
  recorded(5, { component: 'count_belter', eventType: 'BELTER_FAILED', message: 'gave up', progress: 0.75 }),
  recorded(6, { component: 'report_belter', eventType: 'BELTER_COMPLETED', message: 'written', progress: 1 }),
] as const;

test('the first line is the task, each further one a component, in the order of first report', () => {
  expect(renderFrame([screenOf(...BUSY)], PLAIN)).toEqual([
    '▸ t                ━━━━━━━───────  50%                  ▂▄▂▁   0.6/s  0:09  analysis',
    '  ▸ camina         ━━╸───────────  20%                        Survey 30 packages',
    '  ▸ gather_drummer ──────────────   0%                  ▂▁▁▁  Listing files',
    '  ○ measure_belter ──────────────   0%                   ▂▁▁  Measure 30 packages',
    '  ! check_belter   ━━━━━━━───────  50%                   ▂▁▁  slow disk',
    '  ✗ count_belter   ━━━━━━━━━━╸───  75%                   ▂▁▁  gave up',
    '  ✓ report_belter  ━━━━━━━━━━━━━━ 100%                    ▂▁  written',
  ]);
});

describe('whatever the size of the terminal', () => {
  const long = 'wide 調査 words that go on and on, with 🚀 and more than fits on any line of a terminal';
  const screen: Screen = {
    ...screenOf(...BUSY, recorded(7, { component: '調査員_drummer_with_a_very_long_name_indeed', message: long })),
    title: long,
  };

  test('no line is wider, and there are no more lines, than it has room for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 1, max: 12 }), (width, height) => {
        const lines = renderFrame([screen], { ...PLAIN, width, height });
        expect(lines.length).toBeLessThanOrEqual(height);
        expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('the names and the percents are the last to go', () => {
    const lines = renderFrame([screenOf(...BUSY)], { ...PLAIN, width: 40 });
    expect(lines.slice(0, 2)).toEqual(['▸ t                ━━━━━─────  50%', '  ▸ camina         ━━────────  20%']);
  });

  test('what is done makes room for what is at work or in trouble, and the rest is counted', () => {
    const lines = renderFrame([screenOf(...BUSY)], { ...PLAIN, width: 44, height: 5 });
    expect(lines.map((line) => line.slice(0, 20).trimEnd())).toEqual([
      '▸ t                ━',
      '  ▸ camina         ━',
      '  ! check_belter   ━',
      '  ✗ count_belter   ━',
      '  … 3 more:  ▸ 1  ○',
    ]);
  });
});

describe('colour', () => {
  const ESCAPE = '\u001b';
  const MARK = new RegExp(String.raw`${ESCAPE}\[(\d+)m(.)${ESCAPE}`, 'u');

  test('says the state: blue-green runs, amber warns, red failed, grey waits, done is ink', () => {
    const lines = renderFrame([screenOf(...BUSY)], { ...PLAIN, withColour: true });
    const marks = lines.slice(1).map((line) => MARK.exec(line)?.slice(1).join(' '));
    expect(marks).toEqual(['36 ▸', '36 ▸', '90 ○', '33 !', '31 ✗', '39 ✓']);
  });

  test('adds nothing but colour: without it the lines are the same', () => {
    const bare = (line: string) => stripVTControlCharacters(line).trimEnd();
    const coloured = renderFrame([screenOf(...BUSY)], { ...PLAIN, withColour: true });
    expect(coloured.map(bare)).toEqual(renderFrame([screenOf(...BUSY)], PLAIN));
  });
});

describe('the header', () => {
  const headerOf = (screen: Screen, options = PLAIN): string | undefined => renderFrame([screen], options)[0];

  test('says since when the connection is lost, before all else', () => {
    const screen: Screen = { ...screenOf(...BUSY), connection: { kind: 'lost', sinceMs: Date.parse(at(7)) } };
    expect(headerOf(screen)).toContain('  reconnecting since 12:00:07');
  });

  test('says when a running task has been silent for long', () => {
    expect(headerOf(screenOf(...BUSY), { ...PLAIN, nowMs: Date.parse(at(66)) })).toContain('silent for 1:00');
    expect(headerOf(screenOf(...BUSY, ended(7)), { ...PLAIN, nowMs: Date.parse(at(66)) })).not.toContain('silent');
  });

  test('stops its clock when the task is over', () => {
    expect(headerOf(screenOf(...BUSY, ended(7)), { ...PLAIN, nowMs: Date.parse(at(900)) })).toContain('0:07');
  });

  test('before anything is known says what is waited for', () => {
    const nothing = createScreenFold('t', PLAIN.nowMs).screen();
    expect(headerOf(nothing)).toBe('○ t  connecting');
    const live: Screen = { ...nothing, connection: { kind: 'live', sinceMs: Date.parse(at(5)) } };
    expect(headerOf(live)).toBe('○ t  no such task yet; waiting for it since 12:00:05');
  });
});

describe('the last line', () => {
  test('of a completed task', () => {
    expect(renderOutcome(screenOf(...BUSY, ended(7)), '', STYLE)).toBe(
      '✓ t completed after 7.0 s · 7 events, 1 warning, 1 error',
    );
  });

  test('of a failed one says what failed first, not last', () => {
    const last = recorded(7, { component: 'camina', eventType: 'TASK_FAILED', message: 'no result' });
    expect(renderOutcome(screenOf(...BUSY, last, ended(7, 'FAILED')), '', STYLE)).toBe(
      '✗ t failed after 7.0 s · 7 events, 1 warning, 2 errors\n  first failure: 12:00:05 ✗ count_belter  gave up',
    );
  });
});

test('a gap is a notice with its reason', () => {
  const notice = noticeOf(gap(3, 'EXPIRED'));
  expect(notice).toMatchObject({ look: 'warning', source: 'gap' });
  expect(noticeOf(gap(3, 'DIVERGED'))?.text).not.toBe(notice?.text);
});
