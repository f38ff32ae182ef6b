/**
 * Eight tabs of a page, on plain HTTP under a host name: no secure context, and so neither locks nor service workers.
 * They share one connection to the server, and whatever happens to one of them, or to the server, the others go on.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { createEmitter } from '../support/emitter.ts';
import { progressEvent } from '../support/producers.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Seen } from './shared-tab-page.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const HOST = 'drumline.test';
const TABS = 8;
/** The site's page with a content security policy. */
const NO_WORKERS = '/no-workers';
const PAGE = '<!doctype html><script type="module" src="/page.js"></script>';
/** The promise. */
const TAKEN_OVER_WITHIN_MS = 2_000;

describe.skipIf(!chromium.present)('8 tabs on plain HTTP', () => {
  let stack: AsyncDisposableStack;
  let site: Site;
  let server: ServerProcess;
  let proxy: TcpProxy;
  let browser: Browser;
  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    site = stack.use(await openSite());
    const dir = stack.use(await openTempDir());
    server = stack.use(await startServer({ store: dir.sqliteStore, args: ['--allowed-origins', site.origin] }));
    // Between browser and server, to count connections.
    proxy = stack.use(await openTcpProxy({ target: { port: server.port } }));
    browser = stack.use(await openBrowser(chromium, { hostName: HOST }));
  });
  afterAll(async () => stack.disposeAsync());

  test('have one connection, and go on without loss or repeat when a tab crashes, is closed, or the server restarts', async () => {
    await using producer = startProducer(server.graphqlUrl, 'eight');
    await using profile = await browser.newContext();
    const tabs = [await openTab(profile, producer.tasksOf(0))];
    const others = Array.from({ length: TABS - 1 }, (_, index) => openTab(profile, producer.tasksOf(index + 1)));
    tabs.push(...(await Promise.all(others)));
    await newsIn(tabs, producer, 10_000);
    for (const { see } of tabs) {
      expect(await see()).toMatchObject({ isSecureContext: false, sharing: { kind: 'shared' } });
    }
    expect(proxy.connections()).toHaveLength(1);

    // The worker lives in the process of the tab that was first to ask for it, and dies with it.
    await crash(tabs.shift());
    const crashMs = await newsIn(tabs, producer, TAKEN_OVER_WITHIN_MS);
    await oneConnection();

    await tabs.shift()?.page.close();
    const closeMs = await newsIn(tabs, producer, TAKEN_OVER_WITHIN_MS);
    await oneConnection();

    await server.restart();
    const restartMs = await newsIn(tabs, producer, 10_000);
    await oneConnection();
    console.info(
      `shared-tab: news in all tabs, ms after a crash ${crashMs}, a close ${closeMs}, a restart ${restartMs}`,
    );

    const total = await producer.stop();
    const sequences = Array.from({ length: total }, (_, index) => index + 1);
    for (const { tasks, see } of tabs) {
      const isThere = async (): Promise<boolean> =>
        Object.values((await see()).sequences).every((seen) => seen.at(-1) === total);
      await waitFor(isThere, { withinMs: 10_000, what: 'the last event', pollMs: 20 });
      const wanted = Object.fromEntries(tasks.map((task) => [task, sequences]));
      expect(await see()).toMatchObject({ sequences: wanted, errors: [] });
    }
    expect(tabs).toHaveLength(TABS - 2);
  }, 60_000);

  test('the tab in which the worker began is closed: the others go on over the same connection', async () => {
    await using producer = startProducer(server.graphqlUrl, 'closed');
    await using profile = await browser.newContext();
    const [first, second] = [await openTab(profile, producer.tasksOf(0)), await openTab(profile, producer.tasksOf(1))];
    await newsIn([first, second], producer, 10_000);
    const connections = proxy.accepted;
    await first.page.close();
    await newsIn([second], producer, TAKEN_OVER_WITHIN_MS);
    expect(proxy.accepted).toBe(connections);
  }, 60_000);

  test('a tab whose page allows no worker has a connection of its own, and says why', async () => {
    await using producer = startProducer(server.graphqlUrl, 'blocked');
    await using profile = await browser.newContext();
    const tab = await openTab(profile, producer.tasksOf(0), NO_WORKERS);
    await newsIn([tab], producer, 10_000);
    expect(await tab.see()).toMatchObject({ sharing: { kind: 'alone', reason: 'blocked' } });
  }, 60_000);

  async function openTab(profile: BrowserContext, tasks: readonly string[], path = '/'): Promise<Tab> {
    const page = await profile.newPage();
    const search = new URLSearchParams({ url: `http://${HOST}:${proxy.port}/graphql` });
    for (const task of tasks) search.append('task', task);
    await page.goto(`${site.origin}${path}?${search}`);
    // Written by our own page.
    const see = (): Promise<Seen> => page.evaluate(() => Reflect.get(globalThis, 'drumline') as Seen);
    return { page, tasks, see };
  }

  /** As the server sees it; who has just been cut off may take a moment to leave. */
  async function oneConnection(): Promise<void> {
    const what = (): string => `one connection, not ${proxy.connections().length}`;
    await waitFor(() => proxy.connections().length === 1, { withinMs: 5_000, what });
  }
});

