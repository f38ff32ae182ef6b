/**
 * The dashboard of this checkout in a real browser, before a real server. Whatever a page asks for, and whatever it
 * complains of, is written down, so that a test can say that there was nothing of the kind.
 */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import type { SystemProgram } from './system-program.ts';
import { openTempDir, type TempDir } from './temp-dir.ts';

export type Size = 'desk' | 'phone';
const SIZES: Readonly<Record<Size, { readonly width: number; readonly height: number }>> = {
  desk: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
};

export interface Dashboard extends AsyncDisposable {
  readonly server: ServerProcess;
  /** Of the server's store. */
  readonly directory: TempDir;
  readonly browser: Browser;
  /** A tab of a profile of its own. */
  visit(path?: string, options?: VisitOptions): Promise<Visit>;
}

export interface VisitOptions extends BrowserContextOptions {
  readonly size?: Size;
}

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Everything that was asked for, streams included. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, errors that nobody caught, dialogs, and what the page's policy forbade. */
  readonly complaints: readonly string[];
}

export interface DashboardOptions {
  readonly chromium: SystemProgram;
  readonly args?: readonly string[];
}

/** The caller disposes it: `await using`, or a stack. */
export async function openDashboard({ chromium, args = [] }: DashboardOptions): Promise<Dashboard> {
  await using opening = new AsyncDisposableStack();
  const directory = opening.use(await openTempDir());
  const server = opening.use(await startServer({ store: directory.sqliteStore, args }));
  const browser = opening.use(await openBrowser(chromium));
  const stack = opening.move();
  return {
    server,
    directory,
    browser,
    visit: (path = '/', options = {}) => visit(browser, `${server.origin}${path}`, options),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function visit(browser: Browser, url: string, { size = 'desk', ...options }: VisitOptions): Promise<Visit> {
  const profile = await browser.newContext({ viewport: SIZES[size], ...options });
  const [requests, complaints]: [string[], string[]] = [[], []];
  const page = await profile.newPage();
  profile.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error('policy: ' + violatedDirective + ' ' + blockedURI))`,
  );
  await page.goto(url);
  return { page, requests, complaints, [Symbol.asyncDispose]: () => profile.close() };
}

/** At the same time. */
export async function inBothSizes<Result>(act: (size: Size) => Promise<Result>): Promise<Record<Size, Result>> {
  const [desk, phone] = await Promise.all([act('desk'), act('phone')]);
  return { desk, phone };
}

/** As a link of the page does: what was unfolded before is gone with the view that it was in. */
export async function go(page: Page, path: string): Promise<void> {
  await page.keyboard.press('Escape');
  for (const each of ['/?task=none', path]) {
    await page.evaluate(`history.pushState(null, '', ${JSON.stringify(each)}), dispatchEvent(new Event('popstate'))`);
  }
}
