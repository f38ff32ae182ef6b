/** What an empty board shows runs as it stands there, against the server that shows it. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { snippetsFor } from '../../src/dashboard/board/snippets.ts';
import { startApp } from '../support/app.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';

const EMITTER = path.resolve(import.meta.dirname, '../../src/emitter/index.ts');
const programs = {
  curl: systemProgram('bash', { debian: 'bash' }),
  TypeScript: { present: true, path: process.execPath },
  Python: systemProgram('python3', { debian: 'python3' }),
};
const hasCurl = systemProgram('curl', { debian: 'curl' }).present;

let directory: TempDir;
beforeAll(async () => {
  directory = await openTempDir();
});
afterAll(async () => directory[Symbol.asyncDispose]());

describe.each([{ auth: false }, { auth: true }])('where the server asks who one is: $auth', ({ auth }) => {
  test.skipIf(!hasCurl || !programs.Python.present).each(['curl', 'TypeScript', 'Python'] as const)(
    '%s',
    async (name) => {
      const authKeys = path.join(directory.path, 'keys.json');
      const { key, kept } = createApiKey('page', ['read:*', 'emit:*'], new Date());
      await writeKeyFile(authKeys, { keys: [kept], revoked: [] });
      await using app = await startApp(auth ? { settings: { authKeys } } : {});
      const url = app.graphqlUrl;

      const text = snippetsFor(url, auth).find((snippet) => snippet.name === name)?.text ?? '';
      const file = path.join(directory.path, name === 'TypeScript' ? 'first.ts' : 'first');
      await writeFile(file, text.replace("'drumline/emitter'", JSON.stringify(EMITTER)));
      const env = { ...process.env, DRUMLINE_TOKEN: auth ? key : undefined };
      await promisify(execFile)(programs[name].path, [file], { env });

      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({
          query: '{ task(id: "first-task") { progress { status } events(first: 1) { nodes { message } } } }',
        }),
      });
      expect(await response.json()).toMatchObject({
        data: { task: { progress: { status: 'RUNNING' }, events: { nodes: [{ message: 'Off we go' }] } } },
      });
    },
  );
});

test('no address breaks out of its quotes', () => {
  for (const { text } of snippetsFor("http://host/it's/graphql", false)) expect(text).not.toContain("it's");
});
