/** The board in a browser: nothing moves under a pointer, what is asked for is in the address, and every row can be reached. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard, type Dashboard } from '../support/dashboard.ts';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';
import { waitFor } from '../support/wait-for.ts';

const chromium = systemProgram('chromium', CHROMIUM);
/** Far more than are ever drawn. */
const TASKS = 1_000;

describe.skipIf(!chromium.present)('the board', () => {
  let dashboard: Dashboard;
  let emitter: Emitter;
  beforeAll(async () => {
    dashboard = await openDashboard({ chromium });
    emitter = createEmitter({ url: dashboard.server.graphqlUrl });
    await emitter.emitUntilAcknowledged(Array.from({ length: TASKS }, (_, index) => eventOf(`task-${index}`)));
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  test('while the pointer is over the list no row moves: what is new waits, and failures are said aloud', async () => {
    await using visit = await dashboard.visit();
    const { page, complaints } = visit;
    await whole(page);
    await row(page, 2).hover();
    const before = await names(page);

    await emitter.emitUntilAcknowledged([eventOf('late-1'), eventOf('late-2', 'TASK_FAILED')]);
    await page.getByText('late-2 failed: TASK_FAILED.').waitFor({ state: 'attached' });
    const waiting = page.getByRole('button', { name: '2 new' });
    await waiting.waitFor();
    await expect.poll(() => names(page)).toEqual(before);
    await expect.poll(() => page.getByRole('region', { name: 'Trouble' }).count()).toBe(0);

    await waiting.click();
    await row(page, 2).getByText('late-').waitFor();
    expect((await names(page)).slice(0, 2).toSorted()).toEqual(['late-1', 'late-2']);
    await page.mouse.move(5, 5);
    await page.getByRole('region', { name: 'Trouble' }).getByRole('link', { name: 'late-2' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('filter and order are in the address, and a reload keeps them', async () => {
    await using visit = await dashboard.visit();
    const { page } = visit;
    await whole(page);
    await page.keyboard.press('/');
    await page.keyboard.type('task-89');
    await page.getByRole('button', { name: 'Task', exact: true }).click();
    await page.waitForURL(({ search }) => search.includes('q=task-89') && search.includes('sort=name'));
    const found = ['task-89', ...Array.from({ length: 10 }, (_, index) => `task-89${index}`)];
    await expect.poll(() => names(page)).toEqual(found);
    await page.reload();
    await whole(page);
    await expect.poll(() => names(page)).toEqual(found);
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Task' }).getAttribute('aria-sort'))
      .toBe('ascending');

    await page.keyboard.press('/');
    await page.keyboard.type('nobody');
    await page.getByText('No task matches.').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await row(page, 2).waitFor();
    await page.waitForURL(({ search }) => search === '?sort=name');
  });

  test('by keyboard to any row, into its task, and back to where one was', async () => {
    await using visit = await dashboard.visit('/?sort=name&q=task-');
    const { page } = visit;
    const last = page.locator(`[data-task="task-60"]`);
    await whole(page);
    for (let step = 0; step <= 60; step += 1) await page.keyboard.press(step % 2 === 0 ? 'j' : 'ArrowDown');
    await last.and(page.locator(':focus')).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await last.and(page.locator(':focus')).waitFor();
    const rows = await page.getByRole('row').count();
    expect(rows).toBeLessThan(100);
    await expect.poll(() => page.getByRole('table').getAttribute('aria-rowcount')).toBe(`${TASKS + 1}`);
    await expect.poll(() => last.locator('xpath=ancestor::*[@role="row"]').getAttribute('aria-rowindex')).toBe('62');

    // So long does the list take to keep its place.
    await waitFor(() => page.evaluate<boolean>('history.state?.scrollY === scrollY && scrollY > 0'), {
      withinMs: 10_000,
      what: 'the place to be kept',
    });
    const place = await page.evaluate<number>('scrollY');
    await page.keyboard.press('Enter');
    await page.waitForURL(({ searchParams }) => searchParams.get('task') === 'task-60');
    await page.goBack();
    await last.waitFor();
    await waitFor(async () => (await page.evaluate('scrollY')) === place, { withinMs: 10_000, what: `place ${place}` });
  });

  test('on a phone nothing is wider than the page', async () => {
    await using visit = await dashboard.visit('/', { viewport: { width: 360, height: 740 } });
    await whole(visit.page);
    await expect.poll(() => visit.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
});

function eventOf(taskId: string, eventType = 'PROGRESS_UPDATE') {
  const stage = eventType === 'TASK_FAILED' ? 'FAILED' : 'ANALYSIS';
  return { taskId, eventId: eventType, eventType, component: 'camina', stage, message: eventType };
}

/** The first rows come before the last; below those stands the foot. */
async function whole(page: Page): Promise<void> {
  await page.locator('.board-foot').waitFor();
}

/** The header is the first. */
function row(page: Page, rowIndex: number) {
  return page.locator(`[role=row][aria-rowindex="${rowIndex}"]`);
}

/** Of those that are drawn. */
async function names(page: Page): Promise<readonly string[]> {
  return page.locator('[data-task]').allTextContents();
}
