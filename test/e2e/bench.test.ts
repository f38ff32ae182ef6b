/**
 * The bench works: every row can be measured, at a size where that takes no time, and every delivery of it is counted.
 * What the figures say is looked at on a quiet machine, not here.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openTempDir } from '../support/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** Names that the README and comparisons of two runs rely on. */
const ROWS = [
  'fanout-small',
  'fanout-full',
  'fanout-sse-small',
  'fanout-sse-full',
  'burst',
  'tasks-1000',
  'emit-http',
  'emit-http-32-tasks',
  'emit-ws',
  'emit-batch',
  'emit-batch-100-tasks',
  'emit-1000-components',
  'emitter',
  'latency',
  'idle-memory',
  'security-fanout',
  'security-emit',
  'growth-watchers',
  'growth-log',
  'growth-tasks',
  'catch-up',
  'one-stalled',
  'all-stalled',
  'slow-20',
  'flood',
  'stores-append',
  'stores-append-one',
  'stores-latency',
  'stores-fanout',
];

const Results = z.object({
  rows: z.array(
    z.object({
      name: z.string(),
      metric: z.string(),
      entries: z.array(z.object({ label: z.string(), repeats: z.array(z.record(z.string(), z.number())) })),
    }),
  ),
});

// The first run installs the peers.
test('every row can be measured, of every server', { timeout: 240_000 }, async () => {
  await using directory = await openTempDir();
  const out = join(directory.path, 'results.md');
  await run(process.execPath, ['bench/main.ts', '--smoke', '--out', out], { cwd: ROOT });
  const { rows } = Results.parse(JSON.parse(readFileSync(join(directory.path, 'results.json'), 'utf8')));
  expect(rows.map(({ name }) => name)).toEqual(ROWS);
  const unmeasured = rows.flatMap(({ name, metric, entries }) =>
    entries.filter(({ repeats }) => repeats[0]?.[metric] === undefined).map(({ label }) => `${name}, ${label}`),
  );
  expect(unmeasured).toEqual([]);
  // What the root's type check leaves out: it knows nothing of the peers' packages.
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'bench/tsconfig.json'], { cwd: ROOT });
});
