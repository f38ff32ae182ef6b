/// <reference lib="dom" />
/**
 * How the dashboard bears a big server: one with a run of 100,000 events and 5,000 tasks, in Chromium beside the server
 * on the same cores. Then how much memory its tab takes while a task reports 500 events a second.
 *
 *   node bench/dashboard.ts [--repeats 5] [--minutes 10]
 *
 * It needs a built dashboard (`npm run build`) and Debian's Chromium.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { EmitEventsDocument, request, type EmitEventInput } from '../src/client/index.ts';

const EVENTS = 100_000;
const TASKS = 5_000;
const PER_SECOND = 500;
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Action {
  readonly what: string;
  readonly selector: string;
  /** Which of those that the selector finds. */
  readonly index?: number;
  /** Left out: it is clicked. */
  readonly scrollTo?: number;
}

const RUN_ACTIONS: readonly Action[] = [
  { what: 'problems alone', selector: '.tools input[type=checkbox]:not(.panel input)' },
  { what: 'all events again', selector: '.tools input[type=checkbox]:not(.panel input)' },
  { what: 'zoom in', selector: '.zoom button', index: 1 },
  { what: 'all of the run', selector: '.zoom button', index: 2 },
  { what: 'scroll the list to its middle', selector: '.feed', scrollTo: 1_400_000 },
];
const BOARD_ACTIONS: readonly Action[] = [
  { what: 'sort by progress', selector: '.header-row button', index: 1 },
  { what: 'sort by name', selector: '.header-row button' },
  { what: 'scroll the board to its middle', selector: 'html', scrollTo: 90_000 },
];

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: '5' }, minutes: { type: 'string', default: '10' } },
});

const directory = mkdtempSync(join(tmpdir(), 'drumline-dashboard-'));
const server = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--store', `sqlite:${directory}/drumline.db`], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const origin = await originOf(server.stdout);
  const url = `${origin}/graphql`;
  for (const inputs of batchesOf(EVENTS, runEvent)) await emit(url, inputs);
  for (const inputs of batchesOf(TASKS, taskEvent)) await emit(url, inputs);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    await measurePages(browser, origin, Number(values.repeats));
    if (Number(values.minutes) > 0) await measureMemory(browser, origin, Number(values.minutes));
  } finally {
    await browser.close();
  }
} finally {
  server.kill();
  await once(server, 'exit');
  rmSync(directory, { recursive: true });
}

async function measurePages(browser: Browser, origin: string, repeats: number): Promise<void> {
  const figures = new Map<string, number[]>();
  const note = (what: string, ms: number): void => void figures.set(what, [...(figures.get(what) ?? []), ms]);
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const run = await openPage(browser);
    note(`run of ${EVENTS}: bar, score and last events`, await opened(run, `${origin}/?task=run`, 'button.event'));
    await run.waitForFunction(() => document.querySelector('.tools .reading') === null, undefined, {
      timeout: 120_000,
    });
    note('… all of its past is read', await run.evaluate(() => performance.now()));
    for (const action of RUN_ACTIONS) note(`… ${action.what}`, await reaction(run, action));
    note('… playhead to another place', await scrub(run));
    await run.close();
    const board = await openPage(browser);
    note(`board of ${TASKS} tasks: first rows`, await opened(board, origin, '.task-row a'));
    for (const action of BOARD_ACTIONS) note(`… ${action.what}`, await reaction(board, action));
    await board.close();
  }
  console.log('| | median ms | min–max |\n| --- | ---: | --- |');
  for (const [what, list] of figures) {
    const sorted = list.toSorted((a, b) => a - b).map(Math.round);
    console.log(`| ${what} | ${sorted[sorted.length >> 1]} | ${sorted[0]}–${sorted.at(-1)} |`);
  }
}

function openPage(browser: Browser): Promise<Page> {
  return browser.newPage({ viewport: { width: 1_280, height: 800 } });
}

/** Milliseconds from the navigation until what people came for is there. */
async function opened(page: Page, url: string, selector: string): Promise<number> {
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector(selector, { timeout: 60_000 });
  return page.evaluate(() => performance.now());
}

