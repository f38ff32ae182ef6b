/** Deleting from the file: what is damaged goes as well, nothing is left behind, and a group sees what it did before. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { newEvent, newEvents, numbers, readAll } from '../../src/conformance/event-log/support.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openTempDir } from '../support/temp-dir.ts';

test('a task is deleted however damaged it is', async () => {
  await using dir = await openTempDir();
  const path = `${dir.path}/store.db`;
  const first = await openSqliteLog({ path });
  await first.append(['first-record', 'events'].flatMap((taskId) => newEvents(taskId, 3)));
  await first[Symbol.asyncDispose]();
  change(path, `UPDATE task SET genesis = '{}' WHERE task_id = 'first-record'`);
  change(path, `DELETE FROM event WHERE seq = 2 AND task = (SELECT task FROM task WHERE task_id = 'events')`);
  await using log = await openSqliteLog({ path });
  await expect(log.head('first-record')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  await expect(readAll(log, 'events')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  for (const taskId of ['first-record', 'events']) {
    expect(await log.delete(taskId)).toBe(true);
    await log.append(newEvents(taskId, 2));
    expect(numbers(await readAll(log, taskId))).toEqual([1, 2]);
  }
});

test('no row of a deleted task is left', async () => {
  await using dir = await openTempDir();
  const path = `${dir.path}/store.db`;
  const log = await openSqliteLog({ path, snapshotEvery: 2 });
  await log.append(newEvents('task', 9));
  await log.initTask({ taskId: 'announced', labels: [] });
  await log.delete('task');
  await log.delete('announced');
  await log[Symbol.asyncDispose]();
  using db = new DatabaseSync(path);
  const counts = ['task', 'component', 'event', 'snapshot'].map((table) =>
    db.prepare(`SELECT count(*) AS rows FROM ${table}`).get(),
  );
  expect(counts.map((row) => row?.['rows'])).toEqual([0, 0, 0, 0]);
});

test('begun, deleted and begun anew within one transaction', async () => {
  await using dir = await openTempDir();
  await using log = await openSqliteLog({ path: `${dir.path}/store.db` });
  // While the writer has something to do, what is sent in one turn of the event loop is one group.
  const busy = log.append(newEvents('busy', 1));
  const begun = [log.append(newEvents('task', 3)), log.initTask({ taskId: 'other', labels: [] })];
  const deleted = ['task', 'other', 'nobody'].map((taskId) => log.delete(taskId));
  for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
  const anew = log.append([newEvent({ eventId: 'anew' })]);
  await Promise.all([busy, ...begun]);
  expect(await Promise.all(deleted)).toEqual([true, true, false]);
  expect(await anew).toMatchObject([{ event: { seq: 1, eventId: 'anew' } }]);
  expect(numbers(await readAll(log, 'task'))).toEqual([1]);
  expect(await log.head('other')).toBeUndefined();
});

function change(path: string, sql: string): void {
  using db = new DatabaseSync(path);
  db.exec(sql);
}
