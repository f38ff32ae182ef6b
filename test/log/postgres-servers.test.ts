/** Several servers over one database: one history, no change stepped over, no deadlock, and idle watchers cost nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from 'pg';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { newEvent, numbers, oneTo, readAll } from '../../src/conformance/event-log/support.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import { createEventManager } from '../../src/manager/event-manager.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { waitFor } from '../support/wait-for.ts';
import { wrapLog, type Around } from '../support/wrapped-log.ts';

let shared: PostgresServer | undefined;
beforeAll(async () => {
  shared = await startPostgres();
});
afterAll(() => shared?.[Symbol.asyncDispose]());

const freshUrl = async (): Promise<string> => (await shared?.freshUrl()) ?? '';

async function openSome(count: number): Promise<AsyncDisposable & { readonly logs: readonly EventLog[]; url: string }> {
  const url = await freshUrl();
  // All at once: they meet at the migrations as well.
  const logs = await Promise.all(oneTo(count).map(() => openPostgresLog({ url })));
  return {
    logs,
    url,
    async [Symbol.asyncDispose]() {
      await Promise.all(logs.map((log) => log[Symbol.asyncDispose]()));
    },
  };
}

test('4 servers, 8 producers each, on 1 task: dense, and no reader sees a hole', async () => {
  await using servers = await openSome(4);
  const finished = new AbortController();
  const readers = servers.logs.map(async (log) => {
    let seen = 0;
    while (!finished.signal.aborted) {
      for (const { seq } of await log.read('task', { after: seen, limit: 100 })) {
        expect(seq).toBe(seen + 1);
        seen = seq;
      }
    }
  });
  const producers = servers.logs.flatMap((log, server) =>
    oneTo(8).map(async (producer) => {
      for (const index of oneTo(60)) await log.append([newEvent({ eventId: `${server}-${producer}-${index}` })]);
    }),
  );
  await Promise.all(producers);
  finished.abort();
  await Promise.all(readers);
  for (const log of servers.logs) expect(numbers(await readAll(log, 'task'))).toEqual(oneTo(4 * 8 * 60));
});

test('batches of the same tasks in every order, known and new: no deadlock, every task dense', async () => {
  await using servers = await openSome(3);
  const tasks = oneTo(40).map((index) => `task-${index}`);
  await Promise.all(
    servers.logs.map(async (log, server) => {
      for (const round of oneTo(25)) {
        // Each server in an order of its own.
        const order = tasks.toSorted((one, other) => hashOf(one, server, round) - hashOf(other, server, round));
        const batch = order.slice(0, 20).map((taskId) => newEvent({ taskId, eventId: `${server}-${round}` }));
        await log.append(batch);
      }
    }),
  );
  let total = 0;
  for (const taskId of tasks) {
    const events = await readAll(servers.logs[0] ?? failed(), taskId);
    expect(numbers(events)).toEqual(oneTo(events.length));
    total += events.length;
  }
  expect(total).toBe(3 * 25 * 20);
});

test('the same event sent to all servers at once is stored once', async () => {
  await using servers = await openSome(3);
  const results = await Promise.all(
    oneTo(50).flatMap((index) => servers.logs.map((log) => log.append([newEvent({ eventId: `e${index}` })]))),
  );
  expect(results.flat().filter(({ duplicate }) => !duplicate)).toHaveLength(50);
  expect(numbers(await readAll(servers.logs[0] ?? failed(), 'task'))).toEqual(oneTo(50));
});

test('changes steps over no transaction that commits late, and none that stays open keeps it from the others', async () => {
  await using servers = await openSome(1);
  const log = servers.logs[0] ?? failed();
  await log.append([newEvent({ taskId: 'late', eventId: '1' })]);
  const stranger = new Client({ connectionString: servers.url });
  await stranger.connect();
  try {
    let { position } = await log.changes({ limit: 10 });
    await stranger.query('BEGIN');
    await stranger.query(`UPDATE drumline_task SET changed = pg_current_xact_id() WHERE task_id = 'late'`);
    for (const index of oneTo(3)) {
      await log.append([newEvent({ taskId: `early-${index}`, eventId: '1' })]);
      const page = await log.changes({ after: position, limit: 10 });
      expect(page.taskIds).toEqual([`early-${index}`]);
      ({ position } = page);
    }
    await stranger.query('COMMIT');
    expect((await log.changes({ after: position, limit: 10 })).taskIds).toEqual(['late']);
  } finally {
    await stranger.end();
  }
});

test('a thousand idle watchers ask for nothing of their own, and share what they read', async () => {
  await using servers = await openSome(2);
  const [here = failed(), elsewhere = failed()] = servers.logs;
  const asked: string[] = [];
  const around: Around = ({ name }, proceed) => {
    asked.push(name);
    return proceed();
  };
  const bus = createMemoryBus();
  const log = withTailCache(wrapLog(here, around));
  await using manager = createEventManager({ log, bus, catchUpMs: 20 });
  await log.append(oneTo(5).map((index) => newEvent({ eventId: `e${index}` })));
  const watchers = await Promise.all(oneTo(1_000).map(() => manager.taskUpdates({ taskId: 'task' })));
  const first = await Promise.all(watchers.map((watcher) => watcher.next()));
  expect(first.every(({ value }) => value?.kind === 'snapshot')).toBe(true);
  const next = watchers.map((watcher) => watcher.next());
  const countChanges = (): number => asked.filter((name) => name === 'changes').length;
  const isQuiet = (): boolean => asked.length > 3 && asked.slice(-3).every((name) => name === 'changes');
  await waitFor(isQuiet, { withinMs: 5_000, what: 'the watchers to wait' });
  // They came together, so they asked together.
  expect(asked.length).toBeLessThan(100);
  asked.length = 0;
  await waitFor(() => countChanges() >= 5, { withinMs: 5_000, what: 'five ticks' });
  expect(asked.filter((name) => name !== 'changes')).toEqual([]);
  // No notice comes: the tick finds the event, and it is read once for all of them.
  await elsewhere.append([newEvent({ eventId: 'news' })]);
  const news = await Promise.all(next);
  expect(news.every(({ value }) => value?.kind === 'event' && value.event === firstEvent(news[0]))).toBe(true);
  expect(asked.filter((name) => name === 'read').length).toBeLessThanOrEqual(5);
  for (const watcher of watchers) await watcher.return?.();
  await bus[Symbol.asyncDispose]();
});

function firstEvent(result: { readonly value?: unknown } | undefined): unknown {
  const { value } = result ?? {};
  return typeof value === 'object' && value !== null && 'event' in value ? value.event : undefined;
}

function hashOf(text: string, ...salt: readonly number[]): number {
  let hash = 7;
  for (const char of [...text, ...salt.map(String)]) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 10_007;
  return hash;
}

function failed(): never {
  throw new Error('no log');
}
