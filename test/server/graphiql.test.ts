/** GraphiQL in a real browser: it comes from our server alone, works, and survives a reload. */
import path from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { startServer } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';

const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('GraphiQL in Chromium', () => {
  test('loads from our server alone, runs a query, and shows an event of a subscription as it is emitted', async () => {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await openTempDir());
    const server = stack.use(await startServer({ store: 'memory:' }));
    const emitter = createEmitter({ url: server.graphqlUrl });
    const browser = stack.use(await openBrowser(chromium));
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const faults = collectFaults(page);
    const reached = collectOrigins(page);

    await page.goto(server.graphqlUrl);
    await execute(page);
    await shows(page, '"sequence": 1');

    await choose(page, 'Watch');
    await execute(page);
    await shows(page, 'TaskSnapshot');
    await emitter.emitUntilAcknowledged(eventOf('PROGRESS_UPDATE', 'All-green'));
    await shows(page, 'All-green');
    await emitter.emitUntilAcknowledged(eventOf('TASK_COMPLETED', 'Done'));
    await shows(page, 'TaskEnded');

    await page.screenshot({ path: path.join(dir.path, 'graphiql.png') });
    await page.reload();
    await page.locator('.graphiql-query-editor').getByText('subscription').waitFor();
    expect(await page.getByRole('tab').count()).toBe(4);
    expect(faults).toEqual([]);
    expect([...reached]).toEqual([server.origin]);
  }, 60_000);
});

/** By keyboard: under a pointer the tabs still move. GraphiQL is ready to run it when it stands in the address. */
async function choose(page: Page, tab: string): Promise<void> {
  await page.getByRole('button', { name: tab, exact: true }).press('Enter');
  await page.waitForURL((url) => url.searchParams.get('query')?.includes(` ${tab} {`) === true);
}

async function execute(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Execute/ }).click();
}

async function shows(page: Page, text: string): Promise<void> {
  await page.locator('.graphiql-response').getByText(text).first().waitFor();
}

/** Every origin that the page turned to, over HTTP or WebSocket; what it carries within itself is of none. */
function collectOrigins(page: Page): ReadonlySet<string> {
  const origins = new Set<string>();
  const note = (url: string): void => {
    const { protocol, origin } = new URL(url.replace(/^ws/, 'http'));
    if (protocol !== 'data:' && protocol !== 'blob:') origins.add(origin);
  };
  page.on('request', (request) => note(request.url()));
  page.on('websocket', (socket) => note(socket.url()));
  return origins;
}

function collectFaults(page: Page): readonly string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  return faults;
}

function eventOf(eventType: string, message: string): EmitInput {
  return { eventId: message, taskId: 'first-task', eventType, component: 'camina', stage: 'ANALYSIS', message };
}
