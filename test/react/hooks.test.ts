/** The hooks in a browser: what they show, how often they render, and what is left when they are gone. */
import { setInterval } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { renderToString } from 'react-dom/server';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataOf, startApp, type TestApp } from '../support/app.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { sized } from '../support/sizes.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { story } from './harness.ts';
import { bundleHarness, openHarness, type OpenPage } from './open-page.ts';

const PUBLISH = 'mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { duplicate } }';
const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('drumline/react in Chromium', () => {
  let browser: Browser;
  let script: string;
  beforeAll(async () => {
    browser = await openBrowser(chromium);
    script = await bundleHarness();
  });
  afterAll(() => browser.close());

  const url = '/graphql';
  const open = ({ origin }: { readonly origin: string }, root = '') => openHarness(browser, origin, { script, root });

  test('a task that begins, goes on, ends; across a break', async () => {
    await using server = await startApp();
    await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
    await using page = await open(proxy);
    await page.call('show', { url, taskId: 'a' });
    await untilShown(page, { taskId: 'a', events: [], board: [], hasEnded: false, connection: 'connected' });
    await server.emit({ taskId: 'a', message: 'one' });
    await server.emit({ taskId: 'a', message: 'two' });
    await untilShown(page, { sequence: 2, events: ['one', 'two'], board: ['a'] });
    for (const connection of proxy.connections()) connection.reset();
    await server.emit({ taskId: 'a', message: 'three' });
    await untilShown(page, { sequence: 3, events: ['two', 'three'], connection: 'connected' });
    await server.emit({ taskId: 'a', eventType: 'TASK_COMPLETED', message: 'done' });
    await untilShown(page, { sequence: 4, events: ['three', 'done'], hasEnded: true });
    // Only the board goes on.
    await waitFor(() => server.app.stats().followers === 1, { withinMs: 10_000, what: 'the end of both streams' });
    expect(page.complaints).toEqual([]);
  });

  test('another task in the same component; what cannot pass is shown, not thrown', async () => {
    await using server = await startApp();
    await using page = await open(server);
    await server.emit({ taskId: 'a' });
    await page.call('show', { url, taskId: 'a' });
    await untilShown(page, { taskId: 'a', sequence: 1 });
    await page.call('show', { url, taskId: 'b' });
    await untilShown(page, { taskId: 'b', events: [], board: [] });
    await server.emit({ taskId: 'b' });
    await untilShown(page, { taskId: 'b', sequence: 1, board: ['b'] });
    // Those of the first task are let go of.
    await waitFor(() => server.app.stats().followers === 3, { withinMs: 10_000, what: 'three streams' });
    dataOf(await server.post('mutation { deleteTask(taskId: "b") { deleted } }'));
    await untilShown(page, { error: 'TASK_DELETED', board: [] });
    await page.call('show', { url, taskId: 'a' });
    await untilShown(page, { taskId: 'a', sequence: 1, connection: 'connected' });
    expect(page.complaints).toEqual([]);
  });

  test('observations of one task and of all: the last, then what is said, across a break', async () => {
    await using server = await startApp();
    await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
    await using page = await open(proxy);
    const say = async (content: string, taskId?: string): Promise<unknown> =>
      dataOf(await server.post(PUBLISH, { input: { content, taskId } }));
    for (const content of ['one', 'two', 'three']) await say(content, 'a');
    await say('four');
    await page.call('showSaid', { url, taskId: 'a', last: 2 });
    await untilShown(page, { ofTask: ['two', 'three'], ofAll: ['three', 'four'], dropped: 0 });
    for (const connection of proxy.connections()) connection.reset();
    await say('five', 'a');
    await say('six');
    await untilShown(page, { ofTask: ['two', 'three', 'five'], ofAll: ['four', 'five', 'six'], dropped: 1 });
    // As many as there are, when they are not counted.
    await page.call('showSaid', { url, taskId: 'a' });
    await untilShown(page, { ofTask: ['one', 'two', 'three', 'five'], dropped: 3 });
    expect(page.complaints).toEqual([]);
  });

  test('one connection, whatever renders; none when all is gone', async () => {
    await using server = await startApp();
    await using page = await open(server);
    const sockets: unknown[] = [];
    page.page.on('websocket', (socket) => sockets.push(socket));
    await server.emit({ taskId: 'a' });
    for (let times = 0; times < 20; times += 1) await page.call('show', { url, taskId: 'a' });
    await untilShown(page, { sequence: 1, connection: 'connected' });
    for (let times = 0; times < 20; times += 1) await page.call('show', { url, taskId: 'a' });
    // A page change: all is gone, and some of it comes back.
    await page.call('unmount');
    await page.call('show', { url, taskId: 'a' });
    await untilShown(page, { sequence: 1, connection: 'connected' });
    await page.call('unmount');
    await waitFor(() => server.app.stats().sockets === 0, { withinMs: 10_000, what: 'the end of all sockets' });
    expect(server.app.stats().followers).toBe(0);
    // One for each provider.
    expect(sockets).toHaveLength(2);
  });

  test('a page that the server rendered goes live without a difference', async () => {
    await using server = await startApp();
    await server.emit({ taskId: 'a', message: 'one' });
    await using page = await open(server, renderToString(story({ url, taskId: 'a' })));
    await untilShown(page, { taskId: 'a', events: [] });
    await page.call('hydrate', { url, taskId: 'a' });
    await untilShown(page, { sequence: 1, events: ['one'], connection: 'connected' });
    expect(await page.call('recovered')).toEqual([]);
    expect(page.complaints).toEqual([]);
  });

  test('100 components under 200 events a second render as often as was set, and only when they changed', async () => {
    await using server = await startApp();
    await using page = await open(server);
    const maxRate = 20;
    await page.call('crowd', { url, taskId: 'crowd', components: 100, maxRate, isBusy: false });
    const { total, perSecond } = await emitSteadily(server, 4);
    await waitFor(async () => (await page.call('seen'))?.sequence === total, { withinMs: 10_000, what: 'the last' });
    const seen = await page.call('seen');
    if (seen === undefined) throw new Error('nothing was seen');
    const seconds = (seen.lastMs - seen.firstMs) / 1_000;
    console.log(`${perSecond.toFixed(0)} events/s, ${(seen.commits / seconds).toFixed(1)} commits/s`);
    expect(perSecond).toBeGreaterThan(2 * maxRate);
    // Three more: the empty page, the news of the connection, and the first update.
    expect(seen.commits).toBeLessThanOrEqual(seconds * maxRate + 3);
    expect(seen.commits).toBeGreaterThan((seconds * maxRate) / 4);
    expect(seen.torn).toBe(0);
    // Each had an event in a hundred, and rendered once before the first.
    expect(Object.keys(seen.commitsOf)).toHaveLength(100);
    expect(Math.max(...Object.values(seen.commitsOf))).toBeLessThanOrEqual(total / 100 + 1);
    expect(server.app.stats().followers).toBe(1);
  });

  test('twenty places show one sequence in each commit, though React is kept busy with renders it may interrupt', async () => {
    await using server = await startApp();
    await using page = await open(server);
    // Without components of their own: what those render in haste would make React begin the others anew.
    await page.call('crowd', { url, taskId: 'crowd', components: 0, maxRate: 20, isBusy: true });
    const { total } = await emitSteadily(server, 4);
    await waitFor(async () => (await page.call('seen'))?.sequence === total, { withinMs: 20_000, what: 'the last' });
    const seen = await page.call('seen');
    expect(seen?.torn).toBe(0);
    expect(seen?.interruptible).toBeGreaterThan(20);
    expect(seen?.commits).toBeGreaterThan(10);
  });

  test('many mounts and unmounts leave nothing behind', { timeout: 180_000 }, async () => {
    // Those that were left are followed for a second more.
    await using server = await startApp({ settings: { maxOperationsPerSocket: '1000' } });
    await using page = await open(server);
    const taskId = 'left';
    for (let index = 0; index < 100; index += 1) await server.emit({ taskId, component: `c${index}` });
    const cycle = async (times: number): Promise<number> => {
      await page.call('mountAndUnmount', { url, taskId, times });
      const { app } = server;
      await waitFor(() => app.stats().followers === 0 && app.stats().sockets === 0, {
        withinMs: 20_000,
        what: () => `the server to let go of ${JSON.stringify(app.stats())}`,
      });
      return heapOf(page);
    };
    // What is made once is no leak.
    const before = await cycle(100);
    const startedAt = performance.now();
    const after = await cycle(sized({ usual: 300, full: 1_000 }));
    console.log(
      `${((after - before) / 1_000).toFixed(0)} kB more, ${((performance.now() - startedAt) / 1e3).toFixed(0)} s`,
    );
    // A store that stays would be 20 kB, with its hundred components.
    expect(after - before).toBeLessThan(1_500_000);
    expect(page.complaints).toEqual([]);
  });
});

