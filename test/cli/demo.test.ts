/** `drumline demo` against a real server, a hundred times as fast. */
import { expect, test } from 'vitest';
import { openApp } from './app.ts';
import { cli } from './host.ts';

test('plays its story, and says how to watch it', async () => {
  await using app = await openApp();
  const { exitCode, stdout } = await cli(['demo', '--speed', '100', '--task', 'd', '--url', app.url]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`  drumline watch d --url ${app.url}\n`);
  const watched = await cli(['watch', 'd', '--url', app.url]);
  expect(watched.exitCode).toBe(0);
});

test('with --watch shows it here, to its end', async () => {
  await using app = await openApp();
  const { exitCode, stdout } = await cli(['demo', '--speed', '100', '--task', 'd', '--watch', '--url', app.url]);
  expect(exitCode).toBe(0);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^✓ d completed after/);
});

test('with --fail the task fails', async () => {
  await using app = await openApp();
  await cli(['demo', '--speed', '100', '--task', 'd', '--fail', '--url', app.url]);
  expect((await cli(['watch', 'd', '--url', app.url])).exitCode).toBe(1);
});

test('with --tasks plays several at once, of which the last one fails', async () => {
  await using app = await openApp();
  const argv = ['demo', '--speed', '100', '--task', 'd', '--tasks', '3', '--url', app.url];
  const { exitCode, stdout } = await cli([...argv, '--watch']);
  expect(exitCode).toBe(0);
  expect(stdout.match(/^[✓✗] d-\d \w+/gm)?.toSorted()).toEqual(['✓ d-1 completed', '✓ d-2 completed', '✗ d-3 failed']);
  const again = await cli(argv);
  expect(again.stdout).toContain(`  drumline watch d-1 d-2 d-3 --url ${app.url}\n`);
});

test('without a server it says in one line how to start one', async () => {
  const app = await openApp();
  await app.stop();
  const { exitCode, stdout, stderr } = await cli(['demo', '--url', app.url]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 69, stdout: '' });
  expect(stderr).toMatch(/^drumline: no server at [^\n]*drumline serve[^\n]*\n$/);
});
