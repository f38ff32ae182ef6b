/**
 * A backup that is made while the server works opens, and whoever saw more than it holds is told so, with the state.
 * The commands are those of docs/deploying.md.
 */
import { realpath, rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readChanges } from '../../src/log/postgres/changes.ts';
import type { Ask } from '../../src/log/postgres/connection.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { runDocumented } from '../support/documented.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

const PAGE = 'docs/deploying.md';
const sqlite = systemProgram('sqlite3', { debian: 'sqlite3' });
/** Debian keeps the server's programs beside those of other versions. */
const initdb = systemProgram('initdb', {
  debian: 'postgresql',
  aliases: [18, 17, 16, 15].map((version) => `../lib/postgresql/${version}/bin/initdb`),
});

test("SQLite, by Node and by SQLite's own program", async () => {
  await using dir = await openTempDir();
  const copy = join(dir.path, 'backup.db');
  const byNode = join(dir.path, 'by-node.db');
  await backUpAndRestore({
    store: dir.sqliteStore,
    restored: `sqlite:${sqlite.present ? copy : byNode}`,
    async backUp() {
      await runDocumented(PAGE, 'node --eval', { cwd: dir.path });
      await rename(copy, byNode);
      if (sqlite.present) await runDocumented(PAGE, 'sqlite3 drumline.db', { cwd: dir.path });
    },
  });
  await using log = await openSqliteLog({ path: byNode });
  expect((await log.head(TASK))?.progress.seq).toBeGreaterThanOrEqual(50);
}, 90_000);

describe.skipIf(!initdb.present)('pg_dump', () => {
  test("Postgres, restored into another database of a server of Debian's version", async () => {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await openTempDir());
    // Some put a link to the server on the path, without its other programs.
    const binaries = dirname(await realpath(initdb.path));
    const [postgres, other] = await Promise.all([startPostgres({ binaries }), startPostgres({ binaries })]);
    stack.use(postgres);
    stack.use(other);
    const options = {
      cwd: dir.path,
      path: [binaries],
      env: { DATABASE_URL: postgres.url, RESTORED_URL: other.url },
    };
    await backUpAndRestore({
      store: postgres.url,
      restored: other.url,
      async backUp(url) {
        const others = Array.from({ length: 200 }, (_, index) => ({
          ...event(`only-${index}`),
          taskId: `task-${index}`,
        }));
        await createEmitter({ url }).emitUntilAcknowledged(others);
        await runDocumented(PAGE, 'pg_dump', options);
      },
      restore: () => runDocumented(PAGE, 'pg_restore', options),
    });
    expect(await rowsPassedOver(other)).toBeLessThan(10);
  }, 90_000);
});

/**
 * Restored rows hold transactions of the server that they come from, far above those of this one. Every server asks
 * every few seconds what changed, and must not pass over all of them each time.
 */
async function rowsPassedOver({ query }: PostgresServer): Promise<number> {
  const asked: { readonly text: string; readonly values: readonly unknown[] }[] = [];
  const ask: Ask = async (statement, values = []) => {
    const text = typeof statement === 'string' ? statement : statement.text;
    asked.push({ text, values });
    // What comes is a row, whichever of the two types says so.
    return (await query(text, values)) as Awaited<ReturnType<Ask>>;
  };
  const { position } = await readChanges(ask, { limit: 0 });
  await readChanges(ask, { after: position, limit: 1_000 });
  const { text = '', values = [] } = asked.at(-1) ?? {};
  await query('SET enable_seqscan = off');
  const plan = (await query(`EXPLAIN (ANALYZE) ${text}`, values)).map((row) => String(row['QUERY PLAN'])).join('\n');
  expect(plan).toContain('drumline_task_by_change');
  return Array.from(plan.matchAll(/Rows Removed by Filter: (\d+)/g)).reduce((sum, [, rows]) => sum + Number(rows), 0);
}

interface Story {
  readonly store: string;
  readonly restored: string;
  readonly backUp: (graphqlUrl: string) => Promise<void>;
  readonly restore?: () => Promise<void>;
}

const TASK = 'backed-up';

async function backUpAndRestore({ store, restored, backUp, restore }: Story): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const before = stack.use(await startServer({ store }));
  const { origin, port, graphqlUrl } = before;
  const watchers = (['ws', 'sse'] as const).map((transport) =>
    stack.use(openWatcher(transport, { name: transport, origin, taskId: TASK, replay: true })),
  );
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const producing = produce(graphqlUrl, 'before', stop.signal);
  await allReach(watchers, 50);
  await backUp(graphqlUrl);
  const upTo = Math.max(...watchers.map(({ at }) => at));
  await allReach(watchers, upTo + 50);
  stop.abort();
  await producing;
  await before.kill9();
  await restore?.();

  const after = stack.use(await startServer({ store: restored, port }));
  const kept = await readTaskLog(graphqlUrl, TASK);
  expect(kept.length).toBeGreaterThanOrEqual(50);
  expect(kept.length).toBeLessThanOrEqual(upTo);
  await waitFor(() => watchers.every((watcher) => gapsOf(watcher).length > 0), { withinMs: 20_000, what: 'the gaps' });

  const emitter = createEmitter({ url: graphqlUrl });
  for (let count = 1; count <= 20; count += 1) await emitter.emitUntilAcknowledged(event(`after-${count}`));
  await emitter.emitUntilAcknowledged({ ...event('end'), eventType: 'TASK_COMPLETED' });
  for (const { ended, name } of watchers) await settlesWithin(ended, { withinMs: 20_000, what: name });
  const log = await readTaskLog(graphqlUrl, TASK);
  expect(log).toHaveLength(kept.length + 21);
  for (const watcher of watchers) {
    expect(gapsOf(watcher).map(({ reason, progress }) => [reason, progress.sequence])).toEqual([
      ['DIVERGED', kept.length],
    ]);
    const frames = watcher.frames();
    const follow = frames.slice(frames.findIndex(({ reason }) => reason !== undefined) + 1);
    const events = follow.flatMap(({ event: recorded }) => recorded?.eventId ?? []);
    expect(events).toEqual(log.slice(kept.length).map(({ eventId }) => eventId));
  }
  expect((await after.sigterm()).code).toBe(0);
}

async function produce(url: string, name: string, stop: AbortSignal): Promise<void> {
  const emitter = createEmitter({ url });
  for (let count = 1; !stop.aborted; count += 1) {
    await emitter.emitUntilAcknowledged(event(`${name}-${count}`));
    await delay(2);
  }
}

async function allReach(watchers: readonly Watcher[], sequence: number): Promise<void> {
  await waitFor(() => watchers.every(({ at }) => at >= sequence), {
    withinMs: 20_000,
    what: `all to reach ${sequence}`,
  });
}

function gapsOf(watcher: Watcher): ReturnType<Watcher['frames']> {
  return watcher.frames().filter(({ reason }) => reason !== undefined);
}

function event(eventId: string): EmitInput {
  return {
    taskId: TASK,
    eventId,
    eventType: 'PROGRESS_UPDATE',
    component: 'camina',
    stage: 'ANALYSIS',
    message: 'on it',
  };
}
