/** The board for those who use it by keyboard: a key does what it does elsewhere, unless the board has a use for it. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard, type Dashboard } from '../support/dashboard.ts';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';
import { waitFor } from '../support/wait-for.ts';

const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('by keyboard', () => {
  let dashboard: Dashboard;
  let emitter: Emitter;
  beforeAll(async () => {
    dashboard = await openDashboard({ chromium });
    emitter = createEmitter({ url: dashboard.server.graphqlUrl });
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  async function say(taskId: string, eventType: string): Promise<void> {
    const event = {
      taskId,
      eventId: `${taskId}-1`,
      eventType,
      component: 'camina',
      stage: 'ANALYSIS',
      message: eventType,
    };
    await emitter.emitUntilAcknowledged([event]);
  }

  test('a board without a task scrolls by the arrows', async () => {
    await using visit = await dashboard.visit('/', { viewport: { width: 800, height: 240 } });
    const { page } = visit;
    await page.getByRole('heading', { name: 'No task yet' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await waitFor(() => page.evaluate<boolean>('scrollY > 0'), { withinMs: 5_000, what: 'the page to scroll' });
  });

  test('keys that end a composed word leave the search as it is', async () => {
    await say('task-1', 'PROGRESS_UPDATE');
    await using visit = await dashboard.visit();
    const { page } = visit;
    await page.locator('[data-task="task-1"]').waitFor();
    const field = page.getByRole('searchbox');
    await field.focus();
    await page.keyboard.type('task');
    // What an input method takes for itself, the page is told of all the same.
    for (const key of ['Enter', 'Escape', 'ArrowDown']) {
      await field.dispatchEvent('keydown', { key, isComposing: true });
      await expect.poll(() => page.evaluate<string>('document.activeElement.value')).toBe('task');
    }
    await page.keyboard.press('Escape');
    await expect.poll(() => field.inputValue()).toBe('');
  });

  test('while the focus is in the trouble no line of it moves: what is new waits', async () => {
    await say('trouble-1', 'WARNING');
    await using visit = await dashboard.visit();
    const { page } = visit;
    const strip = page.getByRole('region', { name: 'Trouble' });
    await strip.getByRole('link', { name: 'trouble-1' }).focus();
    await say('trouble-2', 'WARNING');
    await strip.getByText('and 1 more').waitFor();
    await expect.poll(() => linesOf(page)).toEqual(['trouble-1']);

    await page.getByRole('searchbox').focus();
    await strip.getByRole('link', { name: 'trouble-2' }).waitFor();
    await expect.poll(() => linesOf(page)).toEqual(['trouble-2', 'trouble-1']);
  });
});

async function linesOf(page: Page): Promise<string[]> {
  return page.locator('.trouble-strip li b').allInnerTexts();
}
