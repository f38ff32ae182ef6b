/** The harness in Chromium, on a page of the server's own origin. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { bundlePage } from '../support/bundle.ts';
import type { Harness } from './harness.ts';

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  call<Name extends keyof Harness>(
    name: Name,
    ...given: Parameters<Harness[Name]>
  ): Promise<Awaited<ReturnType<Harness[Name]>>>;
  /** What went wrong in the page, or was warned of. */
  readonly complaints: readonly string[];
}

export const bundleHarness = (): Promise<string> => bundlePage(join(import.meta.dirname, 'harness.ts'));

export async function openHarness(
  browser: Browser,
  origin: string,
  { script, root = '' }: { readonly script: string; readonly root?: string },
): Promise<OpenPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const isAboutIcon = message.location().url.endsWith('/favicon.ico');
    if ((message.type() === 'error' || message.type() === 'warning') && !isAboutIcon) complaints.push(message.text());
  });
  // What the server itself sends: a page from elsewhere may not connect to this machine.
  await page.goto(`${origin}/healthz`);
  await page.evaluate((html) => void (document.body.innerHTML = html), `<div id="root">${root}</div>`);
  await page.addScriptTag({ content: script });
  return {
    page,
    complaints,
    call: (name, ...given) => page.evaluate(callHarness, { name, given }) as never,
    [Symbol.asyncDispose]: () => page.close(),
  };
}

/** Runs in the page. */
function callHarness({ name, given }: { readonly name: string; readonly given: readonly unknown[] }): unknown {
  const { harness } = Reflect.get(globalThis, 'page') as { harness: Record<string, (...given: unknown[]) => unknown> };
  return harness[name]?.(...given);
}
