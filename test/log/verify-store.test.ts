/** A store is looked at while its server appends, trims, deletes and begins tasks anew: none of that is damage. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openSqliteReader } from '../../src/log/sqlite/reader.ts';
import type { StoreReader } from '../../src/log/store-reader.ts';
import { verifyStore } from '../../src/log/verify-store.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { newEvents } from './sqlite-support.ts';

const TASKS = 6;
const EVENTS = 1_200;

test('what a server does meanwhile is not damage, wherever in the walk it happens', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await using log = await openSqliteLog({ path, snapshotEvery: 100 });
  const names = Array.from({ length: TASKS }, (_, index) => `task-${index}`);
  for (const name of names) await log.append(newEvents(name, EVENTS));
  const damaged: string[] = [];
  await using reader = await openSqliteReader(path, (what, taskId) => damaged.push(`${what} of ${taskId}`));
  if (reader === undefined) throw new Error('there is a store');
  const changes: readonly ((taskId: string) => Promise<unknown>)[] = [
    (taskId) => log.append(newEvents(taskId, 20, EVENTS + 1)),
    (taskId) => log.trim(taskId, 700),
    (taskId) => log.trim(taskId, EVENTS),
    (taskId) => log.delete(taskId),
    async (taskId) => {
      await log.delete(taskId);
      await log.append(newEvents(taskId, EVENTS + 5));
    },
  ];
  const verdict = await verifyStore(changedBetweenPages(reader, changes), {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  expect(verdict).toMatchObject({ tasks: TASKS, damage: [], damageCount: 0 });
  expect(damaged).toEqual([]);
});

/** After the first page of each task the next of the changes is made to it. */
function changedBetweenPages(
  reader: StoreReader,
  changes: readonly ((taskId: string) => Promise<unknown>)[],
): StoreReader {
  const waiting = [...changes];
  const changed = new Set<string>();
  return {
    ...reader,
    async read(taskId, range) {
      const page = await reader.read(taskId, range);
      if (!changed.has(taskId)) await waiting.shift()?.(taskId);
      changed.add(taskId);
      return page;
    },
  };
}
