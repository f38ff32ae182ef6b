/**
 * The states of the page that are designed on purpose, on a phone and on a desk, in light and in dark: axe finds nothing
 * in them that would keep somebody out, and none is wider than its window.
 *
 * With DRUMLINE_SCREENSHOTS set to a folder, there is a picture of each of them in it afterwards.
 */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { CHROMIUM } from '../support/browser.ts';
import { go, inBothSizes, openDashboard, type Dashboard, type Size, type Visit } from '../support/dashboard.ts';
import { addTasks, runOf, TASKS } from '../support/dashboard-tasks.ts';
import { createEmitter } from '../support/emitter.ts';
import { startServer } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';

const chromium = systemProgram('chromium', CHROMIUM);

interface State {
  readonly path: string;
  /** The other one is as another state is. */
  readonly only?: Size;
  /** Until it is there. */
  show(page: Page, size: Size): Promise<unknown>;
}

const score = (page: Page): Promise<void> => page.getByRole('slider', { name: 'Place in the run' }).waitFor();
const events = async (page: Page, size: Size): Promise<void> => {
  await score(page);
  if (size === 'phone') await page.getByRole('button', { name: 'events', exact: true }).click();
  await page.locator('button.event').first().waitFor();
};
const run = (task: string, show: State['show'] = score): State => ({ path: `/?task=${task}`, show });

const STATES: Readonly<Record<string, State>> = {
  board: { path: '/', show: (page) => page.locator('.task-row').nth(3).waitFor() },
  'no match': { path: '/?q=nowhere', show: (page) => page.getByText('No task matches').waitFor() },
  'board keys': {
    path: '/',
    async show(page) {
      await page.locator('.task-row').first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  unknown: run('not-yet', (page) => page.getByText('No such task yet').waitFor()),
  waiting: run(TASKS.waiting),
  running: run(TASKS.running),
  'running, events': { ...run(TASKS.running, events), only: 'phone' },
  observations: run(TASKS.running, async (page, size) => {
    await score(page);
    if (size === 'phone') await page.getByRole('button', { name: 'observations', exact: true }).click();
    await page.getByText('metadata').click();
  }),
  failed: run(TASKS.failed),
  completed: run(TASKS.completed),
  past: run(`${TASKS.failed}&at=40`, (page) => page.locator('.past-notice').waitFor()),
  details: run(TASKS.failed, async (page, size) => {
    await events(page, size);
    await page.locator('button.event').last().click();
    await page.locator('.details').waitFor();
  }),
  menu: run(TASKS.failed, async (page, size) => {
    await events(page, size);
    await page.locator('.menu summary').first().click();
    await page.locator('.menu .panel').first().waitFor();
  }),
  'run keys': run(TASKS.running, async (page) => {
    await score(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  }),
};

describe.skipIf(!chromium.present)('no state keeps anybody out', () => {
  let stack: AsyncDisposableStack;
  let dashboard: Dashboard;
  let visits: Readonly<Record<Size, Visit>>;
  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    dashboard = stack.use(await openDashboard({ chromium }));
    visits = await inBothSizes(async (size) => stack.use(await dashboard.visit('/', { size })));
  });
  afterAll(async () => stack.disposeAsync());

  async function check(name: string, { path, only, show }: State): Promise<void> {
    await inBothSizes(async (size) => {
      if (only !== undefined && only !== size) return;
      const { page, complaints } = visits[size];
      await go(page, path);
      await show(page, size);
      await expectOpen(page, `${name}, ${size}`);
      expect(complaints).toEqual([]);
    });
  }

  test('empty', () => check('empty', { path: '/', show: (page) => page.getByText('No task yet').waitFor() }));

  describe('with tasks', () => {
    beforeAll(async () => addTasks(dashboard.server.graphqlUrl));

    test.each(Object.entries(STATES))('%s', check);

    test('reconnecting, and a gap: an older copy of the store came back', async () => {
      const { server, directory } = dashboard;
      const task = 'restored';
      const emitter = createEmitter({ url: server.graphqlUrl });
      const whole = runOf(task, { agoMs: 12_000, untilMs: 12_000 });
      await emitter.emitUntilAcknowledged(whole.slice(0, 60));
      await using copy = await openTempDir();
      await server.kill9();
      await cp(directory.path, copy.path, { recursive: true });
      await server.restart();
      await emitter.emitUntilAcknowledged(whole.slice(60));
      await using desk = await dashboard.visit(`/?task=${task}`);
      await using phone = await dashboard.visit(`/?task=${task}`, { size: 'phone' });
      const pages = { desk: desk.page, phone: phone.page };
      const all = (name: string, text: string): Promise<unknown> =>
        inBothSizes(async (size) => {
          await pages[size].getByText(text).waitFor();
          await expectOpen(pages[size], `${name}, ${size}`);
        });
      for (const page of Object.values(pages))
        await page.locator(`[data-sequence="${whole.length}"]`).first().waitFor();
      await server.kill9();
      await all('reconnecting', 'reconnecting since');
      await rm(directory.path, { recursive: true });
      await cp(copy.path, directory.path, { recursive: true });
      await server.restart();
      await all('gap', 'Continuity was lost');
    });
  });

  test('sign-in, and a key that is not taken', async () => {
    await using directory = await openTempDir();
    const file = join(directory.path, 'keys.json');
    await writeKeyFile(file, { keys: [createApiKey('viewer', ['read:*'], new Date()).kept], revoked: [] });
    await using server = await startServer({ store: 'memory:', args: ['--auth-keys', file] });
    await inBothSizes(async (size) => {
      await using visit = await dashboard.visit('/', { size });
      await visit.page.goto(server.origin);
      await visit.page.getByLabel('Key or token').waitFor();
      await expectOpen(visit.page, `sign-in, ${size}`);
      await visit.page.getByLabel('Key or token').fill('not a key');
      await visit.page.keyboard.press('Enter');
      await visit.page.locator('.sign-in [role=alert]').waitFor();
      await expectOpen(visit.page, `refused, ${size}`);
    });
  });
});

/** As it stands, in light and in dark. */
async function expectOpen(page: Page, name: string): Promise<void> {
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axe.source);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await takePicture(page, `${name}, ${colorScheme}`);
    // Only colours change.
    const rules = colorScheme === 'light' ? undefined : ['color-contrast'];
    expect.soft(await findProblems(page, rules), `${name}, ${colorScheme}`).toEqual([]);
  }
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  expect.soft(overflow, `wider than its window: ${name}`).toBeLessThanOrEqual(0);
}

function findProblems(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  return page.evaluate(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
    violations
      .flatMap(({ id, impact, nodes }) => nodes.map(({ target, failureSummary }) =>
        id + ' (' + impact + ') ' + target.join(' ') + ': ' + failureSummary)))`);
}

async function takePicture(page: Page, name: string): Promise<void> {
  const folder = env['DRUMLINE_SCREENSHOTS'] ?? '';
  if (folder === '') return;
  await page.screenshot({ path: join(folder, `${name.replaceAll(/[ ,]+/g, '-')}.png`), caret: 'initial' });
}
