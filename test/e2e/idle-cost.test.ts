/**
 * Watchers who wait cost Postgres nothing of their own: one question now and then serves all of a server, however many
 * they are and of however many tasks. When the connections to Postgres break, and everybody has to compare their place,
 * that is one question for each task and place, not for each watcher.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmitter } from '../support/emitter.ts';
import { openIdleWatchers } from '../support/idle-watchers.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { progressEvent } from '../support/producers.ts';
import { startServers, type RunningServers } from '../support/servers.ts';
import { sized } from '../support/sizes.ts';
import { waitFor } from '../support/wait-for.ts';

/** Queries a second. */
const MOST = 2;
const SETTINGS = ['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.track_utility=on'];

let running: RunningServers;
beforeEach(async () => {
  running = await startServers({ servers: 1, settings: SETTINGS });
  await running.postgres.query('CREATE EXTENSION pg_stat_statements');
});
afterEach(() => running[Symbol.asyncDispose]());

const crowds = [
  { watchers: 10_000, tasks: 1 },
  sized({ usual: { watchers: 2_000, tasks: 400 }, full: { watchers: 10_000, tasks: 2_000 } }),
];

test.for(crowds)(
  '$watchers idle watchers, tasks: $tasks, cost Postgres at most 2 queries a second, as ten of them do',
  { timeout: 300_000 },
  async ({ watchers, tasks }) => {
    const { postgres } = running;
    const member = running.member(0);
    const taskOf = (index: number): string => `idle-${index % tasks}`;
    const emitter = createEmitter({ url: member.graphqlUrl });
    for (let from = 0; from < tasks; from += 500) {
      const some = Array.from({ length: Math.min(500, tasks - from) }, (_, index) => taskOf(from + index));
      await emitter.emitUntilAcknowledged(some.map((taskId) => progressEvent(taskId, 1)));
    }
    const few = await openIdleWatchers({ origin: member.origin, count: 10, taskOf });
    const ofFew = await idleCost(postgres);
    await few[Symbol.asyncDispose]();

    await using many = await openIdleWatchers({ origin: member.origin, count: watchers, taskOf });
    const ofMany = await idleCost(postgres);
    console.info(`idle cost of ${tasks} tasks: ${ofFew} queries/s for 10 watchers, ${ofMany} for ${watchers}`);
    // It is a matter of the clock whether one more or less falls into the time measured.
    expect(ofMany).toBeLessThan(ofFew + 0.5);

    await forget(postgres);
    await postgres.killBackends(member.name);
    const before = many.frames;
    await emitter.emitUntilAcknowledged(progressEvent(taskOf(tasks - 1), 2));
    const told = watchers / tasks;
    await waitFor(() => many.frames === before + told, {
      withinMs: 30_000,
      what: () => `${told} frames; there are ${many.frames - before}, and ${many.troubles.slice(0, 3).join()}`,
    });
    const compared = await callsOf(postgres, 'REPEATABLE READ');
    console.info(`idle cost of ${tasks} tasks: ${compared} states were asked for when connections broke`);
    expect(compared).toBeLessThan(3 * tasks + 10);
    expect(many.troubles).toEqual([]);
  },
);

/** Queries a second, over some of the looks that a server takes for news that it was not told of. */
async function idleCost(postgres: PostgresServer): Promise<number> {
  // Who has just begun looks once more.
  const isIdle = async (): Promise<boolean> => (await queriesDuring(postgres, 1)).perSecond <= MOST;
  await waitFor(isIdle, { withinMs: 60_000, what: 'the watchers to wait' });
  const { perSecond, calls } = await queriesDuring(postgres, 2);
  if (perSecond > MOST) throw new Error(`${perSecond} queries a second:\n${calls}`);
  return perSecond;
}

interface Queries {
  readonly perSecond: number;
  /** One line each, for whoever has to find out where they come from. */
  readonly calls: string;
}

async function queriesDuring(postgres: PostgresServer, looks: number): Promise<Queries> {
  await forget(postgres);
  const since = performance.now();
  const looked = async (): Promise<boolean> => (await callsOf(postgres, 'pg_snapshot_xmin')) >= looks;
  await waitFor(looked, { withinMs: 60_000, what: 'the looks', pollMs: 100 });
  const seconds = (performance.now() - since) / 1_000;
  const rows = await postgres.query(
    `SELECT left(query, 80) AS query, calls::int AS calls FROM pg_stat_statements
      WHERE query NOT LIKE '%pg_stat_statements%' ORDER BY calls DESC`,
  );
  const total = rows.reduce((sum, row) => sum + Number(row['calls']), 0);
  const calls = rows.map((row) => `${String(row['calls'])} × ${String(row['query'])}`).join('\n');
  return { perSecond: Math.round((total / seconds) * 100) / 100, calls };
}

async function forget(postgres: PostgresServer): Promise<void> {
  await postgres.query('SELECT pg_stat_statements_reset()');
}

async function callsOf(postgres: PostgresServer, part: string): Promise<number> {
  const text = `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements
    WHERE query LIKE '%' || $1 || '%' AND query NOT LIKE '%pg_stat_statements%'`;
  const [row] = await postgres.query(text, [part]);
  return Number(row?.['calls']);
}
