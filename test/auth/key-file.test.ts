/** The key file: read again when it changes, and never half. */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createApiKey, findApiKey } from '../../src/auth/api-keys.ts';
import { createAuthenticator } from '../../src/auth/authenticator.ts';
import { readKeyFile, watchKeyFile, writeKeyFile } from '../../src/auth/key-file.ts';
import { UnauthenticatedError } from '../../src/domain/errors.ts';
import { may } from '../../src/domain/viewer.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const MADE = new Date('2026-11-27T12:00:00Z');

test('a key stands for its grants; another of the same id, or a part of it, for nothing', () => {
  const { key, kept } = createApiKey('ci', ['emit:*'], MADE);
  const keys = new Map([[kept.id, kept]]);
  const viewer = findApiKey(keys, key);
  expect(viewer !== undefined && may(viewer, 'emit', 'any')).toBe(true);
  expect(JSON.stringify(kept)).not.toContain(key.slice(-43));
  for (const wrong of [
    key.slice(0, -1),
    `${key.slice(0, -1)}~`,
    createApiKey('ci', ['emit:*'], MADE).key,
    'drumline_',
    key.replace('ci', 'cd'),
  ]) {
    expect(findApiKey(keys, wrong)).toBeUndefined();
  }
});

test('what was written is read; a file that is wrong is told without what it holds', async () => {
  await using directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  await expect(readKeyFile(file)).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  const { kept } = createApiKey('ci', ['emit:*'], MADE);
  await writeKeyFile(file, { keys: [kept], revoked: [{ id: 'token-1' }] });
  await expect(readKeyFile(file)).resolves.toEqual({ keys: [kept], revoked: [{ id: 'token-1' }] });
  for (const text of [
    'canary',
    '{"keys":[{"id":"canary!"}]}',
    JSON.stringify({ keys: [kept, kept] }),
    '{"canary":1}',
  ]) {
    await writeFile(file, text);
    const error = await readKeyFile(file).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'KEY_FILE_INVALID' });
    expect(String(error)).not.toContain('canary!');
  }
});

test('a key that is granted less is another: whoever came with it before is turned out', async () => {
  const { key, kept } = createApiKey('ci', ['read:*', 'emit:*'], MADE);
  let grants = kept.grants;
  const keyRing = () => ({ keys: new Map([[kept.id, { ...kept, grants }]]), revoked: new Set<string>() });
  const authenticator = createAuthenticator({ keyRing, tokens: undefined });
  const before = await authenticator.authenticate(key);
  grants = ['emit:*'];
  expect(authenticator.whyOver(before)?.code).toBe('TOKEN_REVOKED');
  const after = await authenticator.authenticate(key);
  expect([may(after, 'read', 'a'), may(after, 'emit', 'a')]).toEqual([false, true]);
});

test('a file that could not be read is tried again although it is the same', async () => {
  await using directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  const { kept } = createApiKey('ci', ['emit:*'], MADE);
  await writeKeyFile(file, { keys: [], revoked: [] });
  const troubles: string[] = [];
  using watched = await watchKeyFile(file, { everyMs: 5, onTrouble: ({ message }) => troubles.push(message) });
  await rm(file);
  await waitFor(() => !watched.isCurrent, { withinMs: 5_000, what: 'the trouble' });
  await writeKeyFile(file, { keys: [kept], revoked: [] });
  await waitFor(() => watched.isCurrent, { withinMs: 5_000, what: 'the file to be read' });
  expect([watched.value.keys.size, troubles.length]).toEqual([1, 1]);
});

describe('a server that watches it', () => {
  test('takes a new key, drops one that was removed with the tokens it gave out, and keeps the last good one', async () => {
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'keys.json');
    const old = createApiKey('old', ['read:*'], MADE);
    await writeKeyFile(file, { keys: [old.kept], revoked: [] });
    const troubles: string[] = [];
    using watched = await watchKeyFile(file, { everyMs: 5, onTrouble: ({ message }) => troubles.push(message) });
    const authenticator = createAuthenticator({ keyRing: () => watched.value, tokens: undefined });
    const viewer = await authenticator.authenticate(old.key);
    expect(authenticator.whyOver(viewer)).toBeUndefined();
    const ofItsToken = { ...viewer, credentials: ['some-token', ...viewer.credentials] };

    await writeFile(file, 'half a fi');
    await waitFor(() => troubles.length > 0, { withinMs: 5_000, what: 'the trouble to be told' });
    expect(authenticator.whyOver(viewer)).toBeUndefined();

    const again = createApiKey('old', ['read:*'], MADE);
    await writeKeyFile(file, { keys: [again.kept], revoked: [{ id: 'bad-token' }] });
    await waitFor(() => watched.value.revoked.size > 0, { withinMs: 5_000, what: 'the file to be read again' });
    expect(authenticator.whyOver(viewer)?.code).toBe('TOKEN_REVOKED');
    expect(authenticator.whyOver(ofItsToken)?.code).toBe('TOKEN_REVOKED');
    expect(authenticator.whyOver({ ...viewer, credentials: ['bad-token'] })?.code).toBe('TOKEN_REVOKED');
    expect(() => authenticator.authenticate(old.key)).toThrow(UnauthenticatedError);
    expect(authenticator.whyOver(await authenticator.authenticate(again.key))).toBeUndefined();
    expect(troubles).toHaveLength(1);
  });
});
