/** Rows that were changed behind the log's back: what can be made again from the events is, the rest is refused. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { eventRecord, fingerprint, genesisRecord, nextHash } from '../../src/log/record.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { newEvent, newEvents, tamper } from './sqlite-support.ts';

/** In the order in which they are begun: their numbers in the file are 1 to 4. */
const TASKS = ['task', 'trimmed', 'emptied', 'announced'] as const;
const OPTIONS = { snapshotEvery: 8 };

async function fill(log: EventLog): Promise<void> {
  await log.append(newEvents('task', 30));
  await log.append(newEvents('trimmed', 30));
  await log.trim('trimmed', 10);
  await log.append(newEvents('emptied', 12));
  await log.trim('emptied', 12);
  await log.initTask({ taskId: 'announced', title: 'Later', labels: ['one'] });
  for (const id of ['o1', 'o2', 'o3']) await log.publishObservation({ id, content: `content of ${id}`, metadata: {} });
}

async function askAll(log: EventLog): Promise<unknown> {
  const answers: unknown[] = [
    await log.tasks({ limit: 10, order: 'updated' }),
    await log.tasks({ limit: 10 }),
    await log.readObservations({ after: 0, limit: 10 }),
    await log.observationPlace(),
  ];
  for (const taskId of TASKS) {
    answers.push(await log.head(taskId), await log.read(taskId, { after: 0, limit: 100 }));
    for (const seq of [0, 5, 8, 10, 11, 12, 16, 20, 24, 29, 30]) answers.push(await log.progressAt(taskId, seq));
  }
  return answers;
}

const HEALED: readonly (readonly [string, string])[] = [
  ['the sequence of a head', 'UPDATE task SET seq = 31 WHERE task = 1'],
  ['a sequence that goes back', 'UPDATE task SET seq = 29 WHERE task = 1'],
  ['the hash of a head', `UPDATE task SET hash = '0123456789abcdef' WHERE task = 1`],
  ['the stage of a head', `UPDATE task SET stage = 'review' WHERE task = 2`],
  ['the status of a head', `UPDATE task SET status = 'failed' WHERE task = 1`],
  ['the progress of a head', 'UPDATE task SET overall = 1.0 WHERE task = 2'],
  ['where a log begins', 'UPDATE task SET oldest_seq = 1 WHERE task = 2'],
  ['where an empty log begins', 'UPDATE task SET oldest_seq = 1 WHERE task = 3'],
  ['a checksum', `UPDATE task SET checksum = '' WHERE task = 3`],
  ['the head of a task without events', `UPDATE task SET display = 0.5 WHERE task = 4`],
  ['all heads', 'UPDATE task SET display = 0.5'],
  ['a component', `UPDATE component SET state = replace(state, 'step', 'stop') WHERE place = 65536`],
  ['a component that is missing', 'DELETE FROM component WHERE place = 65537'],
  ['all components', 'DELETE FROM component'],
  ['a component too many', `INSERT INTO component VALUES (65599, '{}')`],
  ['two components exchanged', 'UPDATE component SET place = CASE place WHEN 65536 THEN 65600 ELSE place END'],
  ['a stored state', `UPDATE snapshot SET state = replace(state, 'step', 'stop') WHERE task = 1 AND seq = 16`],
  ['all stored states', `UPDATE snapshot SET checksum = '' WHERE task = 1`],
  ['a stored state that is missing', 'DELETE FROM snapshot WHERE task = 1'],
  ['a stored state of another place', 'UPDATE snapshot SET seq = 20 WHERE task = 1 AND seq = 16'],
  ['the end of the observations', `UPDATE meta SET value = 'x' WHERE name = 'observation_end'`],
  ['an end of the observations that is missing', `DELETE FROM meta WHERE name = 'observation_end'`],
];

test.each(HEALED)('%s is made again: every answer is as before', async (_, sql) => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  let before: unknown;
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    await fill(log);
    before = await askAll(log);
  }
  tamper(path, sql);
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    expect(await askAll(log)).toEqual(before);
    // The writer makes it again for itself, and goes on from there.
    for (const taskId of TASKS) await log.append([newEvent({ taskId, eventId: 'next' })]);
    await log.publishObservation({ id: 'next', content: 'c', metadata: {} });
    before = await askAll(log);
  }
  await using log = await openSqliteLog({ path, ...OPTIONS });
  expect(await askAll(log)).toEqual(before);
});

