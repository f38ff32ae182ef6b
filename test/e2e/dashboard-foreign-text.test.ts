/**
 * What producers and observers write is shown as they wrote it, in its place, and does nothing: no markup becomes an
 * element, no control character turns what stands beside it around, and no length makes a page wider or a row higher.
 * Where there is too little room, it is cut at its end, in whatever direction it is read.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InitTaskDocument, request } from '../../src/client/index.ts';
import { CHROMIUM } from '../support/browser.ts';
import { go, inBothSizes, openDashboard, type Size, type Visit } from '../support/dashboard.ts';
import { observe } from '../support/dashboard-tasks.ts';
import { createEmitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);

const TEXTS: Readonly<Record<string, string>> = {
  markup: `<img src=x onerror="alert(1)"><script>alert(2)</script><a href="javascript:alert(3)">a</a>&lt;b&gt;`,
  terminal: '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007link\u0007\u0000',
  override: 'before \u202Edesrever\u2066 \u202B left open',
  hebrew: '\u05E9\u05DC\u05D5\u05DD, \u05E2\u05D5\u05DC\u05DD (12)',
  arabic: '\u0645\u0633\u062D \u0627\u0644\u0639\u0642\u0627\u0631\u0627\u062A: (24) '.repeat(20),
  emoji: '\u{1F469}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466} \u{1F3F3}\uFE0F\u200D\u{1F308} \u2764\uFE0F',
  marks: `Z${'\u0351\u036B\u0353\u032A\u0302\u035B'.repeat(10)}algo`,
  lines: 'one\ntwo\r\nthree\u2028four\tfive\n\n\nsix',
  'a word': 'w'.repeat(2_048),
};
/** Follows foreign text in the same line, and is to be read from left to right. */
const AFTER = 'and-after-it';
const ROW = { desk: { task: 36, lane: 36, event: 28 }, phone: { task: 60, lane: 56, event: 52 } } as const;

describe.skipIf(!chromium.present)('foreign text', () => {
  let stack: AsyncDisposableStack;
  let visits: Readonly<Record<Size, Visit>>;
  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    const dashboard = stack.use(await openDashboard({ chromium }));
    for (const [index, text] of Object.values(TEXTS).entries()) {
      await report(dashboard.server.graphqlUrl, taskOf(index), text);
    }
    visits = await inBothSizes(async (size) => stack.use(await dashboard.visit('/', { size })));
  });
  afterAll(async () => stack.disposeAsync());

  test('on the board', async () => {
    await inBothSizes(async (size) => {
      const { page, complaints } = visits[size];
      await page
        .locator('.task-row')
        .nth(Object.keys(TEXTS).length - 1)
        .waitFor();
      await expectCalm(page);
      await expect.poll(() => heights(page, '.task-row')).toEqual([ROW[size].task]);
      const shown = await page.locator('.task-row .at-task a').allTextContents();
      expect(shown.toSorted()).toEqual(Object.values(TEXTS).map(titleOnBoard).toSorted());
      expect(complaints).toEqual([]);
    });
  });

  test.each(Object.entries(TEXTS).map(([name, text], index) => ({ name, text, task: taskOf(index) })))(
    'on its task: $name',
    async ({ text, task }) => {
      await inBothSizes(async (size) => {
        const { page, complaints, requests } = visits[size];
        await go(page, `/?task=${task}`);
        await page.locator('.lane-label').nth(1).waitFor();
        await page.locator('.label').first().waitFor();
        await page.locator('.failure .words').getByText(AFTER).first().waitFor();
        await expectCalm(page);
        await expect.poll(() => heights(page, '.lanes li')).toEqual([ROW[size].lane]);
        await expect.poll(() => page.locator('h1').textContent()).toBe(titleOf(text));

        if (size === 'phone') await page.getByRole('button', { name: 'observations', exact: true }).click();
        await page.locator('.observations summary').first().click();
        await expect.poll(() => page.locator('.observations .whole').textContent()).toBe(text);
        await expectCalm(page);

        if (size === 'phone') await page.getByRole('button', { name: 'events', exact: true }).click();
        await page.locator('button.event').nth(3).waitFor();
        await expect.poll(() => heights(page, 'button.event')).toEqual([ROW[size].event]);
        await expect.poll(() => page.locator('button.event .message').first().textContent()).toBe(text);
        await page.locator('button.event').first().click();
        await page.locator('.details .tree').first().waitFor();
        await expect.poll(() => page.locator('.details .whole').textContent()).toBe(text);
        await expect.poll(() => page.locator('.details .key').first().textContent()).toBe(text);
        await expect.poll(() => page.locator('.details summary').last().textContent()).toBe(`${text} 2 items`);
        await expectCalm(page);
        expect(complaints).toEqual([]);
        expect(requests.filter((url) => /evil|\/x$/.test(url))).toEqual([]);
      });
    },
  );
});

