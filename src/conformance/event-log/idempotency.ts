/** The same event id again: one event when the content is the same, a refusal when it is not. */
import { expect, test } from 'vitest';
import type { NewEvent } from '../../domain/event.ts';
import { logOptions, LONG_AGO, newEvent, numbers, oneTo, readAll } from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testIdempotency(driver: LogUnderTest): void {
  testSame(driver);
  testDifferent(driver);
}

const FULL: NewEvent = newEvent({
  eventId: 'used',
  timestamp: LONG_AGO,
  details: { a: 1, b: { c: [1, { d: 2, e: 3 }], f: null } },
  progress: 0.5,
  estimatedTimeRemaining: 'soon',
});

function testSame({ open }: LogUnderTest): void {
  test('an append that is repeated gives the first events as duplicates and stores nothing', async () => {
    await using log = await open(logOptions());
    const batch = [FULL, newEvent({ eventId: 'second' }), newEvent({ taskId: 'other', eventId: 'used' })];
    const first = await log.append(batch);
    const again = await log.append(batch);
    expect(again).toEqual(first.map(({ event }) => ({ event, duplicate: true })));
    expect(numbers(await readAll(log, 'task'))).toEqual([1, 2]);
    expect(numbers(await readAll(log, 'other'))).toEqual([1]);
  });

  test('the second equal id in one batch is a duplicate of the first', async () => {
    await using log = await open(logOptions());
    const results = await log.append([FULL, newEvent({ eventId: 'between' }), { ...FULL }]);
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
    expect(results[2]?.event).toEqual(results[0]?.event);
    expect(numbers(await readAll(log, 'task'))).toEqual([1, 2]);
  });

  test('new and repeated events mix in one batch', async () => {
    await using log = await open(logOptions());
    const [first] = await log.append([FULL]);
    const results = await log.append([newEvent({ eventId: 'new' }), FULL, newEvent({ eventId: 'newer' })]);
    expect(results.map(({ event, duplicate }) => [event.seq, duplicate])).toEqual([
      [2, false],
      [1, true],
      [3, false],
    ]);
    expect(results[1]?.event).toEqual(first?.event);
  });

  test('the order of keys in details does not matter', async () => {
    await using log = await open(logOptions());
    await log.append([FULL]);
    const [again] = await log.append([{ ...FULL, details: { b: { f: null, c: [1, { e: 3, d: 2 }] }, a: 1 } }]);
    expect(again?.duplicate).toBe(true);
  });

  test('undefined is the same as left out', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'used' })]);
    const [again] = await log.append([
      newEvent({ eventId: 'used', timestamp: undefined, details: undefined, progress: undefined }),
    ]);
    expect(again?.duplicate).toBe(true);
  });

  test.each<[string, number | undefined, number | undefined]>([
    ['first', undefined, LONG_AGO],
    ['second', LONG_AGO, undefined],
    ['both', undefined, undefined],
  ])('a timestamp that was left out of the %s is not compared', async (_, timestamp, other) => {
    await using log = await open(logOptions());
    const [first] = await log.append([newEvent({ eventId: 'used', timestamp })]);
    const [again] = await log.append([newEvent({ eventId: 'used', timestamp: other })]);
    expect(again).toEqual({ event: first?.event, duplicate: true });
  });

  test('the same id in two tasks is two events', async () => {
    await using log = await open(logOptions());
    const results = await log.append(['a', 'b', 'a:b'].map((taskId) => ({ ...FULL, taskId })));
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
  });

  test('ids that differ in case, or that look alike once joined to their task, are two events', async () => {
    await using log = await open(logOptions());
    const pairs = [
      ['a', 'x'],
      ['a', 'X'],
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a', '1'],
      ['a', '01'],
      ['a', 'constructor'],
    ] as const;
    const results = await log.append(pairs.map(([taskId, eventId]) => newEvent({ taskId, eventId })));
    expect(results.every(({ duplicate }) => !duplicate)).toBe(true);
  });

  test('a duplicate begins no task and changes no head', async () => {
    await using log = await open(logOptions());
    await log.append([FULL]);
    const before = await log.head('task');
    await log.append([FULL, FULL]);
    expect(await log.head('task')).toEqual(before);
  });

  test('one event sent at the same moment many times is stored once', async () => {
    await using log = await open(logOptions());
    const results = await Promise.all(oneTo(20).map(() => log.append([FULL])));
    expect(results.filter(([result]) => result?.duplicate === false)).toHaveLength(1);
    expect(new Set(results.map(([result]) => result?.event.hash)).size).toBe(1);
    expect(numbers(await readAll(log, 'task'))).toEqual([1]);
  });
}

function testDifferent({ open }: LogUnderTest): void {
  test.each<[string, Partial<NewEvent>]>([
    ['event type', { eventType: 'warning' }],
    ['timestamp', { timestamp: LONG_AGO + 1 }],
    ['component', { component: 'Worker' }],
    ['stage', { stage: 'review' }],
    ['message', { message: 'working ' }],
    ['details', { details: { a: 1, b: { c: [1, { d: 2, e: 4 }], f: null } } }],
    ['order of a list in details', { details: { a: 1, b: { c: [{ d: 2, e: 3 }, 1], f: null } } }],
    ['null against absent inside details', { details: { a: 1, b: { c: [1, { d: 2, e: 3 }] } } }],
    ['number against text in details', { details: { a: '1', b: { c: [1, { d: 2, e: 3 }], f: null } } }],
    ['details left out', { details: undefined }],
    ['empty details', { details: {} }],
    ['progress', { progress: 0.5000000000000001 }],
    ['progress left out', { progress: undefined }],
    ['estimate', { estimatedTimeRemaining: '' }],
  ])('the same id with another %s is refused', async (_, change) => {
    await using log = await open(logOptions());
    await log.append([FULL]);
    const before = await log.head('task');
    const refused = log.append([newEvent({ eventId: 'fine' }), { ...FULL, ...change }]);
    await expect(refused).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
      issues: [{ path: ['inputs', 1, 'eventId'] }],
    });
    expect(await log.head('task')).toEqual(before);
  });

  test('an unequal second id in one batch refuses the batch, and begins no task', async () => {
    await using log = await open(logOptions());
    const refused = log.append([
      newEvent({ taskId: 'other', eventId: 'fine' }),
      FULL,
      newEvent({ eventId: 'fine' }),
      { ...FULL, message: 'other' },
    ]);
    await expect(refused).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
      issues: [{ path: ['inputs', 3, 'eventId'] }],
    });
    expect(await log.head('task')).toBeUndefined();
    expect(await log.head('other')).toBeUndefined();
  });

  test('a progress of 0 is not the same as none', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'used', progress: 0 })]);
    await expect(log.append([newEvent({ eventId: 'used' })])).rejects.toMatchObject({ code: 'EVENT_ID_CONFLICT' });
  });
}
