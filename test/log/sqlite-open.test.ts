/** A store that cannot be used is refused with one line that says why; what is refused is left as it was. */
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getuid } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { expectWhole, newEvents, startStoreProcess, tamper } from './sqlite-support.ts';

/** Nobody: a user that owns nothing. */
const NOBODY = 65_534;

interface Refusal {
  readonly what: string;
  /** Prepares the place; the given path, or another, is opened then. */
  readonly prepare: (path: string) => string | Promise<string>;
  readonly says: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  {
    what: 'in a directory that does not exist',
    prepare: (path) => join(path, 'nowhere', 'log.db'),
    says: /^the directory .* does not exist$/,
  },
  {
    what: 'in a directory that is a file',
    prepare(path) {
      writeFileSync(path, '');
      return join(path, 'log.db');
    },
    says: /is not a directory$/,
  },
  {
    what: 'that is a directory',
    prepare(path) {
      mkdirSync(path);
      return path;
    },
    says: /is not a file$/,
  },
  {
    what: 'that is no database',
    prepare(path) {
      writeFileSync(path, 'Dear diary,\n'.repeat(1_000));
      return path;
    },
    says: /is not a database$/,
  },
  {
    what: 'that is shorter than any database',
    prepare(path) {
      writeFileSync(path, 'x');
      return path;
    },
    says: /is not a database$/,
  },
  {
    what: 'that is the database of another program',
    prepare(path) {
      tamper(path, 'CREATE TABLE note (text TEXT)');
      return path;
    },
    says: /is the database of another program$/,
  },
  {
    what: 'that a newer version wrote',
    async prepare(path) {
      await (await openSqliteLog({ path }))[Symbol.asyncDispose]();
      tamper(path, 'PRAGMA user_version = 99');
      return path;
    },
    says: /was written by a newer version: it has format 99, this version reads up to \d+$/,
  },
];

test.each(REFUSALS)('a store $what is refused in one line, and left as it was', async ({ prepare, says }) => {
  await using dir = await openTempDir();
  const path = await prepare(join(dir.path, 'log.db'));
  const before = contentOf(path);
  const message: unknown = expect.stringMatching(says);
  await expect(openSqliteLog({ path })).rejects.toMatchObject({ name: 'StoreUnusableError', message });
  expect(contentOf(path)).toEqual(before);
});

test('a file that its user may not write is refused in one line', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await (await openSqliteLog({ path }))[Symbol.asyncDispose]();
  chmodSync(dir.path, 0o755);
  chmodSync(path, 0o444);
  // No file is closed to root.
  const uid = getuid?.() === 0 ? { uid: NOBODY } : {};
  await using owner = startStoreProcess({ mode: 'hold', path, ...uid });
  expect(await owner.line('failed')).toMatch(/^failed StoreUnusableError: .*log\.db cannot be written$/);
});

test('a second process is refused in one line, and the first goes on', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await using log = await openSqliteLog({ path });
  await log.append(newEvents('task', 3));
  await using second = startStoreProcess({ mode: 'hold', path });
  expect(await second.line('failed')).toMatch(/^failed StoreUnusableError: .*log\.db is in use by another process/);
  await log.append(newEvents('task', 3, 4));
  expect(await expectWhole(log, 'task')).toHaveLength(6);
});

test('a second log of the same process is refused, also by another name of the file', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const alias = join(dir.path, 'alias.db');
  await using _log = await openSqliteLog({ path });
  symlinkSync(path, alias);
  for (const name of [path, alias]) {
    await expect(openSqliteLog({ path: name })).rejects.toMatchObject({ name: 'StoreUnusableError' });
  }
});

test('a store is one however it is reached, also when it was made through a link to nothing', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const alias = join(dir.path, 'alias.db');
  symlinkSync(path, alias);
  await using log = await openSqliteLog({ path: alias });
  await log.append(newEvents('task', 3));
  const message: unknown = expect.stringContaining('is in use');
  for (const name of [path, alias]) {
    await expect(openSqliteLog({ path: name })).rejects.toMatchObject({ name: 'StoreUnusableError', message });
  }
});

test('a file with a second name is refused in one line: two processes could own it', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const other = join(dir.path, 'other.db');
  await (await openSqliteLog({ path }))[Symbol.asyncDispose]();
  linkSync(path, other);
  const message: unknown = expect.stringMatching(/\.db has 2 names \(hard links\); a store has one$/);
  for (const name of [path, other]) {
    await expect(openSqliteLog({ path: name })).rejects.toMatchObject({ name: 'StoreUnusableError', message });
  }
});

test('an empty file is a new store', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  writeFileSync(path, '');
  await using log = await openSqliteLog({ path });
  await log.append(newEvents('task', 3));
  expect(await expectWhole(log, 'task')).toHaveLength(3);
});

test('the lock of a process that was killed is gone with it', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await using owner = startStoreProcess({ mode: 'hold', path });
  await owner.line('open');
  await expect(openSqliteLog({ path })).rejects.toMatchObject({ name: 'StoreUnusableError' });
  await owner.kill('SIGKILL');
  await using log = await openSqliteLog({ path });
  expect(await log.head('task')).toBeUndefined();
});

test('a log that was disposed leaves one file that is whole, and can be opened at once', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  for (const round of [0, 1, 2]) {
    await using log = await openSqliteLog({ path });
    await log.append(newEvents('task', 5, round * 5 + 1));
    expect(await expectWhole(log, 'task')).toHaveLength(round * 5 + 5);
  }
  expect(readdirSync(dir.path).toSorted()).toEqual(['log.db', 'log.db-lock']);
  using db = new DatabaseSync(path, { readOnly: true });
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
});

test('a file with damage in its header is told apart from a wrong path', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await (await openSqliteLog({ path }))[Symbol.asyncDispose]();
  const bytes = readFileSync(path);
  bytes[3] = 0;
  writeFileSync(path, bytes);
  await expect(openSqliteLog({ path })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

/** The file and its name's neighbours, as far as there are any. */
function contentOf(path: string): readonly unknown[] {
  try {
    return [readdirSync(dirname(path)).filter((name) => !name.endsWith('-lock')), readFileSync(path)];
  } catch {
    return [];
  }
}
