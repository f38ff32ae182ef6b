/** The picture in the README shows what the program draws. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawWatch } from '../../tools/draw-watch.ts';

test('docs/watch.svg is what `node tools/draw-watch.ts` draws', async () => {
  const committed = readFileSync(new URL('../../docs/watch.svg', import.meta.url), 'utf8');
  expect(await drawWatch()).toBe(committed);
});
