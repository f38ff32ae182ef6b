/** Forgetting a task altogether, so that its id is free, others hear of it, and no place in it is one in what follows. */
import { expect, test } from 'vitest';
import type { EventLog } from '../../log/event-log.ts';
import {
  foldStates,
  hashChain,
  logOptions,
  LONG_AGO,
  newEvent,
  newEvents,
  numbers,
  oneTo,
  readAll,
} from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testDelete(driver: LogUnderTest): void {
  testWhatIsGone(driver);
  testBegunAnew(driver);
  testOnlyIfAt(driver);
  testChanges(driver);
  const { reopen, openSecond } = driver;
  if (reopen !== undefined) testReopened({ ...driver, reopen });
  if (openSecond !== undefined) testSecond({ ...driver, openSecond });
}

function testWhatIsGone({ open }: LogUnderTest): void {
  test('nothing of a deleted task is answered, and nothing of the others is gone', async () => {
    await using log = await open(logOptions({ snapshotEvery: 4 }));
    await log.append(['a', 'aa', 'A'].flatMap((taskId) => newEvents(taskId, 9)));
    const others = [await log.head('aa'), await readAll(log, 'aa'), await log.head('A'), await readAll(log, 'A')];
    expect(await log.delete('a')).toBe(true);
    expect(await log.head('a')).toBeUndefined();
    expect(await readAll(log, 'a')).toEqual([]);
    for (const seq of [0, 4, 9]) expect(await log.progressAt('a', seq)).toBeUndefined();
    for (const order of ['started', 'updated'] as const) {
      const listed = await log.tasks({ limit: 10, order });
      expect(listed.map(({ genesis }) => genesis.taskId).toSorted()).toEqual(['A', 'aa']);
    }
    expect([await log.head('aa'), await readAll(log, 'aa'), await log.head('A'), await readAll(log, 'A')]).toEqual(
      others,
    );
  });

  test('a task that is not known, or no more, is not deleted', async () => {
    await using log = await open(logOptions());
    expect(await log.delete('nobody')).toBe(false);
    await log.append(newEvents('task', 1));
    expect(await Promise.all([log.delete('task'), log.delete('task')])).toContain(false);
    expect(await log.delete('task')).toBe(false);
  });

  test('one without events, one that was trimmed, and one that is over are deleted alike', async () => {
    await using log = await open(logOptions({ snapshotEvery: 4 }));
    await log.initTask({ taskId: 'announced', labels: ['x'] });
    await log.append(newEvents('trimmed', 9));
    await log.trim('trimmed', 5);
    await log.append(newEvents('emptied', 9));
    await log.trim('emptied', 9);
    await log.append([newEvent({ taskId: 'over', eventId: 'end', eventType: 'task_completed' })]);
    for (const taskId of ['announced', 'trimmed', 'emptied', 'over']) {
      await readAll(log, taskId);
      expect(await log.delete(taskId)).toBe(true);
      expect(await log.head(taskId)).toBeUndefined();
    }
    expect(await log.tasks({ limit: 10 })).toEqual([]);
  });

  test('a task of many components and a long log is deleted', async () => {
    await using log = await open(logOptions());
    const events = oneTo(6_100).map((index) => newEvent({ eventId: `e${index}`, component: `c${index % 60}` }));
    for (let at = 0; at < events.length; at += 1_000) await log.append(events.slice(at, at + 1_000));
    expect(await log.delete('task')).toBe(true);
    await log.append([newEvent({ eventId: 'e1', component: 'other' })]);
    expect([...((await log.head('task'))?.progress.components.keys() ?? [])]).toEqual(['other']);
    expect(numbers(await readAll(log, 'task'))).toEqual([1]);
  });

  test('observations that speak of it stay', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 2));
    await log.publishObservation({ id: 'o', content: 'c', taskId: 'task', metadata: {} });
    await log.delete('task');
    expect(await log.readObservations({ after: 0, limit: 9 })).toMatchObject([{ id: 'o', taskId: 'task' }]);
  });
}