/** Bytes in use when nothing is left to collect. */
async function heapOf({ page }: OpenPage): Promise<number> {
  const session = await page.context().newCDPSession(page);
  for (let times = 0; times < 3; times += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

async function untilShown({ call }: OpenPage, expected: object): Promise<void> {
  let text = '';
  await waitFor(
    async () => {
      text = await call('text');
      const shown = new Map<string, unknown>(text === '' ? [] : Object.entries(JSON.parse(text) as object));
      return Object.entries(expected).every(([name, value]) => isDeepStrictEqual(shown.get(name), value));
    },
    { withinMs: 10_000, what: () => `${JSON.stringify(expected)}, and it is ${text}` },
  );
}

/** 200 events a second, from each of 100 components in turn. */
async function emitSteadily({ app }: TestApp, seconds: number): Promise<{ total: number; perSecond: number }> {
  const startedAt = performance.now();
  const perTick = 5;
  let total = 0;
  for await (const _ of setInterval(25)) {
    for (let count = 0; count < perTick; count += 1) {
      await app.manager.emit({
        taskId: 'crowd',
        eventType: 'progress_update',
        component: `c${total % 100}`,
        stage: 'analysis',
        message: `event ${total}`,
      });
      total += 1;
    }
    if (total >= seconds * 200) break;
  }
  return { total, perSecond: total / ((performance.now() - startedAt) / 1_000) };
}
