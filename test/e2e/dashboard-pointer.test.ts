/** What a pointer does on a task's page, and what it leaves alone. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard, type Dashboard } from '../support/dashboard.ts';
import { runOf } from '../support/dashboard-tasks.ts';
import { createEmitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('by pointer', () => {
  let dashboard: Dashboard;
  let head: number;
  beforeAll(async () => {
    dashboard = await openDashboard({ chromium });
    const events = runOf('survey', { agoMs: 60_000, fails: true });
    head = events.length;
    await createEmitter({ url: dashboard.server.graphqlUrl }).emitUntilAcknowledged(events);
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  test('a menu takes presses on words and on nothing, and closes when one presses elsewhere', async () => {
    await using visit = await dashboard.visit('/?task=survey');
    const { page } = visit;
    const menu = page.locator('.menu details').first();
    const isOpen = (): Promise<string | null> => menu.getAttribute('open');
    await menu.locator('summary').click();
    await menu.locator('label').filter({ hasText: 'camina' }).locator('span').click();
    await page.waitForURL(({ searchParams }) => searchParams.get('component') === 'camina');
    await menu.locator('.panel').click({ position: { x: 3, y: 3 } });
    expect(await isOpen()).toBe('');
    await page.locator('h1').click();
    await expect.poll(isOpen).toBeNull();
  });

  test('the playhead follows a drag far from its ruler, marks no text, and has the keys afterwards', async () => {
    await using visit = await dashboard.visit('/?task=survey');
    const { page } = visit;
    const slider = page.getByRole('slider', { name: 'Place in the run' });
    const at = async (): Promise<number> => Number(await slider.getAttribute('aria-valuenow'));
    await expect.poll(at).toBe(head);
    const ruler = await boxOf(page.locator('.ruler'));
    await page.mouse.move(ruler.x + ruler.width / 2, ruler.y + 8);
    await page.mouse.down();
    await expect.poll(at).toBeLessThan(head);
    const middle = await at();
    await page.mouse.move(ruler.x + ruler.width / 4, ruler.y + 200);
    await expect.poll(at).toBeLessThan(middle);
    await page.mouse.up();
    const left = await at();
    await page.mouse.move(ruler.x + ruler.width - 4, ruler.y + 8);
    await page.keyboard.press('ArrowRight');
    await expect.poll(at).toBe(left + 1);
    expect(await page.evaluate('String(getSelection())')).toBe('');
  });
});

async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('it is not shown');
  return box;
}
