/**
 * The dashboard's page of a task while the task runs and everything goes wrong: the server is killed and comes back,
 * the tab is reloaded, the network goes away for a while. In the end the page shows the fold of the whole log, each
 * event once; and while it had no news, it said so.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { foldAll, type LogEvent, type ProgressState } from '../support/fold.ts';
import { freePort } from '../support/free-port.ts';
import { openRandom } from '../support/random.ts';
import { readTaskLog } from '../support/read-log.ts';
import { readShownRun, readWholeList } from '../support/run-page.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { sized } from '../support/sizes.ts';
import { startLoad } from '../support/steady-load.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const TASK = 'a-run-to-watch';
const EVENTS_PER_SECOND = 200;
const OFFLINE_MS = sized({ usual: 5_000, full: 20_000 });
const PLACES = sized({ usual: 40, full: 200 });
/** Backing off, the client may wait so long between two tries; then there is the catching up. */
const BACK_WITHIN_MS = 40_000;

describe.skipIf(!chromium.present)('the page of a task', () => {
  let stack: AsyncDisposableStack;
  let server: ServerProcess;
  let proxy: TcpProxy;
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    const dir = stack.use(await openTempDir());
    server = stack.use(await startServer({ store: dir.sqliteStore }));
    proxy = stack.use(await openTcpProxy({ target: { port: server.port } }));
    browser = stack.use(await openBrowser(chromium));
    // High, so that the list is read in few steps.
    page = await browser.newPage({ viewport: { width: 1_280, height: 3_000 } });
    complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterAll(() => stack.disposeAsync());

  const connection = (): Promise<string> => page.locator('.connection').innerText();
  const says = (word: string): Promise<unknown> =>
    waitFor(async () => (await connection()).includes(word), {
      withinMs: BACK_WITHIN_MS,
      what: `the page to say "${word}"`,
    });
  const grows = async (): Promise<void> => {
    const before = (await readShownRun(page))?.sequence ?? 0;
    await waitFor(async () => ((await readShownRun(page))?.sequence ?? 0) > before + 20, {
      withinMs: BACK_WITHIN_MS,
      what: 'the page to show news',
    });
  };

  test('shows each event once and the fold of them all, after kills, a reload and time without a network', async () => {
    await using load = startLoad({ origins: [server.origin], taskIds: [TASK], perSecond: EVENTS_PER_SECOND });
    await page.goto(`${proxy.origin}/?task=${TASK}`);
    await grows();
    // The past is read while the present goes on.
    await page.goto(`${proxy.origin}/?task=${TASK}&at=15`);
    await page.locator('button.event[data-sequence="1"]').waitFor({ timeout: 20_000 });
    await page.keyboard.press('l');
    await grows();

    await server.kill9();
    await says('reconnecting');
    await server.restart();
    await says('live');
    await grows();

    await page.reload();
    await grows();

    await page.context().setOffline(true);
    proxy.retarget({ port: await freePort() });
    for (const each of proxy.connections()) each.pause();
    await says('reconnecting');
    await delay(OFFLINE_MS);
    expect(await connection()).toContain('reconnecting since');
    // As another network does: what was open before is dead.
    for (const each of proxy.connections()) each.reset();
    proxy.retarget({ port: server.port });
    await page.context().setOffline(false);
    await says('live');
    await grows();

    await load.stop();
    await load.retryUnknown();
    const log = await readTaskLog(server.graphqlUrl, TASK);
    await waitFor(async () => (await readShownRun(page))?.sequence === log.length, {
      withinMs: BACK_WITHIN_MS,
      what: 'the page to show the last event',
    });
    expect(await readShownRun(page)).toEqual(shownOf(foldAll(log).at(-1)));
    expect(await readWholeList(page)).toEqual(log.map(listed));
    expect(complaints).toEqual([]);
  }, 240_000);

  test(`shows the state of any moment as the fold has it: ${PLACES} places at random`, async () => {
    const log = await readTaskLog(server.graphqlUrl, TASK);
    const states = foldAll(log);
    const random = openRandom('moments of a run');
    for (let place = 0; place < PLACES; place += 1) {
      const at = random.int(0, log.length - 1);
      await page.evaluate((sequence) => {
        history.replaceState(undefined, '', `?task=a-run-to-watch&at=${sequence}`);
        dispatchEvent(new PopStateEvent('popstate'));
      }, at);
      await waitFor(async () => (await readShownRun(page))?.sequence === at, {
        withinMs: 10_000,
        what: `event ${at} (seed ${random.seed})`,
      });
      expect(await readShownRun(page), `event ${at}, seed ${random.seed}`).toEqual(shownOf(states[at]));
    }
  }, 120_000);

  test('moves through the run by the playhead alone', async () => {
    const log = await readTaskLog(server.graphqlUrl, TASK);
    const states = foldAll(log);
    const playhead = page.getByRole('slider', { name: 'Place in the run' });
    await playhead.focus();
    await page.keyboard.press('Home');
    await waitFor(async () => (await readShownRun(page))?.sequence === 1, { withinMs: 5_000, what: 'the first event' });
    await page.keyboard.press('ArrowRight');
    await waitFor(async () => (await readShownRun(page))?.sequence === 2, { withinMs: 5_000, what: 'the second' });
    expect(await readShownRun(page)).toEqual(shownOf(states[2]));
    await page.keyboard.press('End');
    await waitFor(async () => (await readShownRun(page))?.sequence === log.length, {
      withinMs: 5_000,
      what: 'the end',
    });
  });
});

/** What a page shows of a state. */
function shownOf(state: ProgressState | undefined) {
  const { sequence, displayProgress, stage, components } = state ?? foldAll([])[0] ?? fail();
  return {
    sequence,
    percent: `${Math.floor(displayProgress * 100 + 1e-9)}%`,
    displayProgress,
    stage: stage.toLowerCase().replaceAll('_', ' '),
    components: components.map(({ name, progress, message }) => ({ name, progress, message })),
  };
}

function listed({ sequence, component, message }: LogEvent) {
  return { sequence, component, message };
}

function fail(): never {
  throw new Error('There is no such state.');
}