test('a head that was read and made again is written anew, and reported once', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    await fill(log);
  }
  tamper(path, `UPDATE task SET hash = '' WHERE task = 1; DELETE FROM component WHERE place = 65536`);
  const checksum = (): unknown => {
    using db = new DatabaseSync(path, { readOnly: true });
    return db.prepare('SELECT hash FROM task WHERE task = 1').get()?.['hash'];
  };
  const warnings: string[] = [];
  await using log = await openSqliteLog({ path, ...OPTIONS, onWarning: (message) => warnings.push(message) });
  await Promise.all([1, 2, 3].map(async () => log.head('task')));
  await waitFor(() => checksum() !== '', { withinMs: 5_000, what: 'the row to be written anew' });
  await log.head('task');
  expect(warnings.filter((message) => message.includes('from its events'))).toHaveLength(1);
});

test('an older head that is whole by itself is not served: the log has gone on', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const columns = 'seq, hash, last_update, overall, display, recorded_at, component_digest, changed, checksum';
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    await log.append(newEvents('task', 5));
  }
  tamper(path, `CREATE TABLE old AS SELECT * FROM task; CREATE TABLE old_component AS SELECT * FROM component`);
  // Kept aside, out of the file: it must have no tables but its own.
  const aside = join(dir.path, 'aside.db');
  tamper(path, `VACUUM INTO '${aside}'; DROP TABLE old; DROP TABLE old_component`);
  let before: unknown;
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    await log.append(newEvents('task', 3, 6));
    before = await log.head('task');
  }
  tamper(
    path,
    `ATTACH '${aside}' AS aside; UPDATE task SET (${columns}) = (SELECT ${columns} FROM aside.old);
     INSERT OR REPLACE INTO component SELECT * FROM aside.old_component`,
  );
  await using log = await openSqliteLog({ path, ...OPTIONS });
  expect(await log.head('task')).toEqual(before);
});

type Operation = (log: EventLog) => Promise<unknown>;

const readFrom =
  (taskId: string, after: number): Operation =>
  async (log) =>
    log.read(taskId, { after, limit: 100 });
const repeat =
  (number: number): Operation =>
  (log) =>
    log.append(newEvents('task', 1, number));

const REFUSED: readonly (readonly [string, string, Operation])[] = [
  ['a record', `UPDATE event SET record = replace(record, 'step 7', 'step 9')`, readFrom('task', 0)],
  ['a record with another seq', 'UPDATE event SET seq = 99 WHERE task = 1 AND seq = 12', readFrom('task', 0)],
  ['a hash', `UPDATE event SET hash = '0123456789abcdef' WHERE task = 1 AND seq = 12`, readFrom('task', 0)],
  ['the hash before a page', `UPDATE event SET hash = '' WHERE task = 1 AND seq = 12`, readFrom('task', 12)],
  ['an event that is missing', 'DELETE FROM event WHERE task = 1 AND seq = 12', readFrom('task', 0)],
  ['an event missing before a page', 'DELETE FROM event WHERE task = 1 AND seq = 12', readFrom('task', 12)],
  ['the first event missing', 'DELETE FROM event WHERE task = 1 AND seq = 1', readFrom('task', 0)],
  ['the last event missing', 'DELETE FROM event WHERE task = 1 AND seq = 30', async (log) => log.head('task')],
  ['all events missing', 'DELETE FROM event WHERE task = 1', async (log) => log.head('task')],
  ['an event of another task', 'UPDATE event SET task = 9 WHERE task = 1 AND seq = 3', readFrom('task', 0)],
  ['a record, for a state', `UPDATE event SET record = '{}' WHERE seq = 9`, (log) => log.progressAt('task', 10)],
  [
    'a genesis record',
    `UPDATE task SET genesis = replace(genesis, 'Later', 'Never')`,
    async (log) => log.head('announced'),
  ],
  ['a genesis hash', `UPDATE task SET genesis_hash = '' WHERE task = 1`, (log) => log.tasks({ limit: 10 })],
  ['a trimmed state', `UPDATE snapshot SET checksum = '' WHERE task = 2 AND seq = 10`, readFrom('trimmed', 0)],
  [
    'a trimmed state missing',
    'DELETE FROM snapshot WHERE task = 2 AND seq = 10',
    (log) => log.progressAt('trimmed', 12),
  ],
  ['an id', `UPDATE event SET event_id = 'e99' WHERE task = 1 AND seq = 20`, repeat(99)],
  ['a fingerprint', `UPDATE event SET fingerprint = '00' WHERE task = 1 AND seq = 20`, repeat(20)],
  ['a fingerprint, by one bit', `UPDATE event SET fingerprint = ',' WHERE task = 1 AND seq = 20`, repeat(20)],
  [
    'an observation',
    `UPDATE observation SET record = replace(record, 'of o2', 'of o9')`,
    (log) => log.readObservations({ after: 0, limit: 10 }),
  ],
  [
    'an observation missing',
    'DELETE FROM observation WHERE seq = 2',
    (log) => log.readObservations({ after: 0, limit: 9 }),
  ],
  ['the last observation missing', 'DELETE FROM observation WHERE seq = 3', (log) => log.observationPlace()],
];

