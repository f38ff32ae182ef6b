/**
 * Another log takes the place of the one that a page of the dashboard shows, or none does: nothing of the old one is
 * shown under the name of the new one, and a stream that is over is not said to be live.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { foldAll } from '../support/fold.ts';
import { query, readTaskLog } from '../support/read-log.ts';
import { readShownRun } from '../support/run-page.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { waitFor } from '../support/wait-for.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const TASK = 'a-run';
const AT = 100;

describe.skipIf(!chromium.present)('a page whose log is gone', () => {
  let stack: AsyncDisposableStack;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    // A restart begins with nothing: the same ids are other logs.
    server = stack.use(await startServer({ store: 'memory:' }));
    browser = stack.use(await openBrowser(chromium));
    page = await browser.newPage({ viewport: { width: 1_280, height: 800 } });
  });
  afterAll(() => stack.disposeAsync());

  async function report(who: string, count: number): Promise<void> {
    const inputs = Array.from({ length: count }, (_, index) => ({
      taskId: TASK,
      eventType: 'PROGRESS_UPDATE',
      component: `${who}_${index % 5}`,
      stage: 'ANALYSIS',
      message: `${who} ${index}`,
      progress: index / count,
    }));
    const text = 'mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }';
    await query(server.graphqlUrl, text, { inputs });
  }

  test('shows the moment of the new log, and says that continuity was lost', async () => {
    await report('old', 200);
    await page.goto(`${server.origin}/?task=${TASK}&at=${AT}`);
    await page.locator(`.run-header [data-sequence="${AT}"]`).waitFor();
    await server.restart();
    await report('new', 150);
    await page.locator('.note.gap').waitFor({ timeout: 40_000 });
    const expected = foldAll(await readTaskLog(server.graphqlUrl, TASK))[AT]?.components;
    const shown = await waitFor(
      async () => {
        const run = await readShownRun(page);
        return run?.sequence === AT && run.components[0]?.name === 'new_0' ? run : undefined;
      },
      { withinMs: 10_000, what: 'the moment of the new log' },
    );
    expect(shown.components).toEqual(expected?.map(({ name, progress, message }) => ({ name, progress, message })));
    const names = await page.locator('.lane-label .name').allInnerTexts();
    expect(names.filter((name) => name.startsWith('old'))).toEqual([]);
  });

  test('says that a task was deleted, and is not live', async () => {
    await query(server.graphqlUrl, 'mutation ($taskId: ID!) { deleteTask(taskId: $taskId) { deleted } }', {
      taskId: TASK,
    });
    await page.getByText('This task was deleted.').waitFor();
    await waitFor(async () => (await page.locator('.connection').innerText()).includes('stopped'), {
      withinMs: 10_000,
      what: 'the page to say that the stream is over',
    });
  });
});