interface Tab {
  readonly page: Page;
  readonly tasks: readonly string[];
  see(): Promise<Seen>;
}

async function crash(tab: Tab | undefined): Promise<void> {
  if (tab === undefined) return;
  const crashed = tab.page.waitForEvent('crash');
  const devtools = await tab.page.context().newCDPSession(tab.page);
  // It never answers.
  devtools.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** Until every tab has, of each of its tasks, an event that is newer than this moment. Returns how long it took, in ms. */
async function newsIn(tabs: readonly Tab[], producer: Producer, withinMs: number): Promise<number> {
  const since = performance.now();
  const known = producer.acknowledged;
  const hasNews = async ({ tasks, see }: Tab): Promise<boolean> => {
    const { sequences } = await see();
    return tasks.every((task) => (sequences[task]?.at(-1) ?? 0) > known);
  };
  const every = async (): Promise<boolean> => (await Promise.all(tabs.map(hasNews))).every(Boolean);
  await waitFor(every, { withinMs, what: `news in ${tabs.length} tabs`, pollMs: 20 });
  return Math.round(performance.now() - since);
}

interface Producer extends AsyncDisposable {
  /** What a tab is to watch: one task that all of them watch, and one that only it does. */
  tasksOf(tab: number): readonly string[];
  /** So many events of each task. */
  readonly acknowledged: number;
  /** Returns how many each task has. */
  stop(): Promise<number>;
}

/** An event of every task, again and again. @param run makes them other tasks than those of the next producer. */
function startProducer(url: string, run: string): Producer {
  const common = `${run}-all`;
  const own = Array.from({ length: TABS }, (_, tab) => `${run}-${tab}`);
  const tasks = [common, ...own];
  const emitter = createEmitter({ url });
  let acknowledged = 0;
  const stopping = new AbortController();
  async function produce(): Promise<void> {
    while (!stopping.signal.aborted) {
      await emitter.emitUntilAcknowledged(tasks.map((task) => progressEvent(task, acknowledged + 1)));
      acknowledged += 1;
      await delay(20);
    }
  }
  const producing = produce();
  async function stop(): Promise<number> {
    stopping.abort();
    await producing;
    return acknowledged;
  }
  return {
    tasksOf: (tab) => [common, ...own.slice(tab, tab + 1)],
    get acknowledged() {
      return acknowledged;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

interface Site extends AsyncDisposable {
  readonly origin: string;
}

/** The page and the worker's file, bundled as they would be for a real one. */
async function openSite(): Promise<Site> {
  const input = { page: 'test/e2e/shared-tab-page.ts', worker: 'src/client/shared-tab-worker.ts' };
  await using bundle = await rolldown({ input, platform: 'browser' });
  const { output } = await bundle.generate({ entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  const scripts = new Map(output.map((chunk) => [`/${chunk.fileName}`, 'code' in chunk ? chunk.code : '']));
  const server = createServer(({ url = '/' }, response) => {
    const script = scripts.get(url);
    if (script !== undefined) return response.setHeader('content-type', 'text/javascript').end(script);
    if (url.startsWith(NO_WORKERS)) response.setHeader('content-security-policy', "worker-src 'none'");
    return response.setHeader('content-type', 'text/html').end(PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${HOST}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
