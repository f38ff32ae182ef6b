/** What a page pays for the client, bundled and packed as a web server would send it. */
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

/** Bytes, gzipped. */
async function sizeOf(entry: string, external: readonly RegExp[] = []): Promise<number> {
  await using bundle = await rolldown({ input: entry, platform: 'browser', external: [...external] });
  const { output } = await bundle.generate({ minify: true });
  return output.reduce((sum, chunk) => sum + ('code' in chunk ? gzipSync(chunk.code, { level: 9 }).length : 0), 0);
}

test('all of drumline/client is at most 12 kB', async () => {
  expect(await sizeOf('src/client/index.ts')).toBeLessThanOrEqual(12_000);
});

test('the worker that tabs share is at most 9 kB', async () => {
  expect(await sizeOf('src/client/shared-tab-worker.ts')).toBeLessThanOrEqual(9_000);
});
