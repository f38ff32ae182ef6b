/** Numbering, atomicity, limits and the time of recording. */
import { expect, test } from 'vitest';
import { LIMITS } from '../../domain/limits.ts';
import { createTestClock, logOptions, LONG_AGO, newEvent, newEvents, numbers, oneTo, readAll } from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testAppend(driver: LogUnderTest): void {
  testNumbering(driver);
  testRefusal(driver);
  testComponentLimit(driver);
  testRecordingTime(driver);
  if (driver.clock === 'given') testClockSetBack(driver);
}

function testNumbering({ open, traits }: LogUnderTest): void {
  test('declares the traits it has', async () => {
    await using log = await open(logOptions());
    expect(log.traits).toEqual(traits);
  });

  test('numbers the events of a task 1, 2, 3 … over many appends', async () => {
    await using log = await open(logOptions());
    for (const size of [1, 3, 1, 7]) await log.append(newEvents('task', size, `batch-of-${size}-${Math.random()}-`));
    expect(numbers(await readAll(log, 'task'))).toEqual(oneTo(12));
  });

  test('numbers each task by itself when one batch interleaves several', async () => {
    await using log = await open(logOptions());
    const tasks = ['a', 'b', 'a', 'c', 'c', 'a', 'b', 'c', 'a'];
    const first = await log.append(tasks.map((taskId, index) => newEvent({ taskId, eventId: `one-${index}` })));
    const second = await log.append(tasks.map((taskId, index) => newEvent({ taskId, eventId: `two-${index}` })));
    expect(first.map(({ event }) => `${event.taskId}${event.seq}`).join(' ')).toBe('a1 b1 a2 c1 c2 a3 b2 c3 a4');
    expect(second.map(({ event }) => `${event.taskId}${event.seq}`).join(' ')).toBe('a5 b3 a6 c4 c5 a7 b4 c6 a8');
    for (const [taskId, count] of [['a', 8] as const, ['b', 4] as const, ['c', 6] as const]) {
      const events = await readAll(log, taskId);
      expect(numbers(events)).toEqual(oneTo(count));
      expect(events.every((event) => event.taskId === taskId)).toBe(true);
    }
  });

  test('answers the stored events in the order of the input, and reads the same ones back', async () => {
    await using log = await open(logOptions());
    const inputs = [
      newEvent({
        eventId: 'all',
        eventType: 'warning',
        timestamp: LONG_AGO,
        component: 'scout',
        stage: 'review',
        message: 'everything given',
        details: { tries: 3, where: { line: [1, 2, null, true, 'x'] } },
        progress: 0.25,
        estimatedTimeRemaining: '2 minutes',
      }),
      newEvent({ eventId: 'least' }),
    ];
    const results = await log.append(inputs);
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false]);
    const [all, least] = results.map(({ event }) => event);
    expect(all).toEqual({
      ...inputs[0],
      seq: 1,
      recordedAt: all?.recordedAt,
      hash: all?.hash,
      previousHash: all?.previousHash,
    });
    expect(least).toEqual({
      ...inputs[1],
      seq: 2,
      timestamp: least?.recordedAt,
      recordedAt: least?.recordedAt,
      hash: least?.hash,
      previousHash: all?.hash,
    });
    expect(await readAll(log, 'task')).toEqual([all, least]);
  });

  test('what was left out of an event is absent when it is read', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'e', details: undefined, progress: undefined })]);
    const [event] = await readAll(log, 'task');
    expect(event?.details).toBeUndefined();
    expect(event?.progress).toBeUndefined();
    expect(event?.estimatedTimeRemaining).toBeUndefined();
  });

  test(`takes a batch of ${LIMITS.batchEvents} events of 100 tasks`, async () => {
    await using log = await open(logOptions());
    const batch = Array.from({ length: LIMITS.batchEvents }, (_, index) =>
      newEvent({ taskId: `t${index % 100}`, eventId: `e${index}` }),
    );
    const results = await log.append(batch);
    expect(results.map(({ event }) => event.eventId)).toEqual(batch.map(({ eventId }) => eventId));
    expect(results.at(-1)?.event.seq).toBe(LIMITS.batchEvents / 100);
    expect(numbers(await readAll(log, 't42'))).toEqual(oneTo(LIMITS.batchEvents / 100));
  });

  test('what was recorded does not change with the values it was made from', async () => {
    await using log = await open(logOptions());
    const details = { list: [1, 2] };
    const [result] = await log.append([newEvent({ eventId: 'e', details })]);
    details.list.push(3);
    expect(result?.event.details).toEqual({ list: [1, 2] });
    expect((await readAll(log, 'task'))[0]?.details).toEqual({ list: [1, 2] });
    const [again] = await log.append([newEvent({ eventId: 'e', details: { list: [1, 2] } })]);
    expect(again?.duplicate).toBe(true);
  });

  test('keeps tasks apart whose ids begin alike or differ in case', async () => {
    await using log = await open(logOptions());
    const ids = ['a', 'A', 'a:b', 'a:', 'a.b', 'a/b', 'a_b', 'a~b', '1', '01', '1.0', 'constructor', 'toString'];
    await log.append(ids.map((taskId) => newEvent({ taskId, eventId: 'same', message: taskId })));
    for (const taskId of ids) {
      expect((await readAll(log, taskId)).map(({ message }) => message)).toEqual([taskId]);
    }
  });
}

