/** What a page pays for each entry, bundled and packed as a web server would send it, and what comes with it. */
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown, type OutputChunk } from 'rolldown';
import { expect, test } from 'vitest';

async function bundle(entry: string, external: readonly RegExp[] = []): Promise<readonly OutputChunk[]> {
  await using bundle = await rolldown({ input: entry, platform: 'browser', external: [...external] });
  const { output } = await bundle.generate({ minify: true });
  return output.filter((each) => each.type === 'chunk');
}

/** Bytes, gzipped. */
async function sizeOf(entry: string, external: readonly RegExp[] = []): Promise<number> {
  const chunks = await bundle(entry, external);
  return chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
}

const CLIENT = 'src/client/index.ts';
const EMITTER = 'src/emitter/index.ts';
const REACT = 'src/react/index.ts';

test('all of drumline/client is at most 12 kB', async () => {
  expect(await sizeOf(CLIENT)).toBeLessThanOrEqual(12_000);
});

test('who only emits pays at most 6 kB', async () => {
  expect(await sizeOf(EMITTER)).toBeLessThanOrEqual(6_000);
});

test('drumline/react is at most 2 kB more, React itself not counted', async () => {
  expect(await sizeOf(REACT, [/^react$/])).toBeLessThanOrEqual((await sizeOf(CLIENT)) + 2_000);
});

test('no entry brings another with it', async () => {
  /** Our folders, and packages that are left to be imported. */
  async function partsOf(entry: string): Promise<readonly string[]> {
    const chunks = await bundle(entry, [/^react$/]);
    const paths = chunks.flatMap(({ moduleIds }) => moduleIds).map((id) => relative('src', id));
    const folders = paths.flatMap((path) => /^(\w+\/)/.exec(path)?.[1] ?? []);
    return [...new Set([...folders, ...chunks.flatMap(({ imports }) => imports)])].toSorted();
  }
  expect(await partsOf(CLIENT)).toEqual(['client/', 'util/']);
  expect(await partsOf(EMITTER)).toEqual(['client/', 'emitter/', 'util/']);
  expect(await partsOf(REACT)).toEqual(['client/', 'react', 'react/', 'util/']);
});

test('the worker that tabs share is at most 9 kB', async () => {
  expect(await sizeOf('src/client/shared-tab-worker.ts')).toBeLessThanOrEqual(9_000);
});

test.each([
  ['apollo', [/^@apollo\/client/, /^graphql$/, /^rxjs$/], /urql|wonka/],
  ['urql', [/^@urql\/core$/, /^wonka$/], /apollo|rxjs/],
] as const)(
  'drumline/%s is at most 12 kB beside its client, and brings nothing of the other',
  async (name, external, other) => {
    const entry = `src/${name}/index.ts`;
    expect(await sizeOf(entry, external)).toBeLessThanOrEqual(12_000);
    const modules = (await bundle(entry, external)).flatMap(({ moduleIds }) => moduleIds);
    expect(modules.filter((path) => /node_modules\/graphql\//.test(path) || other.test(path))).toEqual([]);
  },
);
