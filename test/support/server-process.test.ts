/** The helper on a stand-in for the server, so that these tests stand without it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from './server-process.ts';
import type { ServerOptions } from './server-process.ts';
import { openTempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

const STAND_IN = `
import http from 'node:http';
import { parseArgs } from 'node:util';
const text = { type: 'string' };
const { values } = parseArgs({ allowPositionals: true, options: { port: text, host: text, store: text, mood: text } });
console.error(JSON.stringify({ store: values.store, leaked: process.env.DRUMLINE_LEAK ?? null, given: process.env.GIVEN }));
if (values.mood === 'broken') process.exit(78);
if (values.mood === 'deaf') process.on('SIGTERM', () => undefined);
else process.on('SIGTERM', () => process.exit(0));
const server = http.createServer((_, response) => response.end(String(process.pid)));
server.listen(Number(values.port), values.host, () => {
  if (values.mood !== 'mute') console.log('drumline listening on http://127.0.0.1:' + server.address().port);
});
`;

test('starts, and is told apart from the shell that runs the tests', async () => {
  await using dir = await openTempDir();
  process.env['DRUMLINE_LEAK'] = 'yes';
  await using server = await startServer(await standIn(dir.path, { env: { GIVEN: 'this' } }));
  delete process.env['DRUMLINE_LEAK'];
  await expect(answer(server.origin)).resolves.toBe(String(server.pid));
  expect(server.stdout).toEqual([`drumline listening on ${server.origin}`]);
  await waitFor(() => server.stderr.length === 1, { withinMs: 5_000, what: 'the log line' });
  expect(JSON.parse(server.stderr[0] ?? '')).toEqual({ store: 'memory:', leaked: null, given: 'this' });
});

test('restarts on the same port as another process', async () => {
  await using dir = await openTempDir();
  await using server = await startServer(await standIn(dir.path));
  const before = server.pid;
  await server.restart();
  await expect(answer(server.origin)).resolves.toBe(String(server.pid));
  expect(server.pid).not.toBe(before);
});

test('reports how and when it ended', async () => {
  await using dir = await openTempDir();
  await using server = await startServer(await standIn(dir.path));
  await expect(server.sigterm()).resolves.toMatchObject({ code: 0, signal: null });
  await server.restart();
  await expect(server.kill9()).resolves.toMatchObject({ code: null, signal: 'SIGKILL' });
});

test('fails when it ends before it is ready, when it never gets ready, and when it does not end', async () => {
  await using dir = await openTempDir();
  await expect(startServer(await standIn(dir.path, { args: ['--mood', 'broken'] }))).rejects.toThrow('ended (78)');
  const mute = await standIn(dir.path, { args: ['--mood', 'mute'], readyWithinMs: 500 });
  await expect(startServer(mute)).rejects.toThrow('listening');
  await using deaf = await startServer(await standIn(dir.path, { args: ['--mood', 'deaf'] }));
  await expect(deaf.sigterm(100)).rejects.toThrow('exit after SIGTERM');
});

async function standIn(directory: string, options: Partial<ServerOptions> = {}): Promise<ServerOptions> {
  const entry = path.join(directory, 'stand-in.mjs');
  await writeFile(entry, STAND_IN);
  return { store: 'memory:', entry, ...options };
}

async function answer(origin: string): Promise<string> {
  return (await fetch(origin)).text();
}
