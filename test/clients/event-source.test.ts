/**
 * The browser's own EventSource with nothing added: it comes back by itself, `Last-Event-ID` says where it was, and
 * 204 tells it to stop. It waits three seconds before each return, so it is cut less often than the others.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { systemProgram } from '../support/system-program.ts';
import { waitFor } from '../support/wait-for.ts';
import { EMIT, expectExactlyOnce, playStory, TASK, WATCH } from './story.ts';
import type { EmitAnswer, OfficialClient, TaskAnswer, Update, WatchAnswer } from './story.ts';

const chromium = systemProgram('chromium', CHROMIUM);

describe.skipIf(!chromium.present)('native EventSource in Chromium', () => {
  test('sees every event once, in order, across cuts and a restart, and stops after the end', async () => {
    await using browser = await openBrowser(chromium);
    const page = await browser.newPage();
    expectExactlyOnce(await playStory(({ origin }) => openInPage(page, origin), ['mid-frame', 'restart']));
  }, 60_000);
});

function openInPage(page: Page, origin: string): OfficialClient {
  // A page of the server's own origin; any will do.
  const opened = page.goto(`${origin}/healthz`);
  const post = async <Data>(query: string, variables: object): Promise<Data> => {
    await opened;
    const text = await page.evaluate(postInPage, JSON.stringify({ query, variables }));
    // The type is that of the caller's document.
    return (JSON.parse(text) as { data: Data }).data;
  };
  return {
    ask: async (id) => (await post<TaskAnswer>(TASK, { id })).task?.progress.sequence,
    emit: async (input) => (await post<EmitAnswer>(EMIT, { input })).emitEvent.event.sequence,
    async watch(taskId, onUpdate) {
      await page.exposeFunction('onFrame', (id: string, text: string) => onUpdate(readFrame(id, text)));
      const search = new URLSearchParams({ query: WATCH, variables: JSON.stringify({ taskId }) });
      await page.evaluate(startWatching, `/graphql?${search}`);
      await waitFor(async () => page.evaluate(() => Reflect.get(globalThis, 'readyState') === 'closed'), {
        withinMs: 40_000,
        what: 'the EventSource to close by itself',
        pollMs: 50,
      });
    },
    [Symbol.asyncDispose]: async () => page.close(),
  };
}

/** Runs in the page. */
async function postInPage(body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch('/graphql', { method: 'POST', headers, body });
  return response.text();
}

/** Runs in the page. */
function startWatching(url: string): void {
  const source = new EventSource(url);
  // The page was given it by `exposeFunction`.
  const onFrame = Reflect.get(globalThis, 'onFrame') as (id: string, data: string) => void;
  source.addEventListener('next', ({ lastEventId, data }) => onFrame(lastEventId, String(data)));
  source.addEventListener('error', () => {
    Reflect.set(globalThis, 'readyState', source.readyState === EventSource.CLOSED ? 'closed' : 'coming back');
  });
}

function readFrame(id: string, text: string): Update {
  // Sent by our own server for the document above.
  const { data } = JSON.parse(text) as { data: WatchAnswer };
  // A `+` says that the end is still owed.
  expect(id.replace(/\+$/, '')).toBe(data.taskUpdates.cursor);
  return data.taskUpdates;
}
