/** `drumline doctor` over real stores: what is well, what is damaged, and what is said about it. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { newEvents, tamper } from '../log/sqlite-support.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { startServer } from '../support/server-process.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';
import { cli, startCli, type CliRun } from './host.ts';

interface Store extends AsyncDisposable {
  readonly dir: TempDir;
  readonly path: string;
  readonly flags: readonly string[];
}

/** 1,200 events of two tasks, one of them trimmed, and three observations. */
async function openStore(): Promise<Store> {
  const dir = await openTempDir();
  const path = join(dir.path, 'drumline.db');
  await using log = await openSqliteLog({ path, snapshotEvery: 100 });
  await log.append(newEvents('long', 700));
  await log.append(newEvents('trimmed', 500));
  await log.trim('trimmed', 200);
  await log.initTask({ taskId: 'announced', labels: [] });
  for (const id of ['o1', 'o2', 'o3']) await log.publishObservation({ id, content: id, metadata: {} });
  return {
    dir,
    path,
    flags: ['--store', `sqlite:${path}`],
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function linesOf({ stdout }: CliRun): readonly string[] {
  return stdout.split('\n').slice(0, -1);
}

describe('a store of SQLite', () => {
  test('that is well: every line has its mark, nothing is coloured in a pipe, and the file is left as it was', async () => {
    await using store = await openStore();
    const before = await readFile(store.path);
    const run = await cli(['doctor', ...store.flags]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(linesOf(run).every((line) => /^[✓!] \S/u.test(line))).toBe(true);
    expect(run.stdout).toMatch(/^✓ store +sqlite, format 2$/m);
    expect(run.stdout).toMatch(/^[✓!] disk +.*GiB are free/m);
    expect(run.stdout).toMatch(/^✓ events +1000 of 3 tasks, and 3 observations: every hash holds$/m);
    expect(await readFile(store.path)).toEqual(before);
  });

  test('one flipped byte in a record is found, named, and ends with 3; the other task is looked at all the same', async () => {
    await using store = await openStore();
    flipByteOfRecord(store.path, 'long', 321);
    const run = await cli(['doctor', ...store.flags]);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toMatch(/^✗ events +task long: event 321 of task long; .*restore a backup/m);
    expect(run.stdout).not.toContain('trimmed');
  });

  test.each([
    ['in the middle', 'DELETE FROM event WHERE task = 1 AND seq = 321', 'event 321 of task long'],
    ['the first', 'DELETE FROM event WHERE task = 1 AND seq = 1', 'event 1 of task long'],
    ['the first that is kept', 'DELETE FROM event WHERE task = 2 AND seq = 201', 'event 201 of task trimmed'],
    ['the last', 'DELETE FROM event WHERE task = 1 AND seq = 700', 'after 699 are missing'],
    ['an observation', 'DELETE FROM observation WHERE seq = 2', 'observation 2'],
  ])('a missing event is damage: %s', async (_, sql, named) => {
    await using store = await openStore();
    tamper(store.path, sql);
    const run = await cli(['doctor', ...store.flags]);
    expect(run.exitCode).toBe(3);
    expect(linesOf(run).filter((line) => line.startsWith('✗'))).toEqual([expect.stringContaining(named)]);
  });

  test('progress that is not what the events say is damage which a server mends', async () => {
    await using store = await openStore();
    tamper(store.path, `UPDATE task SET display = 0.5 WHERE task_id = 'long'`);
    const run = await cli(['doctor', ...store.flags]);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toMatch(/^✗ progress +the head of task long is not what was stored; a server makes it again/m);
  });

  test('--quick does not walk', async () => {
    await using store = await openStore();
    flipByteOfRecord(store.path, 'long', 321);
    const run = await cli(['doctor', '--quick', ...store.flags]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/^✓ events +not looked at \(--quick\)$/m);
  });

  test('garbage after the first page is damage, and garbage from the first byte is no store', async () => {
    await using store = await openStore();
    const bytes = await readFile(store.path);
    await writeFile(store.path, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 'junk ')]));
    expect((await cli(['doctor', ...store.flags])).exitCode).toBe(3);
    await writeFile(store.path, Buffer.alloc(8_192, 'junk '));
    const run = await cli(['doctor', ...store.flags]);
    expect(run.exitCode).toBe(69);
    expect(run.stdout).toMatch(/^✗ store +.* is not a database; correct --store/m);
  });

  test('that is not there yet is none of its business, but its directory is', async () => {
    await using dir = await openTempDir();
    const path = join(dir.path, 'new.db');
    const run = await cli(['doctor', '--store', `sqlite:${path}`]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/^✓ store +sqlite: not there yet; the server will make it$/m);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect((await cli(['doctor', '--store', `sqlite:${join(dir.path, 'no', 'new.db')}`])).exitCode).toBe(69);
  });

  test('that a running server owns is read beside it, and after it was killed', async () => {
    await using store = await openStore();
    await using server = await startServer({ store: `sqlite:${store.path}` });
    const answer = await fetch(server.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query:
          'mutation { emitEvent(input: { taskId: "new", eventType: PROGRESS_UPDATE, component: "c", stage: ANALYSIS, message: "m" }) { event { sequence } } }',
      }),
    });
    expect(await answer.json()).toEqual({ data: { emitEvent: { event: { sequence: 1 } } } });
    const beside = await cli(['doctor', ...store.flags]);
    expect(beside.exitCode).toBe(0);
    expect(beside.stdout).toContain('a server has it open');
    expect(beside.stdout).toContain('1001 of 4 tasks');
    await server.kill9();
    const after = await cli(['doctor', ...store.flags]);
    expect(after.exitCode).toBe(0);
    expect(after.stdout).not.toContain('a server has it open');
    expect(after.stdout).toContain('1001 of 4 tasks');
    await server.restart();
  });

  test('Ctrl-C ends the walk with 130', async () => {
    await using store = await openStore();
    const running = startCli(['doctor', ...store.flags]);
    running.interrupt();
    const run = await running.done;
    expect(run.exitCode).toBe(130);
    expect(run.stdout).toContain('interrupted');
  });
});

