/**
 * The file that says which API keys there are and what was revoked. Whoever operates the server writes it (`drumline
 * key`), the server reads it again when it changed: so a key that is taken out of it ends within seconds, on every
 * server that has the file, without a restart.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { tryLock } from '../util/file-lock.ts';
import { ApiKey } from './api-keys.ts';
import { watchFile, type WatchedFile, type WatchOptions } from './watched-file.ts';

const KeyFile = z.strictObject({
  keys: z.array(ApiKey).default([]),
  /** Ids of tokens: their `jti`. */
  revoked: z.array(z.strictObject({ id: z.string().min(1).max(256) })).default([]),
});
export type KeyFile = z.infer<typeof KeyFile>;

/** What the file says at this moment. */
export interface KeyRing {
  readonly keys: ReadonlyMap<string, ApiKey>;
  readonly revoked: ReadonlySet<string>;
}

/** The file is not there, or not one of ours. The message is one line and holds nothing of the file. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  readonly code = 'KEY_FILE_INVALID';
}

export const EMPTY_KEY_RING: KeyRing = Object.freeze({ keys: new Map(), revoked: new Set<string>() });

/** What changes it takes milliseconds. */
const LOCK_WITHIN_MS = 5_000;
const LOCK_RETRY_MS = 20;

/** @throws KeyFileError */
export async function readKeyFile(path: string): Promise<KeyFile> {
  try {
    return parseKeyFile(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new KeyFileError(`the key file cannot be read${why}`, { cause: error });
  }
}

function parseKeyFile(text: string): KeyFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause, which repeats a part of the file.
    throw new KeyFileError('the key file is not JSON');
  }
  const result = KeyFile.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new KeyFileError(`the key file is wrong at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? ''}`);
  }
  const ids = result.data.keys.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new KeyFileError(`the key file has two keys named ${twice}`);
  return result.data;
}

/**
 * Whoever changes the file has it for itself from reading to writing, or one change would undo another.
 * @throws KeyFileError
 */
export async function lockKeyFile(path: string): Promise<Disposable> {
  const giveUpAt = performance.now() + LOCK_WITHIN_MS;
  for (;;) {
    const lock = tryToLock(path);
    if (lock !== undefined) return lock;
    if (performance.now() > giveUpAt)
      throw new KeyFileError('another program has been changing the key file for too long');
    await sleep(LOCK_RETRY_MS);
  }
}

function tryToLock(path: string): Disposable | undefined {
  try {
    return tryLock(`${path}-lock`);
  } catch (error) {
    throw new KeyFileError('the key file cannot be locked: is its directory there, and may it be written?', {
      cause: error,
    });
  }
}

/** Written beside it and put in its place, so that a server never reads half of one. */
export async function writeKeyFile(path: string, file: KeyFile): Promise<void> {
  const beside = `${path}.${randomUUID()}`;
  try {
    await writeFile(beside, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
    await rename(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

/** @throws KeyFileError */
export async function watchKeyFile(path: string, options: WatchOptions): Promise<WatchedFile<KeyRing>> {
  return watchFile(path, async () => toKeyRing(await readKeyFile(path)), options);
}

function toKeyRing({ keys, revoked }: KeyFile): KeyRing {
  return { keys: new Map(keys.map((key) => [key.id, key])), revoked: new Set(revoked.map(({ id }) => id)) };
}
