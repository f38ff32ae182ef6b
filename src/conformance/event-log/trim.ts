/** Forgetting the oldest events: the state there takes their place, and nothing else changes. */
import { expect, test } from 'vitest';
import {
  createTestClock,
  foldStates,
  hashChain,
  logOptions,
  newEvent,
  newEvents,
  numbers,
  oneTo,
  readAll,
} from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testTrim(driver: LogUnderTest): void {
  testWhatIsLeft(driver);
  testWhatIsForgotten(driver);
  if (driver.clock === 'given') testClockSetBack(driver);
}

function testWhatIsLeft({ open }: LogUnderTest): void {
  test('head says which event is the oldest, and its progress does not change', async () => {
    await using log = await open(logOptions({ snapshotEvery: 4 }));
    await log.append(newEvents('task', 12));
    const before = await log.head('task');
    expect(before?.oldestSeq).toBe(1);
    for (const [through, oldestSeq] of [
      [1, 2],
      [4, 5],
      [6, 7],
      [12, 13],
    ] as const) {
      await log.trim('task', through);
      expect(await log.head('task')).toEqual({ ...before, oldestSeq });
    }
  });

  test('read begins with the oldest event kept', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 12));
    const all = await readAll(log, 'task');
    await log.trim('task', 5);
    expect(await readAll(log, 'task')).toEqual(all.slice(5));
    for (const after of [0, 3, 4, 5]) {
      expect(numbers(await log.read('task', { after, limit: 2 }))).toEqual([6, 7]);
    }
    expect(numbers(await log.read('task', { after: 6, limit: 2 }))).toEqual([7, 8]);
    await log.trim('task', 12);
    for (const after of [0, 11, 12, 13]) expect(await log.read('task', { after, limit: 9 })).toEqual([]);
  });

  test('the state is known from just before the oldest event on, and not below', async () => {
    await using log = await open(logOptions({ snapshotEvery: 4 }));
    await log.append(newEvents('task', 12));
    const head = await log.head('task');
    if (head === undefined) throw new Error('no head');
    const states = foldStates(head.genesis, await readAll(log, 'task'));
    for (const through of [3, 4, 9, 12]) {
      await log.trim('task', through);
      for (const seq of [0, ...oneTo(12)]) {
        expect(await log.progressAt('task', seq)).toEqual(seq < through ? undefined : states[seq]);
      }
    }
  });

  test('the log goes on where it was: numbers, hashes and fold', async () => {
    await using log = await open(logOptions({ snapshotEvery: 4 }));
    await log.append(newEvents('task', 6));
    const before = await readAll(log, 'task');
    await log.trim('task', 6);
    await log.append(newEvents('task', 5, 'later-'));
    await log.trim('task', 8);
    const [result] = await log.append([newEvent({ eventId: 'last', component: 'worker-1', progress: 1 })]);
    expect(result?.event.seq).toBe(12);
    const kept = await readAll(log, 'task');
    expect(numbers(kept)).toEqual([9, 10, 11, 12]);
    const head = await log.head('task');
    if (head === undefined) throw new Error('no head');
    expect(head.progress.hash).toBe(kept.at(-1)?.hash);
    expect(before.map(({ hash }) => hash)).toEqual(hashChain(head.genesis, before).slice(1));
    const base = await log.progressAt('task', 8);
    expect(base?.components.size).toBe(3);
    expect(head.progress.components.get('worker-1')).toMatchObject({ progress: 1, message: 'working' });
  });

  test('a smaller place than before, place 0, and an unknown task change nothing', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 6));
    const untouched = await log.head('task');
    await log.trim('task', 0);
    expect(await log.head('task')).toEqual(untouched);
    await log.trim('task', 4);
    const head = await log.head('task');
    await log.trim('task', 2);
    await log.trim('task', 4);
    await log.trim('nobody', 4);
    expect(await log.head('task')).toEqual(head);
    expect(numbers(await readAll(log, 'task'))).toEqual([5, 6]);
    expect(await log.head('nobody')).toBeUndefined();
  });

  test('only the task that is named is trimmed', async () => {
    await using log = await open(logOptions());
    await log.append(['a', 'aa', 'A'].flatMap((taskId) => newEvents(taskId, 3)));
    await log.trim('a', 3);
    expect(await readAll(log, 'a')).toEqual([]);
    expect(numbers(await readAll(log, 'aa'))).toEqual([1, 2, 3]);
    expect(numbers(await readAll(log, 'A'))).toEqual([1, 2, 3]);
  });

  test('readers and producers go on while a task is trimmed', async () => {
    await using log = await open(logOptions({ snapshotEvery: 10 }));
    await log.append(newEvents('task', 50));
    const work = oneTo(10).map(async (index) => {
      const writing = [log.append(newEvents('task', 5, `batch-${index}-`)), log.trim('task', index * 5)];
      const events = await readAll(log, 'task');
      await Promise.all(writing);
      return numbers(events);
    });
    for (const seen of await Promise.all(work)) {
      expect(seen).toEqual(oneTo(seen.length).map((n) => n + (seen[0] ?? 1) - 1));
    }
    expect(numbers(await readAll(log, 'task'))).toEqual(oneTo(50).map((n) => n + 50));
  });
}

function testWhatIsForgotten({ open }: LogUnderTest): void {
  test('the id of a forgotten event is free; that of a kept one is not', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 4));
    await log.trim('task', 2);
    const [reused] = await log.append([newEvent({ eventId: 'e2', message: 'new' })]);
    expect(reused).toMatchObject({ duplicate: false, event: { seq: 5, message: 'new' } });
    await expect(log.append([newEvent({ eventId: 'e3', message: 'new' })])).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
    });
    const [kept] = await log.append(newEvents('task', 4).slice(3));
    expect(kept).toMatchObject({ duplicate: true, event: { seq: 4 } });
  });
}

function testClockSetBack({ open }: LogUnderTest): void {
  test('the time of the last record is remembered when the record is forgotten', async () => {
    const clock = createTestClock(2_000_000);
    await using log = await open(logOptions({ now: clock.now }));
    await log.append(newEvents('task', 3));
    await log.trim('task', 3);
    clock.time = 1_000_000;
    const [result] = await log.append([newEvent({ eventId: 'later' })]);
    expect(result?.event.recordedAt).toBe(2_000_000);
  });
}
