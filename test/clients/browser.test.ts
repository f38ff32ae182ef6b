/** The same apps in a browser, on its own WebSocket and fetch, bundled as an app would be. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { systemProgram } from '../support/system-program.ts';
import type { AppName } from './page.ts';
import { expectExactlyOnce, playStory, STORY_MS, type ClientOptions, type OfficialClient } from './story.ts';

const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('in Chromium', () => {
  test.each(['apollo', 'urql'] as const)(
    '%s sees every event once, in order, across cuts and restarts',
    async (name) => {
      await using browser = await openBrowser(chromium);
      const page = await browser.newPage();
      const errors: Error[] = [];
      page.on('pageerror', (error) => errors.push(error));
      const code = await bundle();
      expectExactlyOnce(await playStory((options) => openInPage(page, { ...options, name, code })));
      expect(errors).toEqual([]);
    },
    2 * STORY_MS,
  );
});

async function bundle(): Promise<string> {
  await using bundled = await rolldown({
    input: fileURLToPath(new URL('page.ts', import.meta.url)),
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  });
  const { output } = await bundled.generate({ format: 'iife' });
  return output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('\n');
}

interface PageOptions extends ClientOptions {
  readonly name: AppName;
  readonly code: string;
}

function openInPage(page: Page, { origin, mayReconnect, name, code }: PageOptions): OfficialClient {
  const opened = open();
  async function open(): Promise<void> {
    // A page of the server's own origin; any will do.
    await page.goto(`${origin}/healthz`);
    await page.exposeFunction('mayReconnect', mayReconnect);
    await page.evaluate(code);
    await page.evaluate(([app, at]) => globalThis.openApp(app, at), [name, origin] as const);
  }
  return {
    async ask(id) {
      await opened;
      return page.evaluate((taskId) => globalThis.app.ask(taskId), id);
    },
    emit: async (input) => page.evaluate((event) => globalThis.app.emit(event), input),
    async watch(taskId, onUpdate) {
      await page.exposeFunction('onUpdate', onUpdate);
      await page.evaluate((id) => globalThis.app.watch(id, (update) => globalThis.onUpdate(update)), taskId);
    },
    [Symbol.asyncDispose]: async () => page.close(),
  };
}