test.each(REFUSED)('%s that was changed is refused, and other tasks go on', async (_, sql, operation) => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    await fill(log);
  }
  tamper(path, sql);
  await using log = await openSqliteLog({ path, ...OPTIONS });
  await expect(operation(log)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  const [result] = await log.append([newEvent({ taskId: 'unharmed', eventId: 'e1' })]);
  expect(result?.event.seq).toBe(1);
});

test('a task row that is missing from its index is not begun a second time: the file is refused', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  {
    await using log = await openSqliteLog({ path, ...OPTIONS });
    await fill(log);
  }
  using db = new DatabaseSync(path, { defensive: false });
  db.exec(`PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' UNIQUE', '') WHERE name = 'task';
           DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_task_1'`);
  db.close();
  await expect(openSqliteLog({ path, ...OPTIONS })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('a file of format 1, where the fingerprints of all events are stored, tells repetitions as before', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const timed = newEvent({ eventId: 'timed', timestamp: 5, details: { b: 1, a: 2 } });
  const untimed = newEvent({ eventId: 'untimed' });
  {
    await using log = await openSqliteLog({ path });
    await log.append([timed, untimed]);
  }
  for (const sent of [timed, untimed]) {
    tamper(path, `UPDATE event SET fingerprint = '${fingerprint(sent)}' WHERE event_id = '${sent.eventId}'`);
  }
  tamper(path, 'PRAGMA user_version = 1');
  {
    await using log = await openSqliteLog({ path });
    const again = await log.append([timed, { ...timed, timestamp: undefined }, untimed, { ...untimed, timestamp: 7 }]);
    expect(again.map(({ event, duplicate }) => [event.seq, duplicate])).toEqual([
      [1, true],
      [1, true],
      [2, true],
      [2, true],
    ]);
    await expect(log.append([{ ...timed, timestamp: 6 }])).rejects.toMatchObject({ code: 'EVENT_ID_CONFLICT' });
    await expect(log.append([{ ...untimed, message: 'o' }])).rejects.toMatchObject({ code: 'EVENT_ID_CONFLICT' });
    await log.append([newEvent({ eventId: 'next' })]);
  }
  using db = new DatabaseSync(path, { readOnly: true });
  // An older version would take the new rows for damaged, so it must refuse the file.
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
});

test('a repetition is answered with the text that was stored, also where this version would write another', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const sent = newEvent({ eventId: 'e' });
  let record = '';
  let hash = '';
  {
    await using log = await openSqliteLog({ path });
    const [first] = await log.append([sent]);
    const head = await log.head('task');
    if (first === undefined || head === undefined) throw new Error('not stored');
    const { taskId, ...others } = first.event;
    const { hash: _hash, ...facts } = { ...others, taskId };
    record = JSON.stringify(facts);
    expect(record).not.toBe(eventRecord(first.event));
    hash = nextHash(nextHash('', genesisRecord(head.genesis)), record);
  }
  tamper(path, `UPDATE event SET record = '${record}', hash = '${hash}'`);
  await using log = await openSqliteLog({ path });
  const [again] = await log.append([sent]);
  expect(again).toMatchObject({ duplicate: true, event: { hash } });
  const [stored] = await log.read('task', { after: 0, limit: 1 });
  expect(JSON.stringify(again?.event)).toBe(JSON.stringify(stored));
});
