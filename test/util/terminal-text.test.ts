import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutToWidth, escapeControls, fitToWidth, textWidth, wrapToWidth } from '../../src/util/terminal-text.ts';

describe('what could move a terminal is written out', () => {
  test.each([
    ['\u001b[2J', '\\x1b[2J'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u009b31m', '\\x9b31m'],
    ['\u202egpj.exe', '\\u202egpj.exe'],
    ['a\u2028b', 'a\\u2028b'],
    ['\ud800', '\\ud800'],
  ])('%j', (text, safe) => {
    expect(escapeControls(text)).toBe(safe);
  });

  test('whatever the text, nothing is left that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeControls(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('ordinary text of any script stays as it is', () => {
    const text = 'naïve café 調査 👩‍👩‍👧 ok';
    expect(escapeControls(text)).toBe(text);
  });
});

test.each([
  ['abc', 3],
  ['調査', 4],
  ['e\u0301', 1],
  ['🚀', 2],
  ['👩‍👩‍👧', 2],
  ['', 0],
  ['…━╸', 3],
])('the width of %j is %d', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('a text that is cut never takes more columns than it may, and says that it was cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      const safe = escapeControls(text);
      const cut = cutToWidth(safe, width);
      expect(textWidth(cut)).toBeLessThanOrEqual(width);
      expect(cut === safe || cut.endsWith('…')).toBe(true);
      expect(textWidth(fitToWidth(safe, width))).toBe(width);
    }),
  );
});

describe('a text that is broken into lines', () => {
  test.each([
    ['short', ['short']],
    ['one two three', ['one two', 'three']],
    ['four twothree', ['four', 'twothre', 'e']],
    ['a twothreefour', ['a twoth', 'reefour']],
    ['one two three four five six', ['one two', 'three', 'four f…']],
    ['調査員調査員', ['調査員', '調査員']],
  ])('%j', (text, lines) => {
    expect(wrapToWidth(text, 7, 3)).toEqual(lines);
  });

  test('loses nothing but spaces while there are lines enough, and is never wider', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 20 }), (text, width) => {
        const safe = escapeControls(text);
        const lines = wrapToWidth(safe, width, 1_000);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(safe.replaceAll(/\s/g, ''));
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});
