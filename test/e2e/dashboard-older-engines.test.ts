/** What the page asks of a browser, it asks of all that are in use: an engine may lack what is newest. */
import { expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { go, openDashboard } from '../support/dashboard.ts';
import { runOf } from '../support/dashboard-tasks.ts';
import { createEmitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);

/** As it is in Safari: a `Symbol` like the engine's own, but for what it is about. */
const WITHOUT_DISPOSE = `{
  const Own = Symbol;
  globalThis.Symbol = Object.assign((description) => Own(description), { prototype: Own.prototype });
  for (const name of Object.getOwnPropertyNames(Own)) {
    if (!(name in Symbol) && !/dispose/i.test(name)) Symbol[name] = Own[name];
  }
}`;

test.skipIf(!chromium.present)('without Symbol.dispose the board and a task are live', async () => {
  await using dashboard = await openDashboard({ chromium });
  const emitter = createEmitter({ url: dashboard.server.graphqlUrl });
  const whole = runOf('survey', { agoMs: 20_000 });
  await emitter.emitUntilAcknowledged(whole.slice(0, 60));
  await using visit = await dashboard.visit();
  const { page, complaints } = visit;
  await page.addInitScript(WITHOUT_DISPOSE);
  await page.reload();
  await page.locator('[data-task="survey"]').waitFor();
  await page.locator('.connection.live').waitFor();

  // An emitter in a page is closed by this one.
  expect(await page.evaluate('Symbol.asyncDispose.description')).toBe('Symbol.asyncDispose');

  await go(page, '/?task=survey');
  await page.locator('[data-sequence="60"]').first().waitFor();
  await emitter.emitUntilAcknowledged(whole.slice(60));
  await page.locator(`[data-sequence="${whole.length}"]`).first().waitFor();
  await page.locator('.connection.over').waitFor();
  await go(page, '/');
  await page.locator('.task-row.done').waitFor();
  expect(complaints).toEqual([]);
});
