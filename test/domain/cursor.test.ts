/** Cursors: what was formatted parses to the same, and nothing else parses. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCursor, formatTaskPlace, parseCursor, parseTaskPlace } from '../../src/domain/cursor.ts';
import { CursorInvalidError } from '../../src/domain/errors.ts';
import { LIMITS } from '../../src/domain/limits.ts';

const HASH = '0123456789abcdef';
const Hex = fc.constantFrom(...HASH.split(''));
const Hash = fc.array(Hex, { minLength: 16, maxLength: 16 }).map((digits) => digits.join(''));

test('a cursor that was formatted parses to itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LIMITS.maxSeq }), Hash, (seq, hash) => {
      expect(parseCursor(formatCursor({ seq, hash }))).toEqual({ seq, hash });
    }),
  );
  expect(formatCursor({ seq: 7, hash: HASH })).toBe(`v1.7.${HASH}`);
});

test('whatever parses is exactly what was formatted, with a mark or without: no cursor has another spelling', () => {
  const near = fc.tuple(fc.string({ maxLength: 3 }), fc.nat(), Hash, fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(near, fc.string(), ([before, seq, hash, after], garbage) => {
      for (const text of [`${before}v1.${seq}.${hash}${after}`, `v1.${before}${seq}.${hash}`, garbage]) {
        try {
          expect(formatCursor(parseCursor(text))).toBe(text.replace(/\+$/, ''));
        } catch (error) {
          if (!(error instanceof CursorInvalidError)) throw error;
        }
      }
    }),
  );
  expect.hasAssertions();
});

test.each([
  ['nothing', ''],
  ['a number', '0'],
  ['a negative number', '-1'],
  ['a negative sequence', `v1.-1.${HASH}`],
  ['2^53', '9007199254740992'],
  ['a sequence of 2^53', `v1.9007199254740992.${HASH}`],
  ['a sequence beyond the last one', `v1.${LIMITS.maxSeq + 1}.${HASH}`],
  ['a leading zero', `v1.01.${HASH}`],
  ['a plus sign', `v1.+1.${HASH}`],
  ['an exponent', `v1.1e3.${HASH}`],
  ['a fraction', `v1.1.5.${HASH}`],
  ['garbage', 'bm90IGEgY3Vyc29y'],
  ['another version', `v2.1.${HASH}`],
  ['upper case', `V1.1.${HASH}`],
  ['an upper-case hash', `v1.1.${HASH.toUpperCase()}`],
  ['a short hash', `v1.1.${HASH.slice(1)}`],
  ['a long hash', `v1.1.${HASH}0`],
  ['no hash', 'v1.1.'],
  ['10 KB', `v1.1.${'a'.repeat(10_000)}`],
  ['10 KB of digits', `v1.${'9'.repeat(10_000)}.${HASH}`],
  ['SQL', `v1.1' OR '1'='1.${HASH}`],
  ['a newline at its end', `v1.1.${HASH}\n`],
  ['a newline before it', `\nv1.1.${HASH}`],
  ['spaces', ` v1.1.${HASH} `],
  ['a NUL', `v1.1.${HASH}\u0000`],
  ['digits of another script', `v1.١.${HASH}`],
  ['the place of a page of tasks', 't1.0.task'],
])('refused as a cursor: %s', (_, text) => {
  expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }) as Error);
});

test('the highest sequence is accepted', () => {
  expect(parseCursor(`v1.${LIMITS.maxSeq}.${HASH}`).seq).toBe(2_147_483_647);
});

test.each([
  [0, 'a'],
  [-62_167_219_200_000, 'year-0'],
  [253_402_300_799_999, `L${'x'.repeat(127)}`],
  [1, 'a.b:c/d@e+f=g~h_i-j'],
])('a place among tasks parses to itself: %d %s', (startedAt, taskId) => {
  expect(parseTaskPlace(formatTaskPlace({ startedAt, taskId }))).toEqual({ startedAt, taskId });
});

test.each([
  '',
  't1..a',
  't1.1.',
  't1.1.-a',
  't1.1.a b',
  't1.1.a\n',
  't1.x.a',
  `t1.1.${'x'.repeat(129)}`,
  `v1.1.${HASH}`,
])('refused as a place among tasks: %j', (text) => {
  expect(() => parseTaskPlace(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }) as Error);
});
