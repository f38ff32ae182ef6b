/**
 * A network that fails for a moment cuts everybody at once, and everybody comes back at once. All are live and have what
 * they missed within half a minute, while emits go on being answered.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openRoamingWatcher } from '../support/roaming-watcher.ts';
import { startServer } from '../support/server-process.ts';
import { startLoad } from '../support/steady-load.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const WATCHERS = 5_000;
const TASKS = Array.from({ length: 50 }, (_, index) => `storm-${index}`);
const PER_SECOND = 100;

test(
  `${WATCHERS} watchers who are cut at once are back and up to date within 30 s, and emits go on`,
  { timeout: 240_000 },
  async () => {
    await using directory = await openTempDir();
    await using server = await startServer({ store: directory.sqliteStore, args: ['--log-level', 'warn'] });
    await using load = startLoad({ origins: [server.origin], taskIds: TASKS, perSecond: PER_SECOND });
    const watchers = Array.from({ length: WATCHERS }, (_, index) => {
      const taskId = TASKS[index % TASKS.length] ?? '';
      const transport = index % 10 === 0 ? 'sse' : 'ws';
      return openRoamingWatcher({ origin: server.origin, transport, taskId });
    });
    await using cleanup = new AsyncDisposableStack();
    // One after the other would take a minute.
    cleanup.defer(async () => void (await Promise.all(watchers.map((watcher) => watcher[Symbol.asyncDispose]()))));
    const areAll = (isSo: (watcher: (typeof watchers)[number]) => boolean): boolean => watchers.every(isSo);
    const count = (isSo: (watcher: (typeof watchers)[number]) => boolean): number => watchers.filter(isSo).length;
    await waitFor(() => areAll(({ at }) => at > 0), {
      withinMs: 90_000,
      what: () => `everybody's first event; ${count(({ at }) => at > 0)} have it`,
      pollMs: 50,
    });

    const placesBefore = watchers.map(({ at }) => at);
    const cutAt = performance.now();
    for (const watcher of watchers) watcher.move();
    // Live again: it has an event that was recorded after its return.
    const isBack = (watcher: (typeof watchers)[number], index: number): boolean =>
      watcher.connects > 1 && watcher.at > (placesBefore[index] ?? 0);
    await waitFor(() => watchers.every(isBack), {
      withinMs: 30_000,
      what: () => `everybody to be back; ${watchers.filter(isBack).length} are`,
      pollMs: 50,
    });
    const backMs = performance.now() - cutAt;
    await load.stop();
    const heads = new Map(TASKS.map((taskId) => [taskId, load.history(taskId).length]));
    await waitFor(() => watchers.every(({ at }, index) => at === heads.get(TASKS[index % TASKS.length] ?? '')), {
      withinMs: 30_000,
      what: 'everybody to have everything',
      pollMs: 50,
    });

    const meanwhile = load.attempts.filter(({ startedAt }) => startedAt >= cutAt && startedAt <= cutAt + backMs);
    const slowest = Math.max(...meanwhile.map(({ tookMs }) => tookMs));
    const residentMb =
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1_000;
    console.info(
      `reconnect storm: ${WATCHERS} back after ${Math.round(backMs)} ms; ${meanwhile.length} emits meanwhile, ` +
        `the slowest answer after ${Math.round(slowest)} ms; ${Math.round(residentMb)} MB of memory`,
    );
    expect(load.attempts.filter(({ result }) => result.outcome !== 'ok')).toEqual([]);
    expect(watchers.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(backMs).toBeLessThan(30_000);
    expect(residentMb).toBeLessThan(1_000);
  },
);
