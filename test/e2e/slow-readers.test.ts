/**
 * One task, 300 watchers. Those that stop reading cost the server a bounded amount of memory and the others nothing;
 * they are told why they were closed, and on their return get exactly what they had not got. And a burst that is faster
 * than anybody can read comes through whole.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openCountingWatcher, type CountingOptions, type CountingWatcher } from '../support/counting-watcher.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { replay } from '../support/replay.ts';
import { startServer } from '../support/server-process.ts';
import { sized } from '../support/sizes.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const TASK = 'watched';
const WATCHERS = 300;
const SIZE = sized({
  usual: { healthy: 280, stopped: 20, perSecond: 200, seconds: 7, stallMs: 3_000, mostMib: 100 },
  full: { healthy: 200, stopped: 1_000, perSecond: 50, seconds: 60, stallMs: 30_000, mostMib: 150 },
});
const MIB = 1024 * 1024;

/** Half of them over each transport. */
function transportOf(index: number): 'ws' | 'sse' {
  return index % 2 === 0 ? 'ws' : 'sse';
}

function eventsFrom(first: number, last: number, total: number): readonly EmitInput[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    eventId: `e${first + index}`,
    taskId: TASK,
    eventType: first + index === total ? 'TASK_COMPLETED' : 'PROGRESS_UPDATE',
    component: `component-${index % 5}`,
    stage: 'ANALYSIS',
    message: 'm'.repeat(1_000),
  }));
}

test(`${SIZE.stopped} of ${SIZE.healthy + SIZE.stopped} watchers stop reading: it costs memory within a bound, and they miss nothing`, async () => {
  const before = 700;
  const { stallMs, perSecond } = SIZE;
  const total = before + perSecond * SIZE.seconds;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer({ store: 'memory:', args: ['--stall-ms', String(stallMs)] }));
  const { origin, pid, graphqlUrl: url } = server;
  await createEmitter({ url }).emitUntilAcknowledged(eventsFrom(1, before, total));
  const open = async (options: Omit<CountingOptions, 'origin' | 'taskId'>, from?: number): Promise<CountingWatcher> =>
    stack.use(await openCountingWatcher({ origin, taskId: TASK, ...options }, from));
  const healthy = await Promise.all(
    Array.from({ length: SIZE.healthy }, (_, index) =>
      open({ transport: transportOf(index), selection: '... on TaskEventRecorded { event { message } }' }),
    ),
  );
  await waitFor(() => healthy.every(({ at }) => at === before), { withinMs: 20_000, what: 'the healthy to catch up' });

  // What was recorded before is more for them than the buffers of two systems hold, so they are full at once.
  const heavy = `... on TaskEventRecorded { event { ${Array.from({ length: 14 }, (_, n) => `m${n}: message`).join(' ')} } }`;
  const stopped = await Promise.all(
    Array.from({ length: SIZE.stopped }, (_, index) =>
      open({ transport: transportOf(index), selection: heavy, stops: true }),
    ),
  );
  const memory = sampleMemory(pid);
  stack.defer(memory.stop);
  const emitted = replay({ url, events: eventsFrom(before + 1, total, total), perSecond });
  // Here time itself is tested: a reader that takes nothing for `stallMs` is closed, and has 5 s more to hear why.
  await delay(stallMs + 2_000);
  for (const watcher of stopped) watcher.resume();
  const endings = await settlesWithin(Promise.all(stopped.map(async ({ ending }) => ending)), {
    withinMs: 60_000,
    what: 'the stopped to be closed',
  });
  expect(endings).toEqual(stopped.map((_, index) => (transportOf(index) === 'ws' ? 1013 : 'cut')));
  expect(stopped.filter(({ at, wrong }) => at < 1 || at >= before || wrong.length > 0)).toEqual([]);

  await emitted;
  await waitFor(() => healthy.every(({ at }) => at === total), {
    withinMs: 10_000,
    what: () => `the healthy, the last at ${Math.min(...healthy.map(({ at }) => at))}`,
  });
  memory.stop();
  const ends = await Promise.all(healthy.map(async ({ ending }) => ending));
  expect(new Set(ends)).toEqual(new Set(['complete']));
  expect(healthy.flatMap(({ wrong }) => wrong)).toEqual([]);

  const returned = await Promise.all(
    stopped.map(({ cursor, at }, index) => open({ transport: transportOf(index), after: cursor }, at)),
  );
  const returnEnds = Promise.all(returned.map(async ({ ending }) => ending));
  await settlesWithin(returnEnds, { withinMs: 120_000, what: 'those who returned to have the rest' });
  expect(returned.filter(({ at, wrong }) => at !== total || wrong.length > 0)).toEqual([]);

  const settled = memory.samples.at(12) ?? 0;
  expect(settled).toBeGreaterThan(0);
  const grewBy = Math.max(...memory.samples) - settled;
  console.info(`slow readers: ${SIZE.stopped} stopped beside ${SIZE.healthy}: ${Math.round(grewBy / MIB)} MiB more`);
  expect(grewBy).toBeLessThan(SIZE.mostMib * MIB);
}, 400_000);

test('a burst of 5,000 events in mutations of 1,000 reaches 300 watchers whole, and the server answers on', async () => {
  const total = 5_000;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer({ store: 'memory:' }));
  const emitter = createEmitter({ url: server.graphqlUrl });
  await emitter.emitUntilAcknowledged(eventsFrom(1, 1, total));
  const watchers = await Promise.all(
    Array.from({ length: WATCHERS }, async (_, index) =>
      stack.use(await openCountingWatcher({ origin: server.origin, transport: transportOf(index), taskId: TASK })),
    ),
  );
  await replay({ url: server.graphqlUrl, events: eventsFrom(2, total, total), perSecond: Number.POSITIVE_INFINITY });
  const ends = await settlesWithin(Promise.all(watchers.map(async ({ ending }) => ending)), {
    withinMs: 60_000,
    what: () => `all to end, the last at ${Math.min(...watchers.map(({ at }) => at))}`,
  });
  expect(new Set(ends)).toEqual(new Set(['complete']));
  expect(watchers.filter(({ at, wrong }) => at !== total || wrong.length > 0)).toEqual([]);
  expect((await fetch(`${server.origin}/readyz`)).status).toBe(200);
}, 90_000);

interface MemorySamples {
  /** Bytes that the process holds, four times a second: the twelfth is after three seconds. */
  readonly samples: readonly number[];
  readonly stop: () => void;
}

function sampleMemory(pid: number): MemorySamples {
  const samples: number[] = [];
  const look = (): void => {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    samples.push(Number(kib) * 1_024);
  };
  const timer = setInterval(look, 250);
  return { samples, stop: () => clearInterval(timer) };
}
