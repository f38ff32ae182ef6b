/** Group commit: appends that wait together are written together, and none of them suffers from another. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/event.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import { createGroupWriter, type GroupWriter } from '../../src/log/sqlite/group.ts';
import { openWritable } from '../../src/log/sqlite/file.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { isRefusal, toRequest, type WriteReply, type WriteRequest } from '../../src/log/sqlite/protocol.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { expectWhole, newEvent, newEvents } from './sqlite-support.ts';

function appendOf(batch: readonly NewEvent[]): WriteRequest {
  return toRequest({ kind: 'append', now: 1_000, batch });
}

function outcomes(replies: readonly WriteReply[]): readonly string[] {
  return replies.map((reply) => (isRefusal(reply) ? reply.error.name : 'stored'));
}

interface OpenWriter extends Disposable {
  readonly db: DatabaseSync;
  readonly writer: GroupWriter;
}

function openWriter(path: string): OpenWriter {
  const db = openWritable(path);
  const writer = createGroupWriter(db, { snapshotEvery: 4, onWarning: () => undefined });
  return { db, writer, [Symbol.dispose]: () => db.close() };
}

test('appends sent together are committed together', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await using log = await openSqliteLog({ path });
  await log.append([newEvent({ eventId: 'first' })]);
  using db = new DatabaseSync(path, { readOnly: true });
  const frames = (): number => Number(db.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log']);
  const before = frames();
  await Promise.all(newEvents('task', 100).map((event) => log.append([event])));
  // Alone each would write several pages, 100 times.
  expect(frames() - before).toBeLessThan(100);
  expect(await expectWhole(log, 'task')).toHaveLength(101);
});

test('an append that is refused leaves the others of its group untouched', async () => {
  await using dir = await openTempDir();
  await using log = await openSqliteLog({ path: join(dir.path, 'log.db') });
  const many = Array.from({ length: LIMITS.componentsPerTask }, (_, index) =>
    newEvent({ taskId: 'full', eventId: `f${index}`, component: `c${index}` }),
  );
  await log.append(many);
  const settled = await Promise.allSettled([
    log.append([newEvent({ eventId: 'a' })]),
    log.append([newEvent({ taskId: 'new', eventId: 'n' }), newEvent({ eventId: 'a', message: 'other' })]),
    log.append([newEvent({ eventId: 'b' })]),
    log.append([newEvent({ eventId: 'c' }), newEvent({ taskId: 'full', eventId: 'x', component: 'one more' })]),
    log.append([newEvent({ eventId: 'd' })]),
  ]);
  const codes = settled.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'stored'));
  expect(codes).toEqual(['stored', 'EVENT_ID_CONFLICT', 'stored', 'LIMIT_EXCEEDED', 'stored']);
  expect((await expectWhole(log, 'task')).map(({ eventId }) => eventId)).toEqual(['a', 'b', 'd']);
  expect(await log.head('new')).toBeUndefined();
});

test('a refusal names the place in the batch, as on any other log', async () => {
  await using dir = await openTempDir();
  await using log = await openSqliteLog({ path: join(dir.path, 'log.db') });
  await log.append([newEvent({ eventId: 'used' })]);
  const refused = log.append([newEvent({ eventId: 'fine' }), newEvent({ eventId: 'used', message: 'other' })]);
  await expect(refused).rejects.toMatchObject({
    name: 'EventIdConflictError',
    issues: [{ path: ['inputs', 1, 'eventId'], message: expect.stringContaining('"used"') as unknown }],
  });
});

test('a full store refuses what does not fit, keeps what does, and goes on when there is room', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const large = newEvent({ eventId: 'large', details: { text: 'x'.repeat(30_000) } });
  {
    using opened = openWriter(path);
    const { db, writer } = opened;
    writer.commit([appendOf(newEvents('task', 3))]);
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() ?? {};
    db.exec(`PRAGMA max_page_count = ${Number(pages) + 1}`);
    const replies = writer.commit([
      appendOf(newEvents('task', 1, 4)),
      appendOf([newEvent({ taskId: 'new', eventId: 'n' }), large]),
      appendOf(newEvents('task', 1, 5)),
    ]);
    expect(outcomes(replies)).toEqual(['stored', 'StoreFullError', 'stored']);
    db.exec('PRAGMA max_page_count = 100000');
    expect(outcomes(writer.commit([appendOf([large])]))).toEqual(['stored']);
  }
  await using log = await openSqliteLog({ path });
  const events = await expectWhole(log, 'task');
  expect(events.map(({ eventId }) => eventId)).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'large']);
  expect(await log.head('new')).toBeUndefined();
});

test('after a transaction that failed, numbers, hashes and folds go on from what is stored', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  {
    using opened = openWriter(path);
    const { db, writer } = opened;
    writer.commit([appendOf(newEvents('task', 3))]);
    // The row that stands where the next event belongs fails the insert, after the fold was made.
    db.exec(`INSERT INTO event (task, seq, hash, event_id, fingerprint, record) VALUES (2, 1, '', 'e1', '', '')`);
    const replies = writer.commit([appendOf(newEvents('task', 2, 4)), appendOf(newEvents('second', 1))]);
    expect(outcomes(replies)).toEqual(['stored', 'StoreCorruptError']);
    db.exec('DELETE FROM event WHERE task = 2');
    expect(outcomes(writer.commit([appendOf(newEvents('second', 2))]))).toEqual(['stored']);
    expect(outcomes(writer.commit([appendOf(newEvents('task', 2, 6))]))).toEqual(['stored']);
  }
  await using log = await openSqliteLog({ path });
  expect(await expectWhole(log, 'task')).toHaveLength(7);
  expect(await expectWhole(log, 'second')).toHaveLength(2);
});

test('a fault of the writer over one append is told to its caller alone', async () => {
  await using dir = await openTempDir();
  await using log = await openSqliteLog({ path: join(dir.path, 'log.db') });
  // No id at all, which the layers above never let through.
  const broken = newEvent({ taskId: {} as unknown as string, eventId: 'e' });
  const settled = await Promise.allSettled([log.append(newEvents('task', 3)), log.append([broken])]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await log.append(newEvents('task', 1, 4));
  expect(await expectWhole(log, 'task')).toHaveLength(4);
});

test('a writer thread that dies settles all that waits, fails what comes later, and reads go on', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const threads: Worker[] = [];
  const note = (worker: Worker): number => threads.push(worker);
  process.on('worker', note);
  const log = await openSqliteLog({ path });
  process.off('worker', note);
  await log.append(newEvents('task', 3));

  const waiting = newEvents('task', 200, 4).map((event) => log.append([event]));
  await threads[0]?.terminate();
  const settled = await Promise.allSettled(waiting);
  const refused = settled.filter(({ status }) => status === 'rejected');
  for (const { reason } of refused as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ code: 'STORE_UNAVAILABLE', outcome: 'UNKNOWN' });
  }
  await expect(log.append(newEvents('task', 1, 900))).rejects.toMatchObject({ outcome: 'FAILED' });
  expect((await expectWhole(log, 'task')).length).toBeGreaterThanOrEqual(203 - refused.length);
  await log[Symbol.asyncDispose]();

  await using again = await openSqliteLog({ path });
  expect((await expectWhole(again, 'task')).length).toBeGreaterThanOrEqual(203 - refused.length);
  await again.append(newEvents('task', 1, 900));
});

test('the WAL does not grow with what was written, while readers come and go', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  await using log = await openSqliteLog({ path });
  using db = new DatabaseSync(path, { readOnly: true });
  let most = 0;
  for (let round = 0; round < 80; round += 1) {
    await log.append(newEvents(`task-${round % 3}`, 500, round * 500 + 1));
    await log.read(`task-${round % 3}`, { after: 0, limit: 1_000 });
    most = Math.max(most, Number(db.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log']));
  }
  const { page_count: pages } = db.prepare('PRAGMA page_count').get() ?? {};
  expect(Number(pages)).toBeGreaterThan(2_500);
  expect(most).toBeLessThan(2_500);
});

test('a checkpoint that cannot even be looked at is a warning, and the writer lives on', async () => {
  await using dir = await openTempDir();
  const db = openWritable(join(dir.path, 'log.db'));
  const warnings: string[] = [];
  const writer = createGroupWriter(db, { snapshotEvery: 4, onWarning: (message) => void warnings.push(message) });
  db.close();
  writer.checkpoint();
  expect(warnings).toEqual([expect.stringMatching(/^a checkpoint failed: /)]);
});

test('a task that waits to be begun counts with its title and its labels', () => {
  const task = { taskId: 't', title: 'x'.repeat(1_000), labels: ['y'.repeat(500), 'z'.repeat(500)] };
  expect(toRequest({ kind: 'initTask', now: 0, task }).text.length).toBeGreaterThan(2_000);
});

test('a repetition is found whatever the order of the ids, also in the group of the first', async () => {
  await using dir = await openTempDir();
  using opened = openWriter(join(dir.path, 'log.db'));
  const { db, writer } = opened;
  const of = (...ids: readonly string[]): WriteRequest => appendOf(ids.map((eventId) => newEvent({ eventId })));
  const stored = (): number => Number(db.prepare('SELECT count(*) AS n FROM event').get()?.['n']);
  expect(outcomes(writer.commit([of('b'), of('b'), of('d'), of('a'), of('b'), of('c', 'd', 'a')]))).toEqual(
    Array.from({ length: 6 }, () => 'stored'),
  );
  expect(stored()).toBe(4);
  const other = appendOf([newEvent({ eventId: 'c', message: 'other' })]);
  expect(outcomes(writer.commit([of('e'), of('a'), other, of('e', 'f')]))).toEqual([
    'stored',
    'stored',
    'EventIdConflictError',
    'stored',
  ]);
  expect(stored()).toBe(6);
  // Looked up anew after what was remembered of the task is forgotten.
  db.exec(`INSERT INTO event (task, seq, hash, event_id, fingerprint, record) VALUES (2, 1, '', 'x', '', '')`);
  const broken = appendOf([newEvent({ taskId: 'broken', eventId: 'x' })]);
  expect(outcomes(writer.commit([of('g'), broken, of('g', 'a')]))).toEqual(['stored', 'StoreCorruptError', 'stored']);
  expect(stored()).toBe(8);
});
