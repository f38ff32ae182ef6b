/**
 * A file that somebody else writes, read again when it changed. While it cannot be read, what it said before still holds;
 * that is told, and tried again.
 */
import { stat } from 'node:fs/promises';

export interface WatchedFile<Value> extends Disposable {
  /** What it says. */
  readonly value: Value;
  /** False: the file changed and could not be read, so an older state of it holds. */
  readonly isCurrent: boolean;
}

export interface WatchOptions {
  /** How often it is looked at, milliseconds. */
  readonly everyMs?: number;
  /** It changed and cannot be read: what it said before still holds. */
  readonly onTrouble: (error: Error) => void;
}

/** @throws what `read` does, at the start. */
export async function watchFile<Value>(
  path: string,
  read: (path: string) => Promise<Value>,
  { everyMs = 2_000, onTrouble }: WatchOptions,
): Promise<WatchedFile<Value>> {
  let mark = await markOf(path);
  let value = await read(path);
  let isCurrent = true;

  async function look(): Promise<void> {
    const now = await markOf(path);
    // One that could not be read is tried again: what was in the way may be gone, and the file the same.
    if (now === mark && isCurrent) return;
    try {
      value = await read(path);
      isCurrent = true;
    } catch (error) {
      // Told once of each state it is in, and not at every look.
      if (isCurrent || now !== mark) onTrouble(error instanceof Error ? error : new Error(String(error)));
      isCurrent = false;
    }
    mark = now;
  }

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, everyMs).unref();
  return {
    get value() {
      return value;
    },
    get isCurrent() {
      return isCurrent;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Changes whenever the file does, also when another was put in its place. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return 'not there';
  }
}
