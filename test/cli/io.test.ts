import { expect, test } from 'vitest';
import { hasColour } from '../../src/cli/io.ts';
import { createOutput } from './host.ts';

const TERMINAL = { columns: 80, rows: 24 };

test.each([
  ['a terminal', TERMINAL, {}, true],
  ['a pipe', undefined, {}, false],
  ['a dumb terminal', TERMINAL, { TERM: 'dumb' }, false],
  ['NO_COLOR', TERMINAL, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', TERMINAL, { NO_COLOR: '' }, true],
  ['FORCE_COLOR in a pipe', undefined, { FORCE_COLOR: '1' }, true],
  ['an empty FORCE_COLOR in a pipe', undefined, { FORCE_COLOR: '' }, false],
  ['FORCE_COLOR=0 on a terminal', TERMINAL, { FORCE_COLOR: '0' }, false],
  ['FORCE_COLOR beside NO_COLOR', TERMINAL, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('colour: %s', (_what, size, env, expected) => {
  expect(hasColour(createOutput(size), env)).toBe(expected);
});
