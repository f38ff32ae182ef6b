/** Deleting from the database: what is damaged goes as well, no row is left behind, and what was told is forgotten. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newEvents, numbers, oneTo, readAll } from '../../src/conformance/event-log/support.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

let shared: PostgresServer | undefined;
beforeAll(async () => {
  shared = await startPostgres();
});
afterAll(() => shared?.[Symbol.asyncDispose]());

interface Store extends AsyncDisposable {
  readonly log: EventLog;
  /** `%` stands for the prefix of our tables. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

async function openStore(): Promise<Store> {
  if (shared === undefined) throw new Error('Postgres is started before the first test, not before.');
  const server = shared;
  const url = await server.freshUrl();
  const schema = new URL(url).searchParams.get('options')?.split('=')[1];
  const log = await openPostgresLog({ url, snapshotEvery: 2 });
  return {
    log,
    query: (sql) => server.query(sql.replaceAll('%', `${schema}.drumline_`)),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

test('a task is deleted however damaged it is', async () => {
  await using store = await openStore();
  const { log, query } = store;
  await log.append(['first-record', 'events'].flatMap((taskId) => newEvents(taskId, 3)));
  await query(`UPDATE %task SET genesis = '{}' WHERE task_id = 'first-record'`);
  await query(`DELETE FROM %event WHERE seq = 2 AND task = (SELECT task FROM %task WHERE task_id = 'events')`);
  await expect(log.head('first-record')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  await expect(readAll(log, 'events')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  for (const taskId of ['first-record', 'events']) {
    expect(await log.delete(taskId)).toBe(true);
    await log.append(newEvents(taskId, 2));
    expect(numbers(await readAll(log, taskId))).toEqual([1, 2]);
  }
});

test('no row of a deleted task is left', async () => {
  await using store = await openStore();
  const { log, query } = store;
  await log.append(newEvents('task', 9));
  await log.delete('task');
  for (const table of ['task', 'component', 'event', 'snapshot']) {
    expect([table, ...(await query(`SELECT * FROM %${table}`))]).toEqual([table]);
  }
});

test('that a task was deleted is remembered for a day', async () => {
  await using store = await openStore();
  const { log, query } = store;
  for (const index of oneTo(5)) {
    await log.append(newEvents(`task-${index}`, 1));
    await log.delete(`task-${index}`);
  }
  await query(`UPDATE %deleted SET deleted_at = now() - interval '25 hours' WHERE task_id <> 'task-5'`);
  await log.append(newEvents('task-1', 1));
  await log.delete('task-1');
  const rows = await query('SELECT task_id FROM %deleted ORDER BY task_id');
  expect(rows).toEqual([{ task_id: 'task-1' }, { task_id: 'task-5' }]);
});
