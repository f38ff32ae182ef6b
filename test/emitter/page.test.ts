/** The last moment of a page that emits, in a browser. */
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { readTaskLog } from '../support/read-log.ts';
import { systemProgram } from '../support/system-program.ts';
import { waitFor } from '../support/wait-for.ts';
import { messagesOf } from './emitting.ts';

const chromium = systemProgram('chromium', CHROMIUM);

async function bundle(): Promise<string> {
  await using bundle = await rolldown({ input: 'src/emitter/index.ts', platform: 'browser' });
  const { output } = await bundle.generate({ format: 'iife', name: 'drumline' });
  return output[0].code;
}

/** Has no headers to show until it is about to be left, so nothing is sent before; the next try is minutes away. */
const EMIT = `
  globalThis.tried = 0;
  const emitter = drumline.createEmitter({
    url: '/graphql',
    random: () => 1_000,
    headers() {
      if (!globalThis.isLeaving) throw new Error('not yet');
      return {};
    },
    onRetry: () => (globalThis.tried += 1),
  });
  for (let n = 0; n < 100; n += 1) {
    const message = n + ' ' + 'x'.repeat(1_000);
    void emitter.emit({ taskId: 'left', eventType: 'WARNING', component: 'page', stage: 'ANALYSIS', message });
  }`;

describe.skipIf(!chromium.present)('a page that is left', () => {
  test('sends what waits, as far as it fits into what outlives a page', async () => {
    await using app = await startApp();
    await using browser = await openBrowser(chromium);
    const page = await browser.newPage();
    await page.goto(`${app.origin}/healthz`);
    await page.evaluate(`${await bundle()};${EMIT}`);
    await waitFor(() => page.evaluate('globalThis.tried === 1'), { withinMs: 10_000, what: 'the first try' });
    await page.evaluate('globalThis.isLeaving = true');
    await page.goto('about:blank');
    await waitFor(async () => (await app.stored()) > 0, { withinMs: 10_000, what: 'the events' });
    const numbers = messagesOf(await readTaskLog(app.graphqlUrl, 'left')).map((message) =>
      Number.parseInt(message, 10),
    );
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index));
    expect(numbers.length).toBeGreaterThan(45);
    expect(numbers.length).toBeLessThan(64);
  }, 60_000);
});