function testBegunAnew({ open }: LogUnderTest): void {
  test('the id is free: the new task has a log of its own, from event 1 on', async () => {
    await using log = await open(logOptions({ snapshotEvery: 2 }));
    await log.append(newEvents('task', 6));
    const before = await log.head('task');
    await log.delete('task');
    // The same events: nothing of them is a repetition.
    const results = await log.append(newEvents('task', 4));
    expect(results.map(({ duplicate, event }) => [duplicate, event.seq])).toEqual(oneTo(4).map((seq) => [false, seq]));
    const head = await log.head('task');
    if (head === undefined || before === undefined) throw new Error('no head');
    expect(head.genesis.logId).not.toBe(before.genesis.logId);
    const events = await readAll(log, 'task');
    expect(events.map(({ hash }) => hash)).toEqual(hashChain(head.genesis, events).slice(1));
    expect(head.progress).toEqual(foldStates(head.genesis, events).at(-1));
  });

  test('no place of the old log is one of the new', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 5));
    const old = await Promise.all([0, ...oneTo(5)].map((seq) => log.progressAt('task', seq)));
    await log.delete('task');
    await log.append(newEvents('task', 5));
    for (const [seq, place] of old.entries()) {
      expect((await log.progressAt('task', seq))?.hash).not.toBe(place?.hash);
    }
  });

  test('begun anew by its announcement, it has the new title', async () => {
    await using log = await open(logOptions());
    await log.initTask({ taskId: 'task', title: 'old', labels: ['old'] });
    await log.delete('task');
    expect(await log.initTask({ taskId: 'task', title: 'new', labels: [] })).toMatchObject({
      created: true,
      head: { genesis: { title: 'new', labels: [] } },
    });
  });

  test('deleted and begun anew over and over while producers and readers go on', async () => {
    await using log = await open(logOptions({ snapshotEvery: 3 }));
    await log.append(newEvents('other', 3));
    const rounds = oneTo(12).map(async (round) => {
      const writing = [
        log.append(newEvents('task', 4, `round-${round}-`)),
        log.append([...newEvents('task', 2, `mixed-${round}-`), ...newEvents('other', 2, `mixed-${round}-`)]),
        log.delete('task'),
      ];
      // Of one history, though maybe not of the latest.
      const seen = await readAll(log, 'task');
      for (const [index, event] of seen.slice(1).entries()) expect(event.previousHash).toBe(seen[index]?.hash);
      await Promise.all(writing);
    });
    await Promise.all(rounds);
    expect(numbers(await readAll(log, 'other'))).toEqual(oneTo(27));
    await log.append([newEvent({ eventId: 'last' })]);
    const head = await log.head('task');
    const events = await readAll(log, 'task');
    if (head === undefined) throw new Error('no head');
    expect(numbers(events)).toEqual(oneTo(head.progress.seq));
    expect(events.map(({ hash }) => hash)).toEqual(hashChain(head.genesis, events).slice(1));
  });
}

function testOnlyIfAt({ open }: LogUnderTest): void {
  test('deleted only while its head is at the place that is named', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 2));
    const place = await log.progressAt('task', 2);
    await log.append([newEvent({ eventId: 'later' })]);
    expect(await log.delete('task', place)).toBe(false);
    expect(numbers(await readAll(log, 'task'))).toEqual([1, 2, 3]);
    expect(await log.delete('task', await log.progressAt('task', 3))).toBe(true);
    await log.append(newEvents('task', 2));
    expect(await log.delete('task', place)).toBe(false);
    expect(await log.head('task')).toBeDefined();
  });

  test('listed by update, those that were last updated before a moment can be asked for', async () => {
    await using log = await open(logOptions());
    for (const [index, taskId] of ['a', 'b', 'c', 'd'].entries()) {
      await log.append([newEvent({ taskId, eventId: '1', timestamp: LONG_AGO + 10 * index })]);
    }
    const before = async (updatedBefore: number, order: 'started' | 'updated', limit = 9): Promise<readonly string[]> =>
      (await log.tasks({ updatedBefore, order, limit })).map(({ genesis }) => genesis.taskId);
    for (const order of ['started', 'updated'] as const) {
      expect(await before(LONG_AGO, order)).toEqual([]);
      expect(await before(LONG_AGO + 20, order)).toEqual(['b', 'a']);
      expect(await before(LONG_AGO + 20.5, order)).toEqual(['c', 'b', 'a']);
      expect(await before(LONG_AGO + 20, order, 1)).toEqual(['b']);
    }
  });
}

