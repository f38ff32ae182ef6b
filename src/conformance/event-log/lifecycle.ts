/** What outlives a log, and what a log says once it is disposed. */
import { expect, test } from 'vitest';
import type { EventLog } from '../../log/event-log.ts';
import {
  createTestClock,
  hashChain,
  logOptions,
  LONG_AGO,
  newEvent,
  newEvents,
  numbers,
  oneTo,
  readAll,
} from './support.ts';
import type { LogOptions, LogUnderTest } from './support.ts';

export function testLifecycle(driver: LogUnderTest): void {
  testDisposed(driver);
  const { reopen } = driver;
  if (reopen !== undefined) testReopened({ ...driver, reopen });
}

const OPERATIONS: readonly (readonly [string, (log: EventLog) => Promise<unknown>])[] = [
  ['ready', (log) => log.ready()],
  ['initTask', (log) => log.initTask({ taskId: 'new', labels: [] })],
  ['append', (log) => log.append([newEvent({ eventId: 'new' })])],
  ['head', async (log) => log.head('task')],
  ['progressAt', (log) => log.progressAt('task', 1)],
  ['read', async (log) => log.read('task', { after: 0, limit: 10 })],
  ['read at the head', async (log) => log.read('task', { after: 3, limit: 10 })],
  ['eventsAt', (log) => log.eventsAt([{ taskId: 'task', seq: 3, hash: '0123456789abcdef' }])],
  ['tasks', (log) => log.tasks({ limit: 10 })],
  ['changes', (log) => log.changes({ limit: 10 })],
  ['trim', (log) => log.trim('task', 1)],
  ['delete', (log) => log.delete('task')],
  ['publishObservation', (log) => log.publishObservation({ id: 'new', content: 'c', metadata: {} })],
  ['readObservations', (log) => log.readObservations({ after: 0, limit: 10 })],
  ['observationPlace', (log) => log.observationPlace()],
];

