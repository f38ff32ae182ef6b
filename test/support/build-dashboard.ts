/**
 * The dashboard's page is built once before all tests that open it, not by each of them: two builds at the same time
 * would take the files from under each other's servers. `npm ci` has built it; whoever changed the sources since then
 * would otherwise test the page of yesterday.
 */
import { execFile } from 'node:child_process';
import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

/** Vitest calls it before it starts the first test. */
export async function setup(): Promise<void> {
  const built = await stat(join(ROOT, 'dist/dashboard/index.html')).catch(() => undefined);
  if (built !== undefined && built.mtimeMs >= (await newestSource())) return;
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  // As it is released: a test's environment would put the development build of React into it.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: ROOT, env });
}

/** Milliseconds since 1970. Any of our sources may be part of the page. */
async function newestSource(): Promise<number> {
  const times: number[] = [];
  for await (const path of glob('src/**/*.{ts,tsx,css,html,svg}', { cwd: ROOT })) {
    times.push((await stat(join(ROOT, path))).mtimeMs);
  }
  return Math.max(...times);
}