/** The same length and the same row, as a disk would do it. */
function flipByteOfRecord(path: string, taskId: string, seq: number): void {
  using db = new DatabaseSync(path);
  db.prepare(
    `UPDATE event SET record = replace(record, 'step', 'stup')
     WHERE task = (SELECT task FROM task WHERE task_id = ?) AND seq = ?`,
  ).run(taskId, seq);
}

describe('settings', () => {
  test('each that is wrong has its line, and the end is 78', async () => {
    const run = await cli(['doctor', '--port', 'many', '--store', 'mysql://me:hunter2@db'], {
      env: { DRUMLINE_STALL_MS: '1' },
    });
    expect(run.exitCode).toBe(78);
    expect(linesOf(run)).toEqual([
      expect.stringMatching(/^✗ settings +--port must be/),
      expect.stringMatching(/^✗ settings +--store must be/),
      expect.stringMatching(/^✗ settings +DRUMLINE_STALL_MS must be/),
    ]);
    expect(run.stdout).not.toContain('hunter2');
  });

  test('a server that others reach and that asks nobody would not start: 78', async () => {
    const run = await cli(['doctor', '--host', '0.0.0.0', '--store', 'memory:']);
    expect(run.exitCode).toBe(78);
    expect(run.stdout).toMatch(/^✗ access +--host 0\.0\.0\.0 is reachable by others: set --auth-keys/m);
  });

  test('what lets in more than was meant is a warning', async () => {
    const flags = ['--host', '0.0.0.0', '--store', 'memory:', '--allow-anonymous', 'true', '--token-in-url', 'true'];
    const run = await cli(['doctor', ...flags, '--retention-hours', '0']);
    expect(run.exitCode).toBe(0);
    for (const what of ['access', 'token in URL', 'production', 'retention', 'store'])
      expect(run.stdout).toMatch(new RegExp(`^! ${what} `, 'm'));
  });

  test('a secret in a flag is seen by others', async () => {
    const run = await cli(['doctor', '--store', 'memory:', '--auth-secret', 'c'.repeat(32)]);
    expect(run.stdout).toMatch(/^! secrets +.*use DRUMLINE_AUTH_SECRET instead$/m);
    expect(run.stdout).not.toContain('ccc');
  });

  test('a key file: well, readable by everybody, empty, and not there', async () => {
    await using dir = await openTempDir();
    const file = join(dir.path, 'keys.json');
    const doctor = (): Promise<CliRun> => cli(['doctor', '--store', 'memory:', '--auth-keys', file]);
    expect((await doctor()).stdout).toMatch(/^✗ key file +.*cannot be read \(ENOENT\)/m);
    await cli(['key', 'add', 'agents', '--grant', 'emit:*', '--file', file]);
    const well = await doctor();
    expect([well.exitCode, well.stdout]).toEqual([0, expect.stringMatching(/^✓ key file +1 keys, 0 revoked$/m)]);
    await chmod(file, 0o644);
    const open = await doctor();
    expect([open.exitCode, open.stdout]).toEqual([78, expect.stringMatching(/^✗ key file +.*chmod 600/m)]);
    await writeFile(file, '{');
    expect((await doctor()).exitCode).toBe(78);
  });

  test('public keys that are none, and that nobody serves', async () => {
    for (const place of ['/nowhere/keys.pem', 'http://127.0.0.1:1/jwks']) {
      const run = await cli(['doctor', '--store', 'memory:', '--auth-public-keys', place]);
      expect(run.exitCode).toBe(78);
      expect(run.stdout).toMatch(/^✗ public keys +the public keys cannot be (read|fetched)/m);
    }
  });
});