function testDisposed({ open }: LogUnderTest): void {
  test.each(OPERATIONS)('after dispose, %s rejects', async (_, operation) => {
    const log = await open(logOptions());
    await log.append(newEvents('task', 3));
    await readAll(log, 'task');
    await log.head('task');
    await log[Symbol.asyncDispose]();
    await expect(operation(log)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', outcome: 'FAILED' });
  });

  test('disposing again changes nothing', async () => {
    const log = await open(logOptions());
    await log.append(newEvents('task', 3));
    await Promise.all([log[Symbol.asyncDispose](), log[Symbol.asyncDispose]()]);
    await log[Symbol.asyncDispose]();
    await expect(log.head('task')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('a log that was never used can be disposed', async () => {
    const log = await open(logOptions());
    await log[Symbol.asyncDispose]();
    await expect(log.changes({ limit: 1 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('an append that is under way when the log is disposed settles: stored, or refused as unavailable', async () => {
    const log = await open(logOptions());
    const appending = Promise.allSettled(oneTo(20).map((index) => log.append([newEvent({ eventId: `e${index}` })])));
    await log[Symbol.asyncDispose]();
    const refusals = (await appending).filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of refusals) expect(reason).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(log.head('task')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
}

type ReopeningDriver = LogUnderTest & { readonly reopen: NonNullable<LogUnderTest['reopen']> };

/** Opens a log, uses it, disposes it and opens its store again. */
async function useThenReopen(
  driver: ReopeningDriver,
  use: (log: EventLog) => Promise<void>,
  options: LogOptions = logOptions({ snapshotEvery: 4 }),
): Promise<EventLog> {
  const log = await driver.open(options);
  await use(log);
  await log[Symbol.asyncDispose]();
  return driver.reopen(log, options);
}

function testReopened(driver: ReopeningDriver): void {
  testKept(driver);
  testContinued(driver);
  if (driver.clock === 'given') testClockSetBack(driver);
}

function testKept(driver: ReopeningDriver): void {
  test('reopened, every answer is what it was before', async () => {
    const before: unknown[] = [];
    const ask = async (log: EventLog): Promise<unknown[]> => [
      await log.head('task'),
      await log.head('announced'),
      await readAll(log, 'task'),
      await readAll(log, 'trimmed'),
      await Promise.all([0, 1, 3, 4, 5, 8, 11, 12].map((seq) => log.progressAt('task', seq))),
      await Promise.all([0, 4, 5, 6, 12].map((seq) => log.progressAt('trimmed', seq))),
      await log.tasks({ limit: 10 }),
      await log.tasks({ limit: 10, labels: ['\u0000'], order: 'updated' }),
      await log.readObservations({ after: 0, limit: 10 }),
      await log.observationPlace(),
      await log.observationPlace(0),
    ];
    await using log = await useThenReopen(driver, async (first) => {
      await first.initTask({ taskId: 'announced', title: 'T\ud800', labels: ['\u0000', 'two'] });
      await first.append(newEvents('task', 11));
      await first.append([
        newEvent({
          eventId: 'odd',
          component: '__proto__',
          message: 'a\u0000b\udc00',
          timestamp: LONG_AGO,
          progress: 0,
        }),
      ]);
      await first.append(newEvents('trimmed', 12));
      await first.trim('trimmed', 5);
      await first.publishObservation({ id: 'o1', content: 'c\u0000', metadata: { z: 1, a: 2 } });
      await first.publishObservation({ id: 'o2', content: '\ud800', taskId: 'task', metadata: {} });
      before.push(...(await ask(first)));
    });
    expect(await ask(log)).toEqual(before);
  });

  test('reopened, repeats are recognised, and forgotten ids are free', async () => {
    await using log = await useThenReopen(driver, async (first) => {
      await first.append(newEvents('task', 6));
      await first.trim('task', 2);
      await first.publishObservation({ id: 'o', content: 'same', metadata: { a: 1 } });
    });
    const [kept] = await log.append(newEvents('task', 6).slice(5));
    expect(kept).toMatchObject({ duplicate: true, event: { seq: 6 } });
    await expect(log.append([newEvent({ eventId: 'e6', message: 'other' })])).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
    });
    const [free] = await log.append([newEvent({ eventId: 'e1', message: 'other' })]);
    expect(free).toMatchObject({ duplicate: false, event: { seq: 7 } });
    const observation = await log.publishObservation({ id: 'o', content: 'same', metadata: { a: 1 } });
    expect(observation.duplicate).toBe(true);
  });

  test('reopened, nothing of a refused append is there', async () => {
    await using log = await useThenReopen(driver, async (first) => {
      await first.append([newEvent({ eventId: 'used' })]);
      const refused = first.append([
        newEvent({ taskId: 'other', eventId: 'fine' }),
        newEvent({ eventId: 'used', message: 'x' }),
      ]);
      await expect(refused).rejects.toMatchObject({ code: 'EVENT_ID_CONFLICT' });
    });
    expect(await log.head('other')).toBeUndefined();
    expect(numbers(await readAll(log, 'task'))).toEqual([1]);
  });
}

function testContinued(driver: ReopeningDriver): void {
  test('numbers, chain and fold go on, over many restarts', async () => {
    const options = logOptions({ snapshotEvery: 4 });
    let log = await driver.open(options);
    for (const round of oneTo(4)) {
      await log.append(newEvents('task', 3, `round-${round}-`));
      await log.publishObservation({ id: `o${round}`, content: 'c', metadata: {} });
      await log[Symbol.asyncDispose]();
      log = await driver.reopen(log, options);
    }
    await using last = log;
    const head = await last.head('task');
    if (head === undefined) throw new Error('no head');
    const events = await readAll(last, 'task');
    expect(numbers(events)).toEqual(oneTo(12));
    const chain = hashChain(head.genesis, events);
    expect(events.map(({ hash }) => hash)).toEqual(chain.slice(1));
    expect(events.map(({ previousHash }) => previousHash)).toEqual(chain.slice(0, -1));
    expect(numbers(await last.readObservations({ after: 0, limit: 10 }))).toEqual(oneTo(4));
  });

  test('reopened, what was acknowledged just before dispose is there', async () => {
    const acknowledged: string[] = [];
    await using log = await useThenReopen(driver, async (first) => {
      const appends = oneTo(30).map(async (index) => {
        const [result] = await first.append([newEvent({ eventId: `e${index}` })]);
        acknowledged.push(result?.event.hash ?? '');
      });
      await Promise.all(appends);
    });
    expect((await readAll(log, 'task')).map(({ hash }) => hash).toSorted()).toEqual(acknowledged.toSorted());
  });
}

function testClockSetBack(driver: ReopeningDriver): void {
  test('recordedAt does not go back over a restart when the clock does', async () => {
    const clock = createTestClock(2_000_000);
    await using log = await useThenReopen(
      driver,
      async (first) => {
        await first.append(newEvents('task', 2));
        await first.append(newEvents('trimmed', 2));
        await first.trim('trimmed', 2);
        await first.initTask({ taskId: 'announced', labels: [] });
        await first.publishObservation({ id: 'o', content: 'c', metadata: {} });
      },
      logOptions({ now: clock.now }),
    );
    clock.time = 1_000_000;
    for (const taskId of ['task', 'trimmed', 'announced']) {
      const [result] = await log.append([newEvent({ taskId, eventId: 'later' })]);
      expect(result?.event.recordedAt).toBe(2_000_000);
    }
    const { observation } = await log.publishObservation({ id: 'later', content: 'c', metadata: {} });
    expect(observation.recordedAt).toBe(2_000_000);
  });
}
