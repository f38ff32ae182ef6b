/**
 * One process owns the file. The lock is the operating system's, held through an empty database of its own beside
 * it: it dies with the process, however that ends, and does not keep the readers of the real file out.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { primaryCode, SQLITE } from './errors.ts';
import { StoreUnusableError } from '../stored/open-error.ts';

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
  const lock = new DatabaseSync(`${path}-lock`, { open: false, timeout: 0 });
  try {
    lock.open();
    // In memory, or a journal would be left behind for each lock.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    if (lock.isOpen) lock.close();
    if (primaryCode(error) === SQLITE.BUSY) {
      throw new StoreUnusableError(`${path} is in use by another process; one process owns it`, { cause: error });
    }
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreUnusableError(`${path}-lock cannot be opened: ${message}`, { cause: error });
  }
  // The file stays: two processes could hold locks on two files of the same name if it were removed.
  return { [Symbol.dispose]: () => lock.close() };
}
