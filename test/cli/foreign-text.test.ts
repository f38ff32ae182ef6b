/** Whatever producers say, it stays text, in its place: no name, message, title or estimate breaks the grid. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { renderFrame } from '../../src/cli/frame.ts';
import { renderNotice, renderOutcome, taskColumn } from '../../src/cli/lasting-lines.ts';
import { noticeOf, type Screen } from '../../src/cli/screen.ts';
import { textWidth } from '../../src/util/terminal-text.ts';
import { componentOf, recorded, snapshot } from '../client/updates.ts';
import { PLAIN, screenOfTask } from './screens.ts';

const TEXTS = [
  ['HTML', '<b onclick="x()">bold</b> &amp; <script>alert(1)</script>', '<b onclick="x()">bold</b>'],
  ['ANSI escapes', '\u001b[2J\u001b[31mred\u001b]0;title\u0007\u009b5A', '\\x1b[2J\\x1b[31mred'],
  ['line ends and tabs', 'one\r\ntwo\tthree\u2028four', 'one\\r\\ntwo\\tthree'],
  ['letters that run from the right', 'שלום עולם مرحبا', 'שלום עולם مرحبا'],
  ['marks that turn the direction', 'a\u202egpj.exe\u2066b\u2069', 'a\\u202egpj.exe'],
  ['emoji', '🚀 done 👩‍👩‍👧 ❤️ 🇫🇷', '🚀 done 👩‍👩‍👧'],
  ['combining marks', `z${'\u0301\u0316'.repeat(20)}algo`, 'z\u0301\u0316'],
  ['wide letters', '調査員が二十四件の物件を調べています', '調査員が'],
  ['a single word of 2 KiB', 'x'.repeat(2_048), 'xxxxxxxx'],
  ['halves of a pair', 'a\ud800b\udc00', 'a\\ud800b'],
] as const;

describe.each(TEXTS)('%s', (_what, text, seen) => {
  const warning = recorded(2, {
    component: 'a_belter',
    eventType: 'WARNING',
    message: text,
    progress: 0.5,
    estimatedTimeRemaining: text,
  });
  const screen: Screen = {
    ...screenOfTask(
      't',
      snapshot(1, [componentOf('camina')]),
      warning,
      recorded(3, { component: text, message: text }),
    ),
    title: text,
  };
  const other = screenOfTask(text, snapshot(1, [componentOf('camina')]));

  test.each([40, 80, 120, 160])('is in its place on %d columns', (width) => {
    const lines = renderFrame([screen, other], { ...PLAIN, width });
    expect(lines).toHaveLength(6);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Bidi_Control}\p{Cs}]/u);
    // Where the bar begins and where the percent ends, in columns.
    const bars = lines.map((line) => textWidth(line.slice(0, line.search(/[━╸─]/))));
    const percents = lines.map((line) => textWidth(line.slice(0, line.indexOf('% ') + 1 || undefined)));
    expect(new Set(bars).size).toBe(1);
    expect(new Set(percents).size).toBe(1);
  });

  test('is read as it was written', () => {
    const lines = renderFrame([screen, other], { ...PLAIN, width: 160 });
    expect(lines[2]).toContain(seen);
  });

  test('leaves the estimates in their column', () => {
    const lines = renderFrame([screen], { ...PLAIN, width: 160 });
    const usual = screenOfTask(
      't',
      snapshot(1),
      recorded(2, { progress: 0, estimatedTimeRemaining: '1 h' }),
      recorded(3, { component: text }),
    );
    const begins = (line = ''): number => textWidth(line.slice(0, line.lastIndexOf(' eta ')));
    expect(begins(lines[2])).toBe(begins(renderFrame([usual], { ...PLAIN, width: 160 })[0]));
  });

  test('says in colour what it says without', () => {
    const options = { ...PLAIN, width: 120 };
    const coloured = renderFrame([screen, other], { ...options, withColour: true });
    const bare = coloured.map((line) => stripVTControlCharacters(line).trimEnd());
    expect(bare).toEqual(renderFrame([screen, other], options));
  });

  test('takes at most four lines of the terminal among those that stay, and one of a pipe', () => {
    const notice = noticeOf(warning);
    if (notice === undefined) throw new Error('a warning without a notice');
    const style = { withColour: false, timeZone: 'UTC' };
    const onTerminal = [
      renderNotice(notice, taskColumn(['t', text])(text), { ...style, width: 60 }),
      renderNotice({ ...notice, source: text }, '', { ...style, width: 60 }),
    ];
    for (const lines of onTerminal.map((lasting) => lasting.split('\n'))) {
      expect(lines.length).toBeLessThanOrEqual(4);
      for (const line of lines) {
        expect(textWidth(line)).toBeLessThanOrEqual(60);
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Bidi_Control}\p{Cs}]/u);
      }
    }
    const inPipe = [renderNotice(notice, '', style), renderOutcome(other, '', style)];
    for (const line of inPipe) expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Bidi_Control}\p{Cs}]/u);
  });
});
