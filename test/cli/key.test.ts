/** `drumline key` and `drumline token`: what they print is what the server takes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKeyFile } from '../../src/auth/key-file.ts';
import { tryLock } from '../../src/util/file-lock.ts';
import { GOOD_EVENT, startApp } from '../support/app.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { cli } from './host.ts';

const SECRET = 'a secret that is long enough to sign with';

test('a key that was added opens the server, and its file does not hold it', async () => {
  await using directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  const added = await cli(['key', 'add', 'agents', '--grant', 'emit:*', '--grant', 'read:*', '--file', file]);
  expect([added.exitCode, added.stderr]).toEqual([0, 'Key agents; it is shown this once:\n']);
  const key = added.stdout.trim();
  expect(await readFile(file, 'utf8')).not.toContain(key.slice(-43));
  await using server = await startApp({ settings: { authKeys: file } });
  const { taskId, eventType, component, stage, message } = GOOD_EVENT;
  const event = [
    '--task',
    taskId,
    '--type',
    eventType,
    '--component',
    component,
    '--stage',
    stage,
    '--message',
    message,
  ];
  const emit = ['emit', ...event, '--url', server.origin];
  expect((await cli(emit, { env: { DRUMLINE_TOKEN: key } })).exitCode).toBe(0);
  expect((await cli(emit)).stderr).toBe(
    'drumline: The server refused (UNAUTHENTICATED): Who is asking could not be established.\n',
  );

  const env = { DRUMLINE_AUTH_KEYS: file };
  expect((await cli(['key', 'list'], { env })).stdout).toMatch(/^agents {2}\d{4}-\d\d-\d\d {2}emit:\* read:\*\n$/);
  expect((await cli(['key', 'remove', 'agents'], { env })).exitCode).toBe(0);
  expect((await cli(['key', 'list'], { env })).stdout).toBe('');
});

test('a token that was signed opens the server for its tasks; a revoked one is in the file once', async () => {
  await using directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  const env = { DRUMLINE_AUTH_SECRET: SECRET, DRUMLINE_AUTH_KEYS: file };
  const { stdout, stderr } = await cli(['token', 'run-42', '--expires-in', '60', '--grant', 'emit:run-43'], { env });
  const id = /^Token (\S+), good until /.exec(stderr)?.[1] ?? '';
  await using server = await startApp({ settings: { authSecret: SECRET } });
  const authorization = `Bearer ${stdout.trim()}`;
  expect(await server.post('{ task(id: "run-42") { id } }', {}, { authorization })).toEqual({
    status: 200,
    data: { task: null },
  });
  for (let times = 0; times < 2; times += 1) expect((await cli(['key', 'revoke', id], { env })).exitCode).toBe(0);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ keys: [], revoked: [{ id }] });
});

test('of several that change the file at once each has its change in it', async () => {
  await using directory = await openTempDir();
  const env = { DRUMLINE_AUTH_KEYS: path.join(directory.path, 'keys.json') };
  const ids = Array.from({ length: 8 }, (_, index) => `key-${index}`);
  const added = ids.map((id) => cli(['key', 'add', id, '--grant', 'read:*'], { env }));
  const revoked = ids.map((id) => cli(['key', 'revoke', `token-${id}`], { env }));
  expect((await Promise.all([...added, ...revoked])).map(({ exitCode }) => exitCode)).toEqual(
    Array.from({ length: 16 }, () => 0),
  );
  const file = await readKeyFile(env.DRUMLINE_AUTH_KEYS);
  expect(file.keys.map(({ id }) => id).toSorted()).toEqual(ids);
  expect(file.revoked.map(({ id }) => id).toSorted()).toEqual(ids.map((id) => `token-${id}`));
});

test('one that is killed while it changes the file keeps nobody out', async () => {
  await using directory = await openTempDir();
  const file = path.join(directory.path, 'keys.json');
  const program = `import(${JSON.stringify(new URL('../../src/auth/key-file.ts', import.meta.url))}).then(async (it) => {
    globalThis.lock = await it.lockKeyFile(${JSON.stringify(file)});
    console.log('locked');
    setInterval(() => undefined, 1_000);
  })`;
  const child = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(tryLock(`${file}-lock`)).toBeUndefined();
  const adding = cli(['key', 'add', 'late', '--grant', 'read:*', '--file', file]);
  child.kill('SIGKILL');
  expect((await adding).exitCode).toBe(0);
});

describe('a usage error is one line', () => {
  const env = { DRUMLINE_AUTH_SECRET: SECRET };
  test.each([
    ['no file', ['key', 'list'], {}],
    ['no grant', ['key', 'add', 'a', '--file', 'keys.json'], {}],
    ['what is no grant', ['key', 'add', 'a', '--grant', 'write:*', '--file', 'keys.json'], {}],
    ['what is no name', ['key', 'add', 'A b', '--grant', 'read:*', '--file', 'keys.json'], {}],
    ['no secret', ['token', 'run-42'], {}],
    ['a short secret', ['token', 'run-42'], { DRUMLINE_AUTH_SECRET: 'short' }],
    ['no task', ['token'], env],
    ['what is no task', ['token', 'a b'], env],
  ])('%s', async (_what, argv, environment) => {
    const { exitCode, stdout, stderr } = await cli(argv, { env: environment });
    expect([exitCode, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/^drumline: .+\n$/);
  });
});
