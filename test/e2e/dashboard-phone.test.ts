/** A task on a phone: its score is a list, where a name stands above its staff and nothing runs through it. */
import { expect, test } from 'vitest';
import { InitTaskDocument, request } from '../../src/client/index.ts';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard } from '../support/dashboard.ts';
import { runOf } from '../support/dashboard-tasks.ts';
import { createEmitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);

test.skipIf(!chromium.present)('each line has its name, its bar and its staff, and none lies on another', async () => {
  await using dashboard = await openDashboard({ chromium });
  const url = dashboard.server.graphqlUrl;
  const input = { taskId: 'survey', title: 'Property survey: all twenty-four listings of the second district' };
  await request({ url, document: InitTaskDocument, variables: { input } });
  await createEmitter({ url }).emitUntilAcknowledged(runOf('survey', { agoMs: 60_000, fails: true }));
  await using visit = await dashboard.visit('/?task=survey', { size: 'phone' });
  const { page } = visit;
  await page.locator('.connection.over').waitFor();
  await expect.poll(() => page.locator('.lane-label').count()).toBe(8);

  // The bar that closes the run goes through the staffs alone.
  await expect.poll(() => page.evaluate(INK)).toEqual({ onNames: 0, isDrawn: true });
  const failed = page.locator('.lane-label', { hasText: 'permit_drummer' });
  expect(await failed.locator('.bar').getAttribute('style')).toMatch(/background-size: 41/);
  expect(await failed.locator('.number').textContent()).toBe('41%');

  const [mark, title] = await Promise.all(
    [page.locator('.title-row .mark'), page.locator('h1')].map((each) => each.boundingBox()),
  );
  expect(title?.height).toBeGreaterThan(40);
  expect(mark?.y).toBeGreaterThan(title?.y ?? Infinity);
});

/** How many pixels of the score lie on words and bars, and whether there are any at all. */
const INK = `(() => {
  const canvas = document.querySelector('.plot canvas');
  const frame = canvas.getBoundingClientRect();
  const inked = (x, y, width, height) => {
    if (width < 1 || height < 1) return 0;
    const { data } = canvas.getContext('2d').getImageData(x, y, width, height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
  };
  let onNames = 0;
  for (const word of document.querySelectorAll('.lane-label :is(.name, .bar, .number)')) {
    const { left, top, width, height } = word.getBoundingClientRect();
    onNames += inked(left - frame.left, top - frame.top, width, height);
  }
  return { onNames, isDrawn: inked(0, 0, canvas.width, canvas.height) > 0 };
})()`;
