/**
 * One at a time, over all processes of a machine. The lock is the operating system's, held through an empty database:
 * it dies with the process, however that ends, so no lock is ever left behind.
 */
import { DatabaseSync } from 'node:sqlite';

/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * @param path of the lock, which is a file of its own.
 * @returns undefined while somebody else has it. @throws what keeps the file from being opened.
 */
export function tryLock(path: string): Disposable | undefined {
  const lock = new DatabaseSync(path, { open: false, timeout: 0 });
  try {
    lock.open();
    // In memory, or a journal would be left behind for each lock.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    if (lock.isOpen) lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  // The file stays: two processes could hold locks on two files of the same name if it were removed.
  return { [Symbol.dispose]: () => lock.close() };
}

function isBusy(error: unknown): boolean {
  // The low byte of the code is its kind.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}
