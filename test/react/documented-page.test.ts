/** The page that docs/react.md shows, as it stands there, against a real server. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { bundlePage } from '../support/bundle.ts';
import { systemProgram } from '../support/system-program.ts';
import { openHarness } from './open-page.ts';

const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('docs/react.md', () => {
  test('its page shows a task from its first event on', async () => {
    const [code, ...more] = await codeOf('docs/react.md');
    expect(more).toEqual([]);
    await using server = await startApp();
    await using browser = await openBrowser(chromium);
    await using opened = await openHarness(browser, server.origin, { script: await bundleCode(code ?? '') });
    const { page, complaints } = opened;
    await page.getByText('Waiting for survey').waitFor();
    await server.emit({ taskId: 'survey', component: 'camina', message: 'on it', progress: 0.5 });
    await page.getByText('camina: on it').waitFor();
    await server.emit({ taskId: 'survey', eventType: 'TASK_COMPLETED', component: 'camina', message: 'done' });
    await page.getByText('camina: done').waitFor();
    await page.locator('progress[value="1"]').waitFor();
    expect(complaints).toEqual([]);
  });
});

async function codeOf(document: string): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, '../..', document), 'utf8');
  return Array.from(text.matchAll(/^```tsx\n([\s\S]*?)^```$/gm), ([, code = '']) => code);
}

/** Inside the checkout, where React is found. */
async function bundleCode(code: string): Promise<string> {
  const folder = await mkdtemp(join(import.meta.dirname, '.page-'));
  try {
    const entry = join(folder, 'page.tsx');
    await writeFile(entry, code);
    return await bundlePage(entry);
  } finally {
    await rm(folder, { recursive: true });
  }
}
