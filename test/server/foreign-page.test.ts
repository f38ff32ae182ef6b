/**
 * A page of another origin, in a real browser: whatever it tries, it reads nothing, stores nothing and gets no socket.
 * A page whose origin is listed gets all of it, so that the refusals are not for want of trying.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GOOD_EVENT, startApp, TASK, type TestApp } from '../support/app.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const READ = `{ task(id: "${TASK}") { id } }`;
const WATCH = `subscription { taskUpdates(taskId: "${TASK}") { cursor } }`;
const EMIT = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { duplicate } }';

interface Attempts {
  readonly url: string;
  readonly read: string;
  readonly watch: string;
  readonly emit: { readonly query: string; readonly variables: object };
}

/** By what was tried: what the page has of it. */
type Loot = Readonly<Record<string, string>>;

/** Runs in the page. */
async function tryEverything({ url, read, watch, emit }: Attempts): Promise<Loot> {
  const emitUrl = `${url}?${new URLSearchParams({ query: emit.query, variables: JSON.stringify(emit.variables) })}`;
  const form = new FormData();
  form.set('query', emit.query);
  form.set('variables', JSON.stringify(emit.variables));
  const said = async (answer: Promise<Response>): Promise<string> => {
    try {
      const response = await answer;
      return response.type === 'opaque' ? 'opaque' : `${response.status} ${await response.text()}`;
    } catch {
      return 'blocked';
    }
  };
  const send = (body: BodyInit, headers: Record<string, string>, more: RequestInit = {}): Promise<string> =>
    said(fetch(url, { method: 'POST', body, headers, ...more }));
  const json = JSON.stringify(emit);
  const byEvent = (open: () => EventTarget, good: string): Promise<string> =>
    new Promise((resolve) => {
      const target = open();
      target.addEventListener(good, () => resolve('open'), { once: true });
      target.addEventListener('error', () => resolve('blocked'), { once: true });
    });
  return {
    'a query by GET': await said(fetch(`${url}?query=${encodeURIComponent(read)}`)),
    'a query by GET that calls itself text': await said(
      fetch(`${url}?query=${encodeURIComponent(read)}`, { headers: { 'content-type': 'text/plain' } }),
    ),
    'a query by POST': await send(JSON.stringify({ query: read }), { 'content-type': 'application/json' }),
    'an emit as JSON': await send(json, { 'content-type': 'application/json' }),
    'an emit as text': await send(json, { 'content-type': 'text/plain' }),
    'an emit as text, unseen': await send(json, { 'content-type': 'text/plain' }, { mode: 'no-cors' }),
    'an emit as a form': await said(fetch(url, { method: 'POST', body: form, mode: 'no-cors' })),
    'an emit as an URL': await said(fetch(emitUrl, { mode: 'no-cors', method: 'POST' })),
    'an emit by GET': await said(fetch(emitUrl, { mode: 'no-cors' })),
    'with credentials': await said(fetch(`${url}?query=${encodeURIComponent(read)}`, { credentials: 'include' })),
    'an event stream': await byEvent(() => new EventSource(`${url}?query=${encodeURIComponent(watch)}`), 'open'),
    'a WebSocket': await byEvent(() => new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws'), 'open'),
  };
}

describe.skipIf(!chromium.present)('a page in Chromium', () => {
  let browser: Browser;
  let site: Server;
  let pageUrl: string;
  beforeAll(async () => {
    browser = await openBrowser(chromium);
    site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Another site</title>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    pageUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.close();
    site.close();
  });

  async function lootOf(server: TestApp): Promise<Loot> {
    const page = await browser.newPage();
    try {
      await page.goto(pageUrl);
      const emit = { query: EMIT, variables: { input: GOOD_EVENT } };
      return await page.evaluate(tryEverything, { url: server.graphqlUrl, read: READ, watch: WATCH, emit });
    } finally {
      await page.close();
    }
  }

  test('of a foreign origin reads nothing, stores nothing and opens nothing', async () => {
    await using server = await startApp();
    await server.emit();
    const before = await server.stored();
    const loot = await lootOf(server);
    // Opaque: the request went out, and the page may read nothing of the answer.
    for (const [what, had] of Object.entries(loot))
      expect([what, ['blocked', 'opaque'].includes(had)]).toEqual([what, true]);
    expect(await server.stored()).toBe(before);
    expect(server.app.stats()).toMatchObject({ sockets: 0, streams: 0, followers: 0 });
  }, 60_000);

  test('of a listed origin has what it asks for, and still cannot emit as a form, as text or by GET', async () => {
    await using server = await startApp({ settings: { allowedOrigins: pageUrl } });
    await server.emit();
    const before = await server.stored();
    const loot = await lootOf(server);
    const had = (what: string): string | undefined => loot[what];
    expect(had('a query by GET')).toContain(TASK);
    expect(had('a query by POST')).toContain(TASK);
    expect(had('an emit as JSON')).toContain('"duplicate":false');
    expect([had('an event stream'), had('a WebSocket')]).toEqual(['open', 'open']);
    // Not even a listed page is let read with credentials: no cookie means anything here.
    expect(had('with credentials')).toBe('blocked');
    expect(had('an emit as text')).toMatch(/^415 /);
    expect(await server.stored()).toBe(before + 1);
  }, 60_000);
});