function testChanges({ open }: LogUnderTest): void {
  test('a deletion is a change, told once, and known as one', async () => {
    await using log = await open(logOptions());
    await log.append(['quiet', 'grown', 'gone'].flatMap((taskId) => newEvents(taskId, 3)));
    const { position } = await log.changes({ limit: 100 });
    await log.append([newEvent({ taskId: 'grown', eventId: 'more' })]);
    await log.delete('gone');
    await log.delete('nobody');
    const found = await log.changes({ after: position, limit: 100 });
    expect(found.taskIds.toSorted()).toEqual(['gone', 'grown']);
    expect(found.deletedIds).toEqual(['gone']);
    expect(found.mayHaveDiverged).toBe(false);
    expect(await log.changes({ after: found.position, limit: 100 })).toMatchObject({ taskIds: [], deletedIds: [] });
  });

  test('what changes after the task that had changed last was deleted is a change', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('kept', 1));
    await log.append(newEvents('gone', 1));
    const { position } = await log.changes({ limit: 100 });
    await log.delete('gone');
    // Refused, and so rolled back where that is how a log refuses.
    await log.append([newEvent({ taskId: 'kept', eventId: 'e1', message: 'other' })]).catch(() => undefined);
    await log.append([newEvent({ taskId: 'kept', eventId: 'more' })]);
    expect((await log.changes({ after: position, limit: 100 })).taskIds.toSorted()).toEqual(['gone', 'kept']);
  });

  test('begun anew since, it is told once, and still as deleted', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 3));
    const { position } = await log.changes({ limit: 100 });
    await log.delete('task');
    await log.append(newEvents('task', 1));
    const found = await log.changes({ after: position, limit: 100 });
    expect(found).toMatchObject({ taskIds: ['task'], deletedIds: ['task'] });
    await log.append([newEvent({ eventId: 'later' })]);
    expect(await log.changes({ after: found.position, limit: 100 })).toMatchObject({
      taskIds: ['task'],
      deletedIds: [],
    });
  });

  test.each([1, 2, 3, 7])('pages of %d join to all changes, and only the last is short', async (limit) => {
    await using log = await open(logOptions());
    const all = oneTo(9).map((index) => `t${index}`);
    for (const taskId of all) await log.append(newEvents(taskId, 1));
    const start = await log.changes({ limit });
    for (const taskId of ['t2', 't4', 't6']) await log.delete(taskId);
    for (const taskId of ['t1', 't4', 't9']) await log.append([newEvent({ taskId, eventId: 'more' })]);
    for (const taskId of ['t4', 't2', 't9']) await log.delete(taskId);
    for (const taskId of ['t2', 't4', 't5', 't7']) await log.append([newEvent({ taskId, eventId: 'again' })]);
    const found = await collectChanges(log, start.position, limit);
    expect(new Set(found.taskIds)).toEqual(new Set(['t1', 't2', 't4', 't5', 't6', 't7', 't9']));
    expect(new Set(found.deletedIds)).toEqual(new Set(['t2', 't4', 't6', 't9']));
  });
}

async function collectChanges(
  log: EventLog,
  after: string,
  limit: number,
): Promise<{ readonly taskIds: readonly string[]; readonly deletedIds: readonly string[] }> {
  const taskIds: string[] = [];
  const deletedIds: string[] = [];
  let position = after;
  for (;;) {
    const page = await log.changes({ after: position, limit });
    expect(page.taskIds.length).toBeLessThanOrEqual(limit);
    expect(new Set(page.taskIds).size).toBe(page.taskIds.length);
    taskIds.push(...page.taskIds);
    deletedIds.push(...page.deletedIds);
    ({ position } = page);
    if (page.taskIds.length < limit) break;
  }
  expect((await log.changes({ after: position, limit })).taskIds).toEqual([]);
  return { taskIds, deletedIds };
}

type ReopeningDriver = LogUnderTest & { readonly reopen: NonNullable<LogUnderTest['reopen']> };

function testReopened({ open, reopen }: ReopeningDriver): void {
  test('reopened, what was deleted is gone, and what was begun anew is there', async () => {
    const options = logOptions({ snapshotEvery: 2 });
    const first = await open(options);
    await first.append(['gone', 'anew', 'kept'].flatMap((taskId) => newEvents(taskId, 5)));
    await first.delete('gone');
    await first.delete('anew');
    await first.append(newEvents('anew', 2));
    const before = [await first.head('anew'), await readAll(first, 'anew'), await readAll(first, 'kept')];
    await first[Symbol.asyncDispose]();
    await using log = await reopen(first, options);
    expect(await log.head('gone')).toBeUndefined();
    expect([await log.head('anew'), await readAll(log, 'anew'), await readAll(log, 'kept')]).toEqual(before);
    // A number that a deleted task had is of no consequence to the one that gets it next.
    await log.delete('kept');
    await log.append(newEvents('next', 3));
    expect(numbers(await readAll(log, 'next'))).toEqual([1, 2, 3]);
    expect((await log.tasks({ limit: 9 })).map(({ genesis }) => genesis.taskId).toSorted()).toEqual(['anew', 'next']);
  });
}

type SharedDriver = LogUnderTest & { readonly openSecond: NonNullable<LogUnderTest['openSecond']> };

function testSecond({ open, openSecond }: SharedDriver): void {
  test('what one log deletes is gone for another on the same store, whatever that remembers', async () => {
    const options = logOptions();
    await using log = await open(options);
    await using second = await openSecond(log, options);
    await log.append(newEvents('task', 3));
    await second.append([newEvent({ eventId: 'by-second' })]);
    await readAll(second, 'task');
    const { position } = await second.changes({ limit: 9 });
    await log.delete('task');
    expect(await second.changes({ after: position, limit: 9 })).toMatchObject({ deletedIds: ['task'] });
    expect(await second.head('task')).toBeUndefined();
    expect(await readAll(second, 'task')).toEqual([]);
    await log.append(newEvents('task', 2));
    const [result] = await second.append([newEvent({ eventId: 'by-second' })]);
    expect(result).toMatchObject({ duplicate: false, event: { seq: 3 } });
    expect(await readAll(second, 'task')).toEqual(await readAll(log, 'task'));
  });
}
