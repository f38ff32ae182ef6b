/** `deploy/compose.yaml`: what Docker Compose itself says of it, and that it fits the image, the server and the balancer. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../../src/config.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'deploy/compose.yaml');
const compose = systemProgram('docker-compose', { debian: 'docker-compose' });

const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      ports: z.array(z.string()).default([]),
      environment: z.record(z.string(), z.string()).default({}),
      stop_grace_period: z.string().optional(),
      volumes: z.array(z.string()).default([]),
    }),
  ),
});

test('Drumline takes its settings, and is given the time that a drain needs', async () => {
  const services = await readServices();
  const own = Object.values(services).filter(({ image }) => image === undefined);
  expect(own).toHaveLength(2);
  for (const { environment, stop_grace_period: grace = '' } of own) {
    const env = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{POSTGRES_PASSWORD:[^}]+\}/g, 'secret'),
      ]),
    );
    const config = parseConfig({ env });
    expect(config.store).toEqual({ driver: 'postgres', url: 'postgres://drumline:secret@postgres:5432/drumline' });
    expect(config.bus).toEqual({ driver: 'redis', url: 'redis://redis:6379' });
    expect(Number(/^(\d+)s$/.exec(grace)?.[1]) * 1_000).toBeGreaterThan(config.drainMs + 5_000);
  }
});

test('every image has a version, and what can be reached from outside is the balancer on this machine', async () => {
  const services = await readServices();
  const images = Object.values(services).flatMap(({ image }) => image ?? []);
  for (const image of images) expect(image).toMatch(/^[a-z]+:\d+\.\d+$/);
  const ports = Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => [name, port]));
  expect(ports).toEqual([['balancer', '127.0.0.1:4000:4000']]);
});

test('the balancer knows each Drumline by its name', async () => {
  const names = Object.entries(await readServices()).flatMap(([name, { image }]) =>
    image === undefined ? [name] : [],
  );
  const config = await readFile(join(ROOT, 'deploy/haproxy.cfg'), 'utf8');
  const servers = Array.from(config.matchAll(/^ {2}server (\S+) (\S+):4000 check /gm), ([, name, host]) => ({
    name,
    host,
  }));
  expect(servers).toEqual(names.map((name) => ({ name, host: name })));
});

describe.skipIf(!compose.present)('Docker Compose', () => {
  test('reads it', async () => {
    const { stdout } = await run({ POSTGRES_PASSWORD: 'secret' });
    const services = Compose.parse(parse(stdout)).services;
    expect(Object.keys(services).toSorted()).toEqual(['balancer', 'drumline-1', 'drumline-2', 'postgres', 'redis']);
    expect(services['balancer']?.volumes).toEqual([
      `${join(ROOT, 'deploy/haproxy.cfg')}:/usr/local/etc/haproxy/haproxy.cfg:ro`,
    ]);
  });

  test('says what is missing when there is no password', async () => {
    await expect(run({})).rejects.toThrow('write it into deploy/.env');
  });
});

async function readServices(): Promise<z.infer<typeof Compose>['services']> {
  return Compose.parse(parse(await readFile(FILE, 'utf8'), { merge: true })).services;
}

async function run(environment: Readonly<Record<string, string>>): Promise<{ readonly stdout: string }> {
  // A developer may have one beside the file.
  await using dir = await openTempDir();
  const nothing = join(dir.path, '.env');
  await writeFile(nothing, '');
  const env = { PATH: process.env['PATH'], ...environment };
  return await promisify(execFile)(compose.path, ['--env-file', nothing, '--file', FILE, 'config'], { env });
}