function testRefusal({ open }: LogUnderTest): void {
  test('a conflict in the middle of a batch of several tasks stores nothing of it', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ taskId: 'known', eventId: 'used', message: 'first' })]);
    const headBefore = await log.head('known');
    const refused = log.append([
      newEvent({ taskId: 'known', eventId: 'before' }),
      newEvent({ taskId: 'fresh', eventId: 'before' }),
      newEvent({ taskId: 'known', eventId: 'used', message: 'second' }),
      newEvent({ taskId: 'known', eventId: 'after' }),
    ]);
    await expect(refused).rejects.toMatchObject({ code: 'EVENT_ID_CONFLICT' });
    expect(await log.head('known')).toEqual(headBefore);
    expect(await log.head('fresh')).toBeUndefined();
    expect(await readAll(log, 'fresh')).toEqual([]);
    expect(numbers(await readAll(log, 'known'))).toEqual([1]);
    // Their ids are as free as before.
    const retried = await log.append([newEvent({ taskId: 'known', eventId: 'before', message: 'other' })]);
    expect(retried[0]).toMatchObject({ duplicate: false, event: { seq: 2 } });
  });

  test('a refused append leaves those beside it untouched', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'used', message: 'first' })]);
    const appends = oneTo(40).map((index) =>
      log.append([
        newEvent({ eventId: `good-${index}`, message: `good ${index}` }),
        index % 4 === 0 ? newEvent({ eventId: 'used', message: 'second' }) : newEvent({ eventId: `also-${index}` }),
      ]),
    );
    const outcomes = await Promise.allSettled(appends);
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? codeOf(outcome.reason) : 'stored'));
    expect(codes).toEqual(oneTo(40).map((index) => (index % 4 === 0 ? 'EVENT_ID_CONFLICT' : 'stored')));
    const events = await readAll(log, 'task');
    expect(numbers(events)).toEqual(oneTo(61));
    expect(events.some(({ eventId }) => eventId === 'good-4')).toBe(false);
  });
}

function testComponentLimit({ open }: LogUnderTest): void {
  test(`refuses component ${LIMITS.componentsPerTask + 1} of a task, and all of the batch with it`, async () => {
    await using log = await open(logOptions());
    const component = (index: number) => newEvent({ eventId: `e${index}`, component: `worker ${index}` });
    await log.append(oneTo(LIMITS.componentsPerTask).map(component));
    const refused = log.append([
      newEvent({ eventId: 'fine', component: 'worker 1' }),
      newEvent({ taskId: 'other', eventId: 'fine' }),
      component(LIMITS.componentsPerTask + 1),
    ]);
    await expect(refused).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      issues: [{ path: ['inputs', 2, 'component'] }],
    });
    expect((await log.head('task'))?.progress.seq).toBe(LIMITS.componentsPerTask);
    expect(await log.head('other')).toBeUndefined();
    const [known] = await log.append([newEvent({ eventId: 'fine', component: 'worker 1' })]);
    expect(known?.event.seq).toBe(LIMITS.componentsPerTask + 1);
  });

  test('after the end, late events of components that never reported are stored', async () => {
    await using log = await open(logOptions());
    const all = oneTo(LIMITS.componentsPerTask);
    await log.append(all.map((index) => newEvent({ eventId: `e${index}`, component: `worker ${index}` })).slice(1));
    await log.append([newEvent({ eventId: 'end', component: 'lead', eventType: 'task_completed' })]);
    const [late] = await log.append([newEvent({ eventId: 'late', component: 'a stranger' })]);
    expect(late?.event).toMatchObject({ component: 'a stranger', seq: LIMITS.componentsPerTask + 1 });
    const head = await log.head('task');
    expect(head?.progress.components.has('a stranger')).toBe(false);
    expect(head?.progress.components.size).toBe(LIMITS.componentsPerTask);
  });
}