test('on a terminal marks are coloured', async () => {
  const { stdout } = await cli(['doctor', '--store', 'memory:'], { terminal: { columns: 80, rows: 24 } });
  expect(stdout).toContain('\u001b[');
});

describe('a store of Postgres', () => {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test('is made by nobody who looks, walked when it is there, and damage is found', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const schema = new URL(url).searchParams.get('options')?.split('=')[1] ?? '';
    const doctor = (): Promise<CliRun> => cli(['doctor'], { env: { DRUMLINE_STORE: url } });
    const before = await doctor();
    expect([before.exitCode, before.stdout]).toEqual([0, expect.stringContaining('not there yet')]);
    expect(await server?.query(`SELECT to_regclass('${schema}.drumline_store') AS t`)).toEqual([{ t: null }]);

    await using log = await openPostgresLog({ url, snapshotEvery: 100 });
    await log.append(newEvents('long', 700));
    await log.trim('long', 150);
    await log.publishObservation({ id: 'o1', content: 'o1', metadata: {} });
    const whole = await doctor();
    expect([whole.exitCode, whole.stdout]).toEqual([
      0,
      expect.stringMatching(/^✓ events +550 of 1 tasks, and 1 observations: every hash holds$/m),
    ]);

    await server?.query(`UPDATE ${schema}.drumline_event SET record = replace(record, 'step', 'stup') WHERE seq = 321`);
    const damaged = await doctor();
    expect([damaged.exitCode, damaged.stdout]).toEqual([3, expect.stringContaining('event 321 of task long')]);
  });

  test('that cannot be reached: 69, and the password in no line', async () => {
    const run = await cli(['doctor', '--store', 'postgres://me:hunter2@127.0.0.1:1/x']);
    expect(run.exitCode).toBe(69);
    expect(run.stdout).toMatch(/^✗ store +the database cannot be used: nothing listens at that address/m);
    expect(run.stdout + run.stderr).not.toContain('hunter2');
  });
});