/** From what somebody does until the next picture is drawn. */
async function reaction(page: Page, action: Action): Promise<number> {
  return page.evaluate(async ({ selector, index = 0, scrollTo }) => {
    const element = document.querySelectorAll<HTMLElement>(selector)[index];
    if (element === undefined) throw new Error(`There is no ${selector}.`);
    const before = performance.now();
    if (scrollTo === undefined) element.click();
    else element.scrollTo(0, scrollTo);
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - before;
  }, action);
}

/** From the pointer to the state of that moment, the question to the server included. */
async function scrub(page: Page): Promise<number> {
  const box = await page.locator('.ruler').boundingBox();
  if (box === null) throw new Error('There is no ruler.');
  const took = page.evaluate(async () => {
    const pressed = new Promise<number>((resolve) => {
      addEventListener('pointerdown', () => resolve(performance.now()), { once: true, capture: true });
    });
    const shown = new Promise<number>((resolve) => {
      new MutationObserver((_changes, observer) => {
        if (document.querySelector('.past-notice:not(.asking)') === null) return;
        observer.disconnect();
        resolve(performance.now());
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    return (await shown) - (await pressed);
  });
  await page.mouse.move(box.x + box.width * 0.4, box.y + 8);
  await page.mouse.down();
  const tookMs = await took;
  await page.mouse.up();
  return tookMs;
}

/** The tab's heap, a minute after the other, each time after what nobody needs was let go. */
async function measureMemory(browser: Browser, origin: string, minutes: number): Promise<void> {
  const page = await openPage(browser);
  await page.goto(`${origin}/?task=live`);
  const session = await page.context().newCDPSession(page);
  const stop = new AbortController();
  const load = emitSteadily(`${origin}/graphql`, stop.signal);
  for (let minute = 0; minute <= minutes; minute += 1) {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const sequence = await page.evaluate(
      () => document.querySelector<HTMLElement>('.run-header [data-sequence]')?.dataset['sequence'],
    );
    console.log(`${minute} min: ${(usedSize / 1e6).toFixed(1)} MB, ${sequence ?? 0} events`);
    if (minute < minutes) await delay(60_000);
  }
  stop.abort();
  await load;
}

async function emitSteadily(url: string, signal: AbortSignal): Promise<void> {
  const start = performance.now();
  for (let sent = 0; !signal.aborted;) {
    const due = Math.floor(((performance.now() - start) / 1_000) * PER_SECOND) - sent;
    const inputs = Array.from({ length: Math.min(due, 500) }, (_, index) => liveEvent(sent + index));
    if (inputs.length > 0) await emit(url, inputs);
    sent += inputs.length;
    await delay(50);
  }
}

function runEvent(n: number): EmitEventInput {
  return {
    ...liveEvent(n),
    taskId: 'run',
    timestamp: new Date(Date.now() - 3_600_000 + n * 35).toISOString(),
    ...(n % 10 === 0 ? { details: { item: n, rules: [1, 2, 3], where: { file: 'a.ts', line: n } } } : {}),
  };
}

function liveEvent(n: number): EmitEventInput {
  return {
    taskId: 'live',
    eventType: n % 997 === 996 ? 'WARNING' : n % 2 === 0 ? 'DATA_PROCESSING' : 'PROGRESS_UPDATE',
    component: `worker_${n % 40}_drummer`,
    stage: 'ANALYSIS',
    message: `Item ${n}: checked against the ${n % 7} rules of part ${n % 31}, nothing to complain about`,
    progress: Math.min(0.99, n / EVENTS),
  };
}

function taskEvent(n: number): EmitEventInput {
  return { ...liveEvent(n), taskId: `task-${n}`, eventType: n % 3 === 0 ? 'TASK_COMPLETED' : 'PROGRESS_UPDATE' };
}

function* batchesOf(count: number, make: (n: number) => EmitEventInput): Generator<EmitEventInput[]> {
  for (let from = 0; from < count; from += 1_000) {
    yield Array.from({ length: Math.min(1_000, count - from) }, (_, index) => make(from + index));
  }
}

async function emit(url: string, inputs: EmitEventInput[]): Promise<void> {
  await request({ url, document: EmitEventsDocument, variables: { inputs } });
}

async function originOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const match = /^drumline listening on (http:\/\/\S+)$/.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error('The server did not start.');
}
