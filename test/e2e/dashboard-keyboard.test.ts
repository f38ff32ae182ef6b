/** All of the page by keyboard alone. Wherever one is, the focus can be seen, and it never falls off the page. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard, type Dashboard } from '../support/dashboard.ts';
import { runOf } from '../support/dashboard-tasks.ts';
import { createEmitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const TASK = 'survey';
/** More than there are stops on a page. */
const MOST_STOPS = 60;

describe.skipIf(!chromium.present)('by keyboard', () => {
  let dashboard: Dashboard;
  let head: number;
  beforeAll(async () => {
    dashboard = await openDashboard({ chromium });
    const events = runOf(TASK, { agoMs: 60_000, fails: true });
    head = events.length;
    await createEmitter({ url: dashboard.server.graphqlUrl }).emitUntilAcknowledged(events);
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  test('from the board to a task, through its events and its time, and back', async () => {
    await using visit = await dashboard.visit();
    const { page, complaints } = visit;
    const at = async (): Promise<number> => Number(await page.getByRole('slider').getAttribute('aria-valuenow'));

    // The board, and what its keys are.
    await page.locator('[data-task]').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await expectFocus(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await tabTo(page, `[data-task="${TASK}"]`);
    await page.keyboard.press('Enter');
    await page.getByRole('slider').waitFor();
    await expectFocus(page);

    // The playhead.
    await tabTo(page, '[role=slider]');
    await press(page, 'ArrowLeft');
    await expect.poll(at).toBe(head - 1);
    await press(page, 'PageDown');
    await expect.poll(at).toBeLessThan(head - 2);
    await press(page, 'PageUp');
    await press(page, 'ArrowRight');
    await expect.poll(at).toBe(head);
    await press(page, 'Home');
    await expect.poll(at).toBe(1);
    await page.locator('.run-header [data-sequence="1"]').waitFor();
    await press(page, 'End');
    await expect.poll(at).toBe(head);

    // From problem to problem, wherever the focus is.
    await press(page, 'p');
    await expect.poll(at).toBeLessThan(head);
    const last = await at();
    await press(page, 'p');
    await expect.poll(at).toBeLessThan(last);
    await press(page, 'n');
    await expect.poll(at).toBe(last);
    await press(page, 'l');
    await expect.poll(at).toBe(head);
    await press(page, 'p');
    await expect.poll(at).toBeLessThan(head);
    await press(page, 'Escape');
    await expect.poll(at).toBe(head);
    await press(page, 'p');
    await tabTo(page, '.past-notice button');
    await press(page, 'Enter');
    await expect.poll(at).toBe(head);

    // The list: filter, choose, unfold.
    await tabTo(page, '.menu summary');
    await press(page, 'Enter');
    await page.locator('.menu .panel input').first().waitFor();
    await press(page, 'Tab');
    await press(page, 'Space');
    await page.waitForURL(({ searchParams }) => searchParams.getAll('component').join() === 'camina');
    await press(page, 'Escape');
    await expect.poll(() => page.locator('.menu summary:focus').count()).toBe(1);
    await tabTo(page, '.feed');
    await press(page, 'ArrowDown');
    await press(page, 'ArrowDown');
    await expect.poll(() => page.locator('.event:focus .who').textContent()).toBe('camina');
    await press(page, 'Enter');
    await page.locator('.event:focus[aria-expanded=true]').waitFor();
    await tabTo(page, '.details button');
    await press(page, 'Enter');
    await expect.poll(at).toBeLessThan(head);
    // The address names it once it rests.
    await page.waitForURL(({ searchParams }) => searchParams.has('at'));

    // The keys of this page, and home.
    await press(page, '?');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'dialog button');
    await press(page, 'Enter');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await tabTo(page, '.place a');
    await press(page, 'Enter');
    await page.locator('[data-task]').waitFor();
    await expectFocus(page);
    await page.waitForURL(({ search }) => search === '');
    expect(complaints).toEqual([]);
  });
});

async function press(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key);
  await expectFocus(page);
}

/** As one who does not know where it is: forward, and after the last from the first again. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)) {
      return expectFocus(page);
    }
    // After the last stop the browser itself has the focus.
    if (await page.evaluate<boolean>('document.activeElement !== document.body')) await expectFocus(page);
  }
  throw new Error(`no way by Tab to ${selector}`);
}

/** On something that is in sight and is marked. */
async function expectFocus(page: Page): Promise<void> {
  const [name, isMarked, isInSight] = await page.evaluate<readonly [string, boolean, boolean]>(`(() => {
    const focused = document.activeElement;
    const isMarked = (element, part) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, part);
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || (element.matches('main') && boxShadow !== 'none');
    };
    const { top, bottom, left, right } = focused.getBoundingClientRect();
    return [
      focused.outerHTML.slice(0, 120),
      // A task's link has its mark around the whole line.
      focused !== document.body && (isMarked(focused) || isMarked(focused, '::after')),
      bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
    ];
  })()`);
  expect({ name, isMarked, isInSight }).toEqual({ name, isMarked: true, isInSight: true });
}
