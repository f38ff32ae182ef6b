/**
 * The wall clock of one process, set from outside while it runs, as by an operator or a virtual machine that moved. The
 * monotonic clock, by which timers go, is left alone. Needs libfaketime.
 */
import { globSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

export interface FakeClock {
  /** The process that is to have it must be started with these. */
  readonly env: Readonly<Record<string, string>>;
  /** @param seconds ahead of the machine's clock; negative: behind. */
  set(seconds: number): void;
}

/** @param directory one that the process can read. @throws Error where the library is missing */
export function createFakeClock(directory: string): FakeClock {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (library === undefined) throw new Error('libfaketime is not where Debian has it');
  const file = join(directory, 'clock');
  const set = (seconds: number): void => {
    // Whole at any moment: the process reads it whenever it asks for the time.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    set,
  };
}

/** Otherwise nothing was tried at all. */
export async function clockIsOffBy(origin: string, seconds: number): Promise<void> {
  const hasJumped = async (): Promise<boolean> => {
    const response = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    const ahead = (Date.parse(response.headers.get('date') ?? '') - Date.now()) / 1_000;
    return Math.abs(ahead - seconds) < 60;
  };
  await waitFor(hasJumped, { withinMs: 10_000, what: `the server's clock to be ${seconds} s off`, pollMs: 100 });
}
