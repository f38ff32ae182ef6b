/** What /readyz names without turning traffic away: a key file that cannot be read, while the one before it holds. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

test('a key file that cannot be read any more is named as "auth" until it can, and the server stays ready', async () => {
  await using dir = await openTempDir();
  const authKeys = join(dir.path, 'keys.json');
  await writeFile(authKeys, '{"keys":[]}');
  await using app = await startApp({ settings: { authKeys } });
  const readyz = async (): Promise<string> => {
    const response = await fetch(`${app.origin}/readyz`);
    return `${response.status} ${await response.text()}`;
  };
  const good = '200 {"ready":true,"reasons":[],"degraded":[]}';
  expect(await readyz()).toBe(good);
  await writeFile(authKeys, '{"keys":');
  await waitFor(async () => (await readyz()) !== good, { withinMs: 10_000, what: 'the broken file' });
  expect(await readyz()).toBe('200 {"ready":true,"reasons":[],"degraded":["auth"]}');
  await writeFile(authKeys, '{"keys":[],"revoked":[]}');
  await waitFor(async () => (await readyz()) === good, { withinMs: 10_000, what: 'the mended file' });
});
