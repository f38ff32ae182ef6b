/**
 * Real servers under load, with watchers of every kind: the scene in which something goes wrong with the store or the
 * bus. A test makes it go wrong and sets it right; what was promised all the while is checked here.
 */
import { expect } from 'vitest';
import { checkHistory } from './history.ts';
import { startLoad, type Attempt, type Load } from './steady-load.ts';
import { readTaskLog } from './read-log.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { settlesWithin, waitFor } from './wait-for.ts';
import { openWatcher, type Watcher } from './watchers.ts';

export interface SceneOptions {
  /** What each server is started with; one server for each. */
  readonly servers: readonly { readonly store: string; readonly args?: readonly string[] }[];
  /** Servers that are emitted to, by number; all when left out. */
  readonly emitTo?: readonly number[];
  readonly perSecond?: number;
}

export interface Scene extends AsyncDisposable {
  readonly servers: readonly ServerProcess[];
  readonly watchers: readonly Watcher[];
  readonly attempts: readonly Attempt[];
  /** Waits until every watcher was given an event that was emitted after this call. @returns how long that took. */
  flowsWithin(withinMs: number): Promise<number>;
  /** Of each server: `/healthz` is 200, and `/readyz` this. */
  expectHealth(expected: {
    readonly status: number;
    readonly reasons?: unknown;
    readonly degraded?: unknown;
  }): Promise<void>;
  /**
   * Every emit was answered in time with what is true of it, every stream was open all the time, and every watcher was
   * given every event once and in order.
   */
  finish(): Promise<void>;
}

const TASKS = ['scene-a', 'scene-b'];
const ANSWER_MS = 2_000;

export async function openScene({ servers: options, emitTo, perSecond = 60 }: SceneOptions): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  const servers: ServerProcess[] = [];
  for (const option of options) servers.push(opening.use(await startServer(option)));
  const origins = servers.filter((_, index) => emitTo?.includes(index) ?? true).map(({ origin }) => origin);
  const watchers = servers.flatMap(({ origin }, index) =>
    TASKS.flatMap((taskId, task) => {
      const transport = (index + task) % 2 === 0 ? 'ws' : 'sse';
      const name = `${transport} of ${taskId} on server ${index + 1}`;
      return [opening.use(openWatcher(transport, { name, origin, taskId, replay: true }))];
    }),
  );
  const load = opening.use(startLoad({ origins, taskIds: TASKS, perSecond }));

  function lags(since: number): readonly string[] {
    return watchers.flatMap((watcher) => {
      const emitted = load.attempts.find(
        ({ startedAt, input, result }) =>
          startedAt >= since && result.outcome === 'ok' && watcher.name.includes(input.taskId),
      );
      if (emitted?.result.outcome !== 'ok') return [`${watcher.name}: nothing was acknowledged`];
      const [sequence = 0] = emitted.result.sequences;
      return watcher.at >= sequence ? [] : [`${watcher.name}: at ${watcher.at} of ${sequence}`];
    });
  }

  async function flowsWithin(withinMs: number): Promise<number> {
    const since = performance.now();
    const what = (): string => `events to flow: ${lags(since).join(', ')}`;
    const allowedMs = withinMs + load.machine.allowanceMs;
    await waitFor(() => lags(since).length === 0, { withinMs: allowedMs, what, pollMs: 10 });
    return performance.now() - since;
  }

  async function judge(isOver: boolean): Promise<void> {
    for (const taskId of TASKS) {
      const log = await readTaskLog(servers[0]?.graphqlUrl ?? '', taskId);
      const records = watchers.filter(({ name }) => name.includes(taskId)).map((watcher) => watcher.record(isOver));
      const history = { taskId, emits: load.history(taskId), log, watchers: records };
      expect(checkHistory(history)).toEqual([]);
    }
  }

  await flowsWithin(20_000);
  const stack = opening.move();
  return {
    servers,
    watchers,
    attempts: load.attempts,
    flowsWithin,
    async expectHealth({ status, ...body }) {
      for (const { origin } of servers) {
        const [alive, ready] = await Promise.all(['/healthz', '/readyz'].map((path) => ask(origin + path)));
        expect(alive?.status).toBe(200);
        expect(ready).toMatchObject({ status, body });
      }
    },
    async finish() {
      await load.stop();
      report(load);
      const latestMs = ANSWER_MS + load.machine.allowanceMs;
      expect(load.attempts.flatMap((attempt) => wrongAnswers(attempt, latestMs))).toEqual([]);
      await judge(false);
      await load.retryUnknown();
      for (const taskId of TASKS) await load.complete(taskId);
      const ends = watchers.map(({ ended, name }) => settlesWithin(ended, { withinMs: 20_000, what: name }));
      await Promise.all(ends);
      await judge(true);
      expect(watchers.filter(({ connects }) => connects !== 1).map(({ name }) => name)).toEqual([]);
      const frames = watchers.flatMap((watcher) => watcher.frames());
      expect(frames.filter(({ __typename }) => __typename === 'TaskGap')).toEqual([]);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function ask(url: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return { status: response.status, body: await response.json() };
}

/** All that is not an acknowledgement must be STORE_UNAVAILABLE, and in time, as far as the machine allowed it. */
function wrongAnswers({ input, result, tookMs }: Attempt, latestMs: number): readonly string[] {
  const code = result.outcome === 'ok' ? undefined : result.outcome === 'failed' ? result.code : result.cause;
  return [
    ...(tookMs > latestMs ? [`${input.eventId} was answered after ${Math.round(tookMs)} ms`] : []),
    ...(code === undefined || code === 'STORE_UNAVAILABLE' ? [] : [`${input.eventId} was answered ${code}`]),
  ];
}

function report({ attempts, machine }: Load): void {
  const count = (outcome: string): number => attempts.filter(({ result }) => result.outcome === outcome).length;
  const slowestMs = Math.max(...attempts.map(({ tookMs }) => tookMs));
  const outcomes = `${count('ok')} ok, ${count('failed')} failed, ${count('unknown')} unknown`;
  const times = `slowest ${Math.round(slowestMs)} ms, beside a probe of ${Math.round(machine.slowestMs)} ms`;
  console.info(`${attempts.length} emits: ${outcomes}; ${times}`);
}
