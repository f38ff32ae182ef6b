/** A directory of one test, gone with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** `sqlite:` and a file in this directory, as `--store` takes it. */
  readonly sqliteStore: string;
}

export async function openTempDir(): Promise<TempDir> {
  const directory = await mkdtemp(path.join(tmpdir(), 'drumline-test-'));
  return {
    path: directory,
    sqliteStore: `sqlite:${path.join(directory, 'drumline.db')}`,
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}
