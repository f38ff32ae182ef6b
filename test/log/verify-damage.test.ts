/**
 * One flipped bit anywhere in a file, or a lost end, and the store is looked at: it is found whole, damaged or no store
 * at all, and whatever the bit was in, nothing of the program breaks on it. Where it is read it is found.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openSqliteReader } from '../../src/log/sqlite/reader.ts';
import { verifyStore } from '../../src/log/verify-store.ts';
import { openRandom } from '../support/random.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { cut, damage, readPages, type PickPlace } from './sqlite-places.ts';
import { newEvents } from './sqlite-support.ts';

const ROUNDS = 20;

async function examine(path: string): Promise<'whole' | 'damaged' | 'no store'> {
  let derived = 0;
  try {
    await using reader = await openSqliteReader(path, () => (derived += 1));
    if (reader === undefined) return 'no store';
    await reader.size().catch(() => undefined);
    const { damageCount } = await verifyStore(reader, {
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    return damageCount + derived > 0 ? 'damaged' : 'whole';
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'StoreUnusableError') return 'no store';
    if (name === 'StoreCorruptError') return 'damaged';
    throw error;
  }
}

test('damage of any kind of place is survived, and found where it is read', async () => {
  const random = openRandom('damage that is looked at');
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  {
    await using log = await openSqliteLog({ path, snapshotEvery: 50 });
    for (const name of ['one', 'two', 'three']) await log.append(newEvents(name, 400));
    await log.trim('three', 100);
    for (const id of ['o1', 'o2']) await log.publishObservation({ id, content: id, metadata: {} });
  }
  expect(await examine(path)).toBe('whole');
  const pages = readPages(path);
  const places: readonly (readonly [string, PickPlace])[] = [
    ['events', pages.rows('event')],
    ['tasks', pages.rows('task')],
    ['components', pages.rows('component')],
    ['observations', pages.rows('observation')],
    ['the index of ids', pages.index('event_by_id')],
    ['indexes', pages.index()],
    ['interior', pages.interior],
    ['the first page', pages.firstPage],
    ['the end', cut('', path)],
  ];
  const bytes = readFileSync(path);
  const broken = join(dir.path, 'broken.db');
  const found = new Map<string, number>();
  for (const [what, pick] of places) {
    for (let round = 0; round < ROUNDS; round += 1) {
      writeFileSync(broken, damage(bytes, pick(random)));
      if ((await examine(broken)) !== 'whole') found.set(what, (found.get(what) ?? 0) + 1);
    }
  }
  copyFileSync(path, broken);
  expect(await examine(broken)).toBe('whole');
  // A bit that nobody reads, such as one of free space, does no harm.
  for (const what of ['events', 'tasks', 'observations', 'the index of ids', 'the end']) {
    expect([what, (found.get(what) ?? 0) > ROUNDS / 2]).toEqual([what, true]);
  }
});
