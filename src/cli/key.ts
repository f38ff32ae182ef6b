/** `drumline key`: what it does to the key file. The file is replaced as a whole, so that a server never reads half. */
import { createApiKey, Grant, KeyId } from '../auth/api-keys.ts';
import { KeyFileError, lockKeyFile, readKeyFile, writeKeyFile, type KeyFile } from '../auth/key-file.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { writeLine, type CliIo } from './io.ts';

interface KeyOptions {
  readonly path: string;
  readonly id: string;
}

export async function addKey(
  { path, id, grant = [] }: KeyOptions & { readonly grant?: readonly string[] },
  io: CliIo,
): Promise<ExitCode> {
  if (!KeyId.safeParse(id).success)
    throw new CliError(EXIT.usage, 'a key is named by lower-case letters, digits and -');
  const wrong = grant.find((text) => !Grant.safeParse(text).success);
  if (wrong !== undefined)
    throw new CliError(EXIT.usage, `${wrong} is no grant; one is emit:*, read:run-42, admin:team-a/*`);
  using _lock = await told(path, lockKeyFile(path));
  const file = await readIfThere(path);
  if (file.keys.some((each) => each.id === id)) throw new CliError(EXIT.usage, `there is a key ${id} already`);
  const { key, kept } = createApiKey(id, grant, new Date());
  await writeKeyFile(path, { ...file, keys: [...file.keys, kept] });
  await writeLine(io.stderr, `Key ${id}; it is shown this once:`);
  await writeLine(io.stdout, key);
  return EXIT.ok;
}

export async function listKeys(path: string, io: CliIo): Promise<ExitCode> {
  const { keys, revoked } = await read(path);
  const width = Math.max(0, ...keys.map(({ id }) => id.length));
  for (const { id, grants, created } of keys) {
    await writeLine(io.stdout, `${id.padEnd(width)}  ${created?.slice(0, 10) ?? '          '}  ${grants.join(' ')}`);
  }
  if (keys.length === 0) await writeLine(io.stderr, 'No keys.');
  if (revoked.length > 0) await writeLine(io.stderr, `${revoked.length} revoked.`);
  return EXIT.ok;
}

export async function removeKey({ path, id }: KeyOptions, io: CliIo): Promise<ExitCode> {
  using _lock = await told(path, lockKeyFile(path));
  const file = await read(path);
  const keys = file.keys.filter((each) => each.id !== id);
  if (keys.length === file.keys.length) throw new CliError(EXIT.usage, `there is no key ${id}`);
  await writeKeyFile(path, { ...file, keys });
  await writeLine(io.stderr, `Key ${id} is removed.`);
  return EXIT.ok;
}

export async function revokeToken({ path, id }: KeyOptions, io: CliIo): Promise<ExitCode> {
  using _lock = await told(path, lockKeyFile(path));
  const file = await readIfThere(path);
  if (!file.revoked.some((each) => each.id === id)) {
    await writeKeyFile(path, { ...file, revoked: [...file.revoked, { id }] });
  }
  await writeLine(io.stderr, `Token ${id} is revoked.`);
  return EXIT.ok;
}

function read(path: string): Promise<KeyFile> {
  return told(path, readKeyFile(path));
}

/** What is wrong with the file is told with its name. */
async function told<Result>(path: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof KeyFileError) throw new CliError(EXIT.badData, `${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** One that is not there yet is made by the first that is written to it. */
async function readIfThere(path: string): Promise<KeyFile> {
  try {
    return await read(path);
  } catch (error) {
    if (error instanceof CliError && isMissing(error.cause)) return { keys: [], revoked: [] };
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT'
  );
}
