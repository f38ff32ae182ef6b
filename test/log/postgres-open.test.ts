/** Which databases are opened, and which are refused, with one line that tells why and no secret. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newEvents, numbers, oneTo, readAll } from '../../src/conformance/event-log/support.ts';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

let shared: PostgresServer | undefined;
beforeAll(async () => {
  shared = await startPostgres();
});
afterAll(() => shared?.[Symbol.asyncDispose]());

function server(): PostgresServer {
  if (shared === undefined) throw new Error('Postgres is started before the first test, not before.');
  return shared;
}

async function refusalOf(url: string): Promise<Error> {
  const error: unknown = await openPostgresLog({ url }).then(
    async (log) => log[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('was opened');
  expect(error.name).toBe('StoreUnusableError');
  expect(error.message).not.toMatch(/\n|hunter2|postgres:\/\//);
  return error;
}

test('tables of a newer version', async () => {
  const url = await server().freshUrl();
  await (await openPostgresLog({ url }))[Symbol.asyncDispose]();
  const schema = new URL(url).searchParams.get('options')?.split('=')[1];
  await server().query(`UPDATE ${schema}.drumline_store SET version = 99`);
  expect((await refusalOf(url)).message).toContain('newer version');
});

test('tables of an older version are brought up to date', async () => {
  const url = await server().freshUrl();
  const schema = new URL(url).searchParams.get('options')?.split('=')[1];
  const old = await openPostgresLog({ url });
  await old.append(newEvents('task', 3));
  await old[Symbol.asyncDispose]();
  await server().query(`DROP TABLE ${schema}.drumline_deleted; UPDATE ${schema}.drumline_store SET version = 1`);
  await using log = await openPostgresLog({ url });
  expect(numbers(await readAll(log, 'task'))).toEqual([1, 2, 3]);
  expect(await log.delete('task')).toBe(true);
});

test('an address where nothing listens, no such database, no such schema, and no address at all', async () => {
  expect((await refusalOf('postgres://me:hunter2@127.0.0.1:1/x')).message).toContain('nothing listens');
  expect((await refusalOf(`postgres://postgres:hunter2@127.0.0.1:${server().port}/x`)).message).toContain(
    'no database',
  );
  const missing = `${server().url}?options=-csearch_path%3Dmissing`;
  expect((await refusalOf(missing)).message).toContain('no schema');
  await refusalOf('postgres://me:hunter2@[::1/x');
});

test.each(['synchronous_commit', 'full_page_writes'])('%s off: refused, unless that is accepted', async (setting) => {
  await using own = await startPostgres({ settings: [`${setting}=off`] });
  expect((await refusalOf(own.url)).message).toContain(`${setting}=off`);
  await using log = await openPostgresLog({ url: own.url, acceptWeakerDurability: true });
  expect(log.traits.durable).toBe('process');
});

test('many servers at once make the tables once', async () => {
  const url = await server().freshUrl();
  const logs = await Promise.all(oneTo(6).map(() => openPostgresLog({ url })));
  await logs[0]?.append(newEvents('task', 3));
  for (const log of logs) expect(numbers(await readAll(log, 'task'))).toEqual([1, 2, 3]);
  await Promise.all(logs.map((log) => log[Symbol.asyncDispose]()));
});
