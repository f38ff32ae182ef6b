/** One process owns the file. The lock is beside it, so that it does not keep the readers of the real file out. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tryLock } from '../../util/file-lock.ts';
import { StoreUnusableError } from '../stored/open-error.ts';
import { primaryCode, SQLITE } from './errors.ts';

/** Whether a process owns the file now. It asks for no lock that could keep a server out for longer than this takes. */
export function isLocked(path: string): boolean {
  if (!existsSync(`${path}-lock`)) return false;
  const lock = new DatabaseSync(`${path}-lock`, { open: false, timeout: 0, readOnly: true });
  try {
    lock.open();
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return primaryCode(error) === SQLITE.BUSY;
  } finally {
    if (lock.isOpen) lock.close();
  }
}

/** @throws StoreUnusableError when another process, or another log of this one, has the file. */
export function lockStore(path: string): Disposable {
  const lock = lockOf(`${path}-lock`);
  if (lock === undefined) throw new StoreUnusableError(`${path} is in use by another process; one process owns it`);
  return lock;
}

function lockOf(path: string): Disposable | undefined {
  try {
    return tryLock(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreUnusableError(`${path} cannot be opened: ${message}`, { cause: error });
  }
}
