/** From nothing to a whole run: the page of a server that has never had a task plays the demo and shows it live. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard, type Dashboard } from '../support/dashboard.ts';
import { systemProgram } from '../support/system-program.ts';
import { waitFor } from '../support/wait-for.ts';

const chromium = systemProgram('chromium', CHROMIUM);

/** What the page showed, each time that it changed. */
interface Sample {
  readonly sequence: number;
  readonly progress: number;
}

describe.skipIf(!chromium.present)('the demo', () => {
  let dashboard: Dashboard;
  beforeAll(async () => {
    dashboard = await openDashboard({ chromium });
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  test('is played from the empty board, shown live over a reload, and ends; the page asks nobody else and complains of nothing', async () => {
    await using visit = await dashboard.visit();
    const { page, requests, complaints } = visit;
    const samples = await sampleProgress(page);
    await page.getByRole('heading', { name: 'No task yet' }).waitFor();
    await page.getByRole('button', { name: 'Run the demo' }).click();
    await page.getByRole('slider', { name: 'Place in the run' }).waitFor();
    await page.waitForURL(({ searchParams }) => searchParams.get('task')?.startsWith('demo-') === true);
    await until('a third of the run', () => (samples.at(-1)?.progress ?? 0) > 0.3);
    await page.reload();
    const before = samples.length;
    await page.getByRole('slider', { name: 'Place in the run' }).waitFor();
    await until('news after the reload', () => samples.length > before + 3);
    await page.locator('.connection.over').waitFor({ timeout: 30_000 });

    // A reload shows what there is by then; nothing of it is ever less than what was shown before.
    expect(samples.length).toBeGreaterThan(50);
    expect(isGrowing(samples.map(({ sequence }) => sequence))).toBe(true);
    expect(isGrowing(samples.map(({ progress }) => progress))).toBe(true);
    expect(samples.at(-1)?.progress).toBe(1);
    await expect.poll(() => page.locator('.stages [aria-current=step]').textContent()).toBe('complete');
    await expect.poll(() => page.locator('.feed-row').count()).toBeGreaterThan(5);

    const { host } = new URL(dashboard.server.origin);
    expect(requests.filter((url) => new URL(url).host !== host)).toEqual([]);
    expect(requests.some((url) => url.startsWith('ws:'))).toBe(true);
    expect(complaints).toEqual([]);
    const answer = await fetch(dashboard.server.origin);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  });
});

/** Goes on over reloads. */
async function sampleProgress(page: Page): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  await page.exposeFunction('sample', (sequence: number, progress: number) => samples.push({ sequence, progress }));
  const watch = `new MutationObserver(() => {
    const output = document.querySelector('.progress-row [data-sequence]');
    if (output === null) return;
    const key = output.dataset.sequence;
    if (key === globalThis.sampled) return;
    globalThis.sampled = key;
    sample(Number(key), Number(document.querySelector('.progress-row .bar').dataset.value));
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true })`;
  await page.addInitScript(watch);
  await page.evaluate(watch);
  return samples;
}

function isGrowing(values: readonly number[]): boolean {
  return values.every((value, index) => value >= (values[index - 1] ?? 0));
}

async function until(what: string, condition: () => boolean): Promise<void> {
  await waitFor(condition, { withinMs: 30_000, what, pollMs: 20 });
}
