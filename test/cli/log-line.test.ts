/** Whatever is handed to the log, a line is one harmless JSON object without the secrets of the settings. */
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createLogFilter } from '../../src/cli/log-line.ts';
import { parseConfig } from '../../src/config.ts';

function linesOf(facts: object, message: string, flags: Readonly<Record<string, string>> = {}): string {
  const filter = createLogFilter(parseConfig({ flags }));
  let text = '';
  const options = { base: null, serializers: { err: filter.error }, hooks: { streamWrite: filter.line } };
  pino(options, { write: (line: string) => void (text += line) }).error(facts, message);
  return text;
}

test('an error is its name, code, message and stack, with those of its causes, and nothing else that it carries', () => {
  const cause = Object.assign(new TypeError('Invalid URL'), {
    code: 'ERR_INVALID_URL',
    input: 'postgres://me:hunter2@',
  });
  const error = Object.assign(new Error('not reached', { cause }), { code: 'ECONN', detail: 'Failing row: (secret)' });
  const line = linesOf({ err: error }, 'failed');
  expect(line).not.toMatch(/hunter2|secret/);
  expect(JSON.parse(line)).toMatchObject({
    msg: 'failed',
    err: {
      type: 'Error',
      code: 'ECONN',
      message: 'not reached: Invalid URL',
    },
  });
  expect(line).toContain('caused by: TypeError: Invalid URL');
});

test('a ring of causes, and what is no error', () => {
  const error = new Error('one');
  error.cause = error;
  expect(JSON.parse(linesOf({ err: error }, 'm'))).toHaveProperty('err.type', 'Error');
  expect(JSON.parse(linesOf({ err: 'text' }, 'm'))).toHaveProperty('err', 'text');
});

test.each([
  ['as it is written', 'p%40ss%22word', 'at postgres://me:p%40ss%22word@db'],
  ['as it is sent', 'p%40ss%22word', 'password p@ss"word was refused'],
])('a password of the store is blotted out %s', (_, password, message) => {
  const flags = { store: `postgres://me:${password}@db/x` };
  for (const line of [linesOf({ err: new Error(message) }, 'm', flags), linesOf({}, message, flags)]) {
    expect(line).toContain('***');
    expect(line).not.toMatch(/p@ss|p%40ss/);
  }
});

test('any secret, any text: one line, one object, no controls, no secret', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\n{"level":60}', '\u001b[2J', '\u009b31m', '\u2028', '\u202e'),
  );
  const secret = fc.string({ minLength: 32, maxLength: 40, unit: 'grapheme-ascii' });
  fc.assert(
    fc.property(texts, texts, secret, (one, other, authSecret) => {
      const line = linesOf(
        { err: new Error(`${one}${authSecret}${other}`), [`k${other}`]: one },
        `${authSecret} ${one}`,
        {
          authSecret,
        },
      );
      expect(line).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*\n$/u);
      expect(JSON.stringify(JSON.parse(line))).not.toContain(JSON.stringify(authSecret).slice(1, -1));
    }),
    { numRuns: 300 },
  );
});
