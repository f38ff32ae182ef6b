/**
 * Opening the file: made when it is missing, refused with one clear line when it cannot be ours, and checked before
 * it is used. After a stop that was not clean SQLite's own check runs over the whole file; the tasks and their
 * indexes are checked on every start, because an index that misses a task would let it be begun a second time.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';
import { nextHash } from '../record.ts';
import { isDamage, primaryCode, SQLITE } from './errors.ts';
import { StoreUnusableError } from '../stored/open-error.ts';
import { textOf } from '../stored/rows.ts';
import { APPLICATION_ID, describeSchema, expectedSchema, SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** How long a statement waits for a lock of a foreign program, milliseconds. */
const BUSY_MS = 2_000;
const MAGIC = 'SQLite format 3\0';

/** The connection that writes. @throws StoreUnusableError, StoreCorruptError */
export function openWritable(path: string): DatabaseSync {
  const hasWal = sizeOf(`${path}-wal`) > 0;
  refuseForeignFile(path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    const isNew = identify(db, path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
    db.exec('PRAGMA cell_size_check = ON; PRAGMA cache_size = -32000; PRAGMA journal_size_limit = 67108864');
    if (isNew) createSchema(db);
    else check(db, hasWal);
    // From here on rows of this version are added, which an older one must not take for damaged.
    if (pragma(db, 'user_version') !== SCHEMA_VERSION) db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    markClean(db, false);
    return db;
  } catch (error) {
    db?.close();
    throw toOpenError(error, path);
  }
}

/** The connection that reads. The one that writes must be open, and stay open. */
export function openReadable(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  db.exec('PRAGMA cell_size_check = ON; PRAGMA cache_size = -16000');
  return db;
}

/**
 * To look at it only, whether a server has it open or not. @returns undefined for a file that is not a store yet.
 * @throws StoreUnusableError, StoreCorruptError
 */
export function openForReview(path: string): { readonly db: DatabaseSync; readonly version: number } | undefined {
  if (sizeOf(path) === 0) return undefined;
  let db: DatabaseSync | undefined;
  try {
    refuseForeignFile(path);
    db = openReadable(path);
    if (identify(db, path)) {
      db.close();
      return undefined;
    }
    checkLayout(db);
    return { db, version: Number(pragma(db, 'user_version')) };
  } catch (error) {
    db?.close();
    throw toOpenError(error, path);
  }
}

/** Finish: everything in the one file, which says that it was left in order. */
export function closeWritable(db: DatabaseSync): void {
  markClean(db, true);
  db.close();
}

/** In the file itself, not only in its WAL: a lost WAL must not make it look as if it had been left in order. */
function markClean(db: DatabaseSync, clean: boolean): void {
  db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run('stopped', clean ? 'clean' : 'no');
  db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
}

/** @returns true when the file is empty. */
function identify(db: DatabaseSync, path: string): boolean {
  const hasTables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] !== 0;
  const owner = pragma(db, 'application_id');
  if (owner === 0 && !hasTables) return true;
  if (owner !== APPLICATION_ID) throw new StoreUnusableError(`${path} is the database of another program`);
  const version = Number(pragma(db, 'user_version'));
  if (version > SCHEMA_VERSION) {
    const versions = `it has format ${version}, this version reads up to ${SCHEMA_VERSION}`;
    throw new StoreUnusableError(`${path} was written by a newer version: ${versions}`);
  }
  if (version < 1) throw new StoreCorruptError(`the format number ${version} was never used`);
  return false;
}

function createSchema(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec(SCHEMA);
  const insert = db.prepare('INSERT INTO meta VALUES (?, ?)');
  const storeId = randomUUID();
  insert.run('store_id', storeId);
  insert.run('observation_seed', nextHash('', storeId));
  db.exec('COMMIT');
}

function check(db: DatabaseSync, hasWal: boolean): void {
  checkLayout(db);
  const stopped = db.prepare(`SELECT value FROM meta WHERE name = 'stopped'`).get()?.['value'];
  if (hasWal || stopped !== 'clean') runCheck(db, 'quick_check(1)');
  runCheck(db, `integrity_check('task')`);
}

function checkLayout(db: DatabaseSync): void {
  if (pragma(db, 'auto_vacuum') !== 0 || pragma(db, 'encoding') !== 'UTF-8' || pragma(db, 'page_size') !== 4096) {
    throw new StoreCorruptError('the header of the file');
  }
  if (describeSchema(db) !== expectedSchema()) throw new StoreCorruptError('the schema');
}

function runCheck(db: DatabaseSync, name: string): void {
  const row = db.prepare(`PRAGMA ${name}`).get();
  const finding = row === undefined ? 'no answer' : String(Object.values(row)[0]);
  if (finding !== 'ok') throw new StoreCorruptError(`${name}: ${finding}`);
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name];
}

/** A file that was never a database is a wrong path; one whose first bytes alone are not right is damaged. */
function refuseForeignFile(path: string): void {
  if (sizeOf(path) === 0) return;
  const start = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  if (start.toString('latin1', 0, MAGIC.length) === MAGIC) return;
  if (start.readUInt32BE(68) === APPLICATION_ID) throw new StoreCorruptError('the first bytes of the file');
  throw new StoreUnusableError(`${path} is not a database`);
}

function toOpenError(error: unknown, path: string): unknown {
  if (isDamage(error)) return new StoreCorruptError(error instanceof Error ? error.message : '', { cause: error });
  const code = primaryCode(error);
  if (code === undefined) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (code === SQLITE.READONLY) return new StoreUnusableError(`${path} cannot be written`, { cause: error });
  return new StoreUnusableError(`${path} cannot be opened: ${message}`, { cause: error });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The seed of the stream of observations. */
export function observationSeed(db: DatabaseSync): string {
  const values = db.prepare('SELECT value FROM meta WHERE name = ?');
  const storeId = textOf(values.get('store_id') ?? {}, 'value');
  const seed = textOf(values.get('observation_seed') ?? {}, 'value');
  if (seed !== nextHash('', storeId)) throw new StoreCorruptError('the seed of the observations');
  return seed;
}
