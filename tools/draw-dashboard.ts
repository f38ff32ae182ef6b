/**
 * Takes `docs/dashboard-light.png` and `docs/dashboard-dark.png`: the dashboard's page of the demo's run, thirteen
 * seconds after its start, as a browser shows it. It needs a built dashboard (`npm run build`) and Debian's Chromium.
 *
 *   node tools/draw-dashboard.ts
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { createApp } from '../src/app.ts';
import { parseConfig } from '../src/config.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TASK_ID = 'survey-7';
/** Events that have come by then. */
const MOMENT = 118;

await using app = await createApp(parseConfig({ flags: { port: '0', store: 'memory:' } }));
const { url } = await app.listen();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox'] });
const demo = spawn(process.execPath, [`${ROOT}src/main.ts`, 'demo', '--url', url, '--task', TASK_ID]);
try {
  await Promise.all((['light', 'dark'] as const).map((colorScheme) => draw(browser, colorScheme)));
} finally {
  demo.kill();
  await browser.close();
}

async function draw(browser: Browser, colorScheme: 'light' | 'dark'): Promise<void> {
  const viewport = { width: 1_180, height: 760 };
  const page = await browser.newPage({ viewport, deviceScaleFactor: 2, colorScheme });
  await page.goto(`${url}/?task=${TASK_ID}`);
  await page.waitForFunction(
    (moment) =>
      Number(document.querySelector<HTMLElement>('.run-header [data-sequence]')?.dataset['sequence']) >= moment,
    MOMENT,
  );
  await page.screenshot({ path: `${ROOT}docs/dashboard-${colorScheme}.png` });
}
