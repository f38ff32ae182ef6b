/**
 * What a user gets: the packed package in an empty folder outside of this checkout. Its program runs, its types resolve
 * for every entry under both ways of resolving, and what the guides print works as it is printed.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { openTempDir, type TempDir } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Of apps, not of the package: what its entries for them stand beside. */
const PEERS = ['@apollo/client', '@types/react', '@urql/core', 'react', 'rxjs', 'vitest', 'wonka'];

let project: TempDir;
beforeAll(async () => {
  project = await openTempDir();
  await run('npm', ['pack', '--silent', '--pack-destination', project.path], { cwd: ROOT });
  await writeFile(join(project.path, 'package.json'), '{ "private": true, "type": "module" }');
  const tarball = (await readdir(project.path)).find((name) => name.endsWith('.tgz')) ?? '';
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--silent', '--omit=peer'];
  await run('npm', ['install', ...quiet, join(project.path, tarball)], { cwd: project.path });
  for (const name of PEERS) {
    const link = join(project.path, 'node_modules', name);
    await mkdir(join(link, '..'), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}, 120_000);
afterAll(async () => project[Symbol.asyncDispose]());

const TYPED = `
import { createApp, createEventManager, type Config } from 'drumline';
import { watchTask, type TaskUpdate } from 'drumline/client';
import { createEmitter } from 'drumline/emitter';
import { createSharedConnection } from 'drumline/client/shared-tab';
import { DrumlineLink } from 'drumline/apollo';
import { drumlineExchange } from 'drumline/urql';
import { useTaskProgress } from 'drumline/react';
import { testEventLog } from 'drumline/conformance';

export const update: AsyncIterableIterator<TaskUpdate, void, void> = watchTask({ url: '/graphql', taskId: 't' });
export const link: DrumlineLink = new DrumlineLink({ url: 'http://x/graphql' });
export const all = [createApp, createEventManager, createEmitter, createSharedConnection, drumlineExchange, useTaskProgress, testEventLog];
export type Settings = Config;
// @ts-expect-error: a task id is text.
watchTask({ url: '/graphql', taskId: 1 });
`;

test.each(['nodenext', 'bundler'])(
  'types of every entry resolve with moduleResolution %s',
  async (moduleResolution) => {
    const compilerOptions = {
      target: 'ES2024',
      lib: ['ES2024', 'ESNext', 'DOM'],
      module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext',
      moduleResolution,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    const config = join(project.path, `tsconfig.${moduleResolution}.json`);
    await writeFile(config, JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    await writeFile(join(project.path, 'typed.ts'), TYPED);
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    // It says on stdout what is wrong.
    const said = await new Promise((resolve) => execFile(tsc, ['-p', config], (_error, text) => resolve(text)));
    expect(said).toBe('');
  },
);

test('its program serves, and the programs of the guides emit and watch as they are printed', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const program = join(project.path, 'node_modules/.bin/drumline');
  await using server = begin(program, ['serve', '--port', String(port), '--store', 'memory:'], project.path);
  await server.says(/listening/);

  for (const [guide, name] of [
    ['emitting.md', 'emit.ts'],
    ['watching.md', 'watch.ts'],
  ] as const) {
    const code = firstProgram(await readFile(join(ROOT, 'docs', guide), 'utf8'));
    expect(code.split('\n').length).toBeLessThanOrEqual(12);
    await writeFile(join(project.path, name), code.replaceAll('http://127.0.0.1:4000/graphql', url));
  }
  expect(await run(process.execPath, [join(project.path, 'emit.ts')])).toMatchObject({ stderr: '' });
  const { stdout } = await run(process.execPath, [join(project.path, 'watch.ts')]);
  expect(stdout.trim().split('\n').at(-1)).toBe('100 %');
});

/** Each may be copied as it stands: with its import. */
function firstProgram(guide: string): string {
  return /```ts\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
}

interface Program extends AsyncDisposable {
  says(line: RegExp): Promise<void>;
}

function begin(file: string, args: readonly string[], cwd: string): Program {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener();
    });
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    async says(line) {
      const said = new Promise<void>((resolve) =>
        listeners.add(() => lines.some((each) => line.test(each)) && resolve()),
      );
      await Promise.race([said, closed.then(() => Promise.reject(new Error(lines.join('\n'))))]);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