/** A failed task, in which all that can be written freely is the text. */
async function report(url: string, taskId: string, text: string): Promise<void> {
  const title = titleOf(text);
  await request({ url, document: InitTaskDocument, variables: { input: { taskId, title, labels: [title, 'calm'] } } });
  // The server takes none of these in the name of a component.
  const component = text
    .slice(0, 120)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ')
    .trim();
  const what = { taskId, component, stage: 'ANALYSIS', estimatedTimeRemaining: title };
  const details = { [text]: AFTER, deep: { [text]: [text, AFTER] } };
  await createEmitter({ url }).emitUntilAcknowledged([
    { ...what, eventId: '1', eventType: 'TASK_STARTED', message: text, details, progress: 0.1 },
    { ...what, eventId: '2', eventType: 'WARNING', message: `${AFTER} ${text}`.slice(0, 2_048), progress: 0.2 },
    { ...what, eventId: '3', eventType: 'ERROR', component: 'other', message: text, progress: 0.3 },
    { ...what, eventId: '4', eventType: 'TASK_FAILED', stage: 'FAILED', message: AFTER, details },
  ]);
  await observe(url, taskId, text);
}

/** As much as surely fits. */
function titleOf(text: string): string {
  return text.slice(0, 120);
}

function taskOf(index: number): string {
  return `task-${index}`;
}

/** Titles are a line there. */
function titleOnBoard(text: string): string {
  return titleOf(text)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/**
 * Nothing was made of it, nothing is wider than the window, its beginning can be seen, and what is not foreign reads from
 * left to right.
 */
async function expectCalm(page: Page): Promise<void> {
  const found = await page.evaluate<object>(`(() => {
    const made = document.querySelectorAll('#root :is(img, script, iframe, b b, [onerror], a[href^="javascript"])');
    const turned = [];
    const headless = [];
    const walker = document.createTreeWalker(document.getElementById('root'), NodeFilter.SHOW_TEXT);
    const rangeOf = (node, from) => {
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, from + 1);
      return range.getBoundingClientRect();
    };
    const startOf = (element, { left, right }) => (getComputedStyle(element).direction === 'rtl' ? right : left);
    const isIn = ({ left, right }, x) => x > left - 1 && x < right + 1;
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const isForeign = node.parentElement.closest('.foreign, .aside') !== null;
      const from = isForeign ? node.data.indexOf(${JSON.stringify(AFTER)}) : 0;
      const to = isForeign ? from + ${AFTER.length} - 1 : node.data.trimEnd().length - 1;
      const cut = isForeign ? node.parentElement.closest('.foreign:is(.cut, h1)') : null;
      if (cut !== null && !isIn(cut.getBoundingClientRect(), startOf(cut, rangeOf(node, 0)))) headless.push(node.data);
      if (from < 0 || to <= from) continue;
      const [first, last] = [rangeOf(node, from), rangeOf(node, to)];
      if (first.top === last.top && first.left > last.left) turned.push(node.data);
    }
    return {
      made: Array.from(made, ({ outerHTML }) => outerHTML),
      turned,
      headless,
      wider: document.documentElement.scrollWidth - innerWidth,
    };
  })()`);
  expect(found).toEqual({ made: [], turned: [], headless: [], wider: 0 });
}

/** The different ones; a row whose content is higher than itself counts with that. */
function heights(page: Page, selector: string): Promise<readonly number[]> {
  return page.evaluate(`(() => {
    const heights = new Set();
    for (const { offsetHeight, scrollHeight, clientHeight } of document.querySelectorAll(${JSON.stringify(selector)})) {
      heights.add(scrollHeight > clientHeight + 1 ? scrollHeight : offsetHeight);
    }
    return [...heights];
  })()`);
}