function testRecordingTime({ open }: LogUnderTest): void {
  test('all events of one append share one recordedAt, and a left-out timestamp is that moment', async () => {
    await using log = await open(logOptions());
    const results = await log.append([
      newEvent({ taskId: 'a', eventId: '1' }),
      newEvent({ taskId: 'b', eventId: '2', timestamp: LONG_AGO }),
      newEvent({ taskId: 'a', eventId: '3' }),
    ]);
    expect(new Set(results.map(({ event }) => event.recordedAt)).size).toBe(1);
    const [first, second] = results.map(({ event }) => event);
    expect(first?.timestamp).toBe(first?.recordedAt);
    expect(second?.timestamp).toBe(LONG_AGO);
  });

  test('recordedAt never decreases along a task', async () => {
    const clock = createTestClock();
    await using log = await open(logOptions({ now: clock.now }));
    for (const step of [5, -3_600_000, 20, -1, 0, 7]) {
      clock.time += step;
      await log.append([newEvent({ eventId: `e${step}`, timestamp: LONG_AGO })]);
    }
    const times = (await readAll(log, 'task')).map(({ recordedAt }) => recordedAt);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  test('a task begins at the time of the event that began it, but never in the future', async () => {
    await using log = await open(logOptions());
    const farAhead = Date.UTC(9000, 0, 1);
    await log.append([
      newEvent({ taskId: 'past', eventId: '1', timestamp: LONG_AGO }),
      newEvent({ taskId: 'past', eventId: '2', timestamp: LONG_AGO - 1 }),
      newEvent({ taskId: 'future', eventId: '1', timestamp: farAhead }),
    ]);
    const past = await log.head('past');
    const future = await log.head('future');
    expect(past?.progress.startedAt).toBe(LONG_AGO);
    expect(future?.progress.startedAt).toBe(future?.genesis.createdAt);
    expect(future?.progress.lastUpdate).toBe(future?.genesis.createdAt);
    expect((await readAll(log, 'future'))[0]?.timestamp).toBe(farAhead);
  });
}

function testClockSetBack({ open }: LogUnderTest): void {
  test('a clock that was set back is held at the latest time of any task in the batch', async () => {
    const clock = createTestClock(2_000_000);
    await using log = await open(logOptions({ now: clock.now }));
    const [first] = await log.append([newEvent({ taskId: 'old', eventId: '1' })]);
    clock.time = 1_000_000;
    const held = await log.append([
      newEvent({ taskId: 'new', eventId: '1' }),
      newEvent({ taskId: 'old', eventId: '2' }),
    ]);
    const [alone] = await log.append([newEvent({ taskId: 'other', eventId: '1' })]);
    expect(first?.event.recordedAt).toBe(2_000_000);
    expect(held.map(({ event }) => event.recordedAt)).toEqual([2_000_000, 2_000_000]);
    expect(alone?.event.recordedAt).toBe(1_000_000);
  });

  test('an event is not recorded before its task was begun', async () => {
    const clock = createTestClock(2_000_000);
    await using log = await open(logOptions({ now: clock.now }));
    const { head } = await log.initTask({ taskId: 'task', labels: [] });
    clock.time = 1_000_000;
    const [result] = await log.append([newEvent({ eventId: '1' })]);
    expect(head.genesis.createdAt).toBe(2_000_000);
    expect(result?.event.recordedAt).toBe(2_000_000);
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
}
