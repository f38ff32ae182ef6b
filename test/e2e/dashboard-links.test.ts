/** What leads into the page and out of it: the key of who looks, the address, GraphiQL, and the export. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard, type Dashboard } from '../support/dashboard.ts';
import { addTasks, TASKS } from '../support/dashboard-tasks.ts';
import { query, readProgress } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const MAIN = join(import.meta.dirname, '../../src/main.ts');

describe.skipIf(!chromium.present)('in and out', () => {
  let dashboard: Dashboard;
  beforeAll(async () => {
    dashboard = await openDashboard({ chromium });
    await addTasks(dashboard.server.graphqlUrl);
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  test('a server with keys asks for one, refuses a wrong one in words, and forgets a right one when asked to; no address has it', async () => {
    await using directory = await openTempDir();
    const file = join(directory.path, 'keys.json');
    const { key, kept } = createApiKey('viewer', ['read:*', 'emit:*'], new Date());
    const wrong = createApiKey('viewer', ['read:*'], new Date()).key;
    await writeKeyFile(file, { keys: [kept], revoked: [] });
    await using server = await startServer({ store: 'memory:', args: ['--auth-keys', file] });
    await using visit = await dashboard.visit();
    const { page, requests } = visit;
    await page.goto(server.origin);
    const field = page.getByLabel('Key or token');
    await field.fill(wrong);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('does not take this key').waitFor();

    await field.fill(key);
    await page.keyboard.press('Enter');
    await page.getByText('No task yet').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Run the demo' }).click();
    await page.getByRole('slider').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await field.waitFor();
    await page.reload();
    await field.waitFor();
    await expect
      .poll(() => page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])'))
      .not.toContain(key);
    expect(requests.length).toBeGreaterThan(10);
    expect([...requests, page.url()].filter((url) => url.includes(key) || url.includes(wrong))).toEqual([]);
  });

  test.each([
    ['/', 'subscription Board'],
    [`/?task=${TASKS.failed}`, `taskUpdates(taskId: "${TASKS.failed}")`],
  ])('GraphiQL opens what %s shows', async (path, operation) => {
    await using visit = await dashboard.visit(path);
    const { page } = visit;
    await page.locator('.connection:is(.live, .over)').waitFor();
    await page.getByRole('link', { name: 'GraphiQL' }).click();
    await page.locator('.graphiql-query-editor').getByText(operation).first().waitFor();
  });

  test('the export, emitted as another task, makes the same task', async () => {
    const { server, directory } = dashboard;
    await using visit = await dashboard.visit(`/?task=${TASKS.completed}`);
    const { page } = visit;
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export JSON Lines' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(`${TASKS.completed}.jsonl`);
    const file = join(directory.path, 'export.jsonl');
    await download.saveAs(file);

    const copy = 'copy';
    await promisify(execFile)(process.execPath, [MAIN, 'emit', '--url', server.origin, '--file', file, '--task', copy]);
    const [original, repeated] = await Promise.all([TASKS.completed, copy].map((id) => whole(server.graphqlUrl, id)));
    expect(original?.log.length).toBeGreaterThan(100);
    expect(repeated).toEqual(original);
  });

  test('the address keeps the filter and the playhead over a reload, and the export has only what is listed', async () => {
    await using visit = await dashboard.visit(`/?task=${TASKS.failed}`);
    const { page } = visit;
    await page.getByText('Component', { exact: true }).first().click();
    await page.getByRole('checkbox', { name: 'camina' }).check();
    await page.getByRole('checkbox', { name: 'permit_drummer' }).check();
    await page.keyboard.press('Escape');
    await page.getByRole('checkbox', { name: 'Problems' }).check();
    await page.keyboard.press('p');
    await page.locator('.past-notice').waitFor();
    // Written once the playhead rests.
    await page.waitForURL(({ searchParams }) => searchParams.has('at'));
    const before = await listed(page);
    expect(before.length).toBeGreaterThan(0);
    expect(new Set(before.map(({ who }) => who))).toEqual(new Set(['permit_drummer']));
    const address = page.url();
    await page.reload();
    await page.locator('.past-notice').waitFor();
    await page.waitForURL(address);
    await expect.poll(() => listed(page)).toEqual(before);

    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export JSON Lines' }).click();
    const lines = (await readFile(await (await downloading).path(), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(before.length);
  });
});

const LOG = `query ($taskId: ID!) {
  taskEvents(taskId: $taskId, first: 1000) {
    nodes { sequence eventId eventType timestamp component stage message details progress estimatedTimeRemaining }
  }
}`;
const Log = z.object({ taskEvents: z.object({ nodes: z.array(z.unknown()) }) });

/** All that was said of a task, and what follows from it. */
async function whole(
  url: string,
  taskId: string,
): Promise<{ readonly log: readonly unknown[]; readonly fold: unknown }> {
  const { taskEvents } = Log.parse(await query(url, LOG, { taskId }));
  return { log: taskEvents.nodes, fold: { ...(await readProgress(url, taskId)), cursor: undefined } };
}

async function listed(page: Page): Promise<readonly { readonly who: string; readonly sequence: string }[]> {
  await page.locator('button.event').first().waitFor();
  return page.evaluate(`Array.from(document.querySelectorAll('button.event'), (event) =>
    ({ who: event.querySelector('.who').textContent, sequence: event.dataset.sequence }))`);
}
