/** Values that a store may be tempted to change: they come back as they were, in events and in states. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { NewEvent, TaskEvent } from '../../domain/event.ts';
import type { JsonObject } from '../../domain/values.ts';
import type { EventLog } from '../../log/event-log.ts';
import { foldStates, logOptions, newEvent, openForAll, readAll } from './support.ts';
import type { LogUnderTest } from './support.ts';

const TEXTS: readonly (readonly [string, string])[] = [
  ['no character', ''],
  ['a NUL inside', 'before\u0000after'],
  ['nothing but a NUL', '\u0000'],
  ['a high surrogate alone', 'x\ud800y'],
  ['a low surrogate alone', '\udfff'],
  ['surrogates in the wrong order', '\udc00\ud800'],
  ['control characters', '\u0001\u001b[31mred\r\n\t\u007f\u0085'],
  ['line separators', '\u2028\u2029'],
  ['an emoji of several code points', '👩‍👩‍👧‍👦🏳️‍🌈'],
  ['right-to-left text', 'مرحبا \u202eabc'],
  ['composed and decomposed letters', 'é e\u0301'],
  ['noncharacters and a byte order mark', '\ufeff\uffff\ufffe\ufffd'],
  ['quotes and backslashes', `\\"'\`\\u0000\\`],
  ['SQL', `'; DROP TABLE event; --`],
  ['wildcards', '% _ * ? [a]'],
  ['spaces at both ends', '  padded  '],
  ['the longest message', 'ä'.repeat(1024)],
];

const LONGEST_ID = `L${'x'.repeat(127)}`;

const DETAILS: readonly (readonly [string, JsonObject])[] = [
  ['an empty object', {}],
  ['empty values', { a: '', b: [], c: {}, d: null, e: 0, f: false }],
  ['the smallest and the largest numbers', { tiny: 5e-324, small: 1e-320, large: Number.MAX_VALUE, low: -1e300 }],
  ['the largest integers', { most: Number.MAX_SAFE_INTEGER, least: Number.MIN_SAFE_INTEGER, int32: 2 ** 31 }],
  ['numbers that decimals do not have', { a: 0.1, b: 0.1 + 0.2, c: 1 / 3, d: 123456789.12345679, e: 1e21 / 7 }],
  ['numbers as text', { a: '1', b: '1.0', c: '9007199254740993', d: 'NaN' }],
  ['strings that stores treat specially', { nul: '\u0000', half: '\ud800', both: '😀', sep: '\u2028' }],
  ['names that objects have already', { toString: 1, valueOf: 2, hasOwnProperty: 3, toJSON: 'text', length: 4 }],
  ['odd keys', { '': 1, ' ': 2, 'a.b': 3, '$.a': 4, '\u0000': 5, '\ud800': 6, é: 7, 'e\u0301': 8 }],
  ['nesting', { a: [[[[[[[[[[[[[[1]]]]]]]]]]]]]] }],
];

export function testValues(driver: LogUnderTest): void {
  const shared = openForAll(driver, logOptions({ snapshotEvery: 1 }));
  testTexts(shared);
  testDetails(shared);
  testNumbersAndIds(shared);
}

/** The event as it is read after its append; the append's answer, the head and the state there agree with it. */
async function storeAndRead(log: EventLog, input: NewEvent): Promise<TaskEvent | undefined> {
  const [result] = await log.append([input]);
  const events = await readAll(log, input.taskId);
  expect(events).toEqual([result?.event]);
  const head = await log.head(input.taskId);
  if (head === undefined) throw new Error('no head');
  expect(head.progress).toEqual(foldStates(head.genesis, events).at(-1));
  expect(await log.progressAt(input.taskId, 1)).toEqual(head.progress);
  const [again] = await log.append([input]);
  expect(again?.duplicate).toBe(true);
  return events[0];
}

/** A task that no other test has. */
function freshTask(): string {
  return `task-${randomUUID()}`;
}

function testTexts(shared: () => EventLog): void {
  test.each(TEXTS)('text with %s', async (_, text) => {
    const details = { text, list: [text] };
    const event = newEvent({
      taskId: freshTask(),
      eventId: 'e',
      message: text,
      estimatedTimeRemaining: text,
      details,
    });
    expect(await storeAndRead(shared(), event)).toMatchObject(event);
  });

  test.each(TEXTS)('a title and a label with %s', async (_, text) => {
    const log = shared();
    const taskId = freshTask();
    const { head } = await log.initTask({ taskId, title: text, labels: [text, 'other', text] });
    expect(head.genesis).toMatchObject({ title: text, labels: [text, 'other', text] });
    await log.append([newEvent({ taskId, eventId: 'e' })]);
    expect((await log.head(taskId))?.genesis).toEqual(head.genesis);
    expect(await log.tasks({ labels: [text], limit: 10 })).toHaveLength(1);
    expect(await log.tasks({ labels: [`${text} `], limit: 10 })).toEqual([]);
  });

  test('texts that differ in a character stores drop are two contents', async () => {
    const log = shared();
    const taskId = freshTask();
    await log.append([newEvent({ taskId, eventId: 'e', message: 'a\u0000b' })]);
    for (const message of ['a', 'ab', 'a\u0000c', 'a\u0000']) {
      await expect(log.append([newEvent({ taskId, eventId: 'e', message })])).rejects.toMatchObject({
        code: 'EVENT_ID_CONFLICT',
      });
    }
    await log.append([newEvent({ taskId, eventId: 'half', message: '\ud800' })]);
    for (const message of ['\ud801', '\ufffd', '\udfff']) {
      await expect(log.append([newEvent({ taskId, eventId: 'half', message })])).rejects.toMatchObject({
        code: 'EVENT_ID_CONFLICT',
      });
    }
  });
}

function testDetails(shared: () => EventLog): void {
  test.each(DETAILS)('details with %s', async (_, details) => {
    const event = newEvent({ taskId: freshTask(), eventId: 'e', details });
    expect(await storeAndRead(shared(), event)).toMatchObject(event);
  });

  test('keys of details keep their order, but for integer-like ones, which come first', async () => {
    const log = shared();
    const taskId = freshTask();
    const details = { zeta: 1, alpha: { y: 1, x: 2 }, Beta: 3, '10': 4, '9': 5, '-1': 6, '01': 7 };
    await log.append([newEvent({ taskId, eventId: 'e', details })]);
    const [event] = await readAll(log, taskId);
    expect(JSON.stringify(event?.details)).toBe('{"9":5,"10":4,"zeta":1,"alpha":{"y":1,"x":2},"Beta":3,"-1":6,"01":7}');
  });

  test('-0 in details is 0, for the record and for sameness', async () => {
    const log = shared();
    const taskId = freshTask();
    await log.append([newEvent({ taskId, eventId: 'e', details: { a: -0 } })]);
    const [event] = await readAll(log, taskId);
    expect(Object.is(event?.details?.['a'], 0)).toBe(true);
    const [again] = await log.append([newEvent({ taskId, eventId: 'e', details: { a: 0 } })]);
    expect(again?.duplicate).toBe(true);
  });

  test('an event as large as the limits allow', async () => {
    const details = Object.fromEntries(Array.from({ length: 255 }, (_, index) => [`key-${index}`, 'x'.repeat(110)]));
    const event = newEvent({
      taskId: LONGEST_ID,
      eventId: LONGEST_ID,
      component: '🚀'.repeat(128),
      details,
      message: 'x'.repeat(2048),
    });
    expect(await storeAndRead(shared(), event)).toMatchObject(event);
  });
}

function testNumbersAndIds(shared: () => EventLog): void {
  test.each([0, 5e-324, 1e-320, 0.1, 0.1 + 0.2, 1 / 3, 0.9999999999999999, 1])('a progress of %d', async (progress) => {
    const event = newEvent({ taskId: freshTask(), eventId: 'e', progress });
    expect(await storeAndRead(shared(), event)).toMatchObject(event);
  });

  test.each([
    ['year 0', Date.parse('0000-01-01T00:00:00.000Z')],
    ['just before 1970', -1],
    ['1970', 0],
    ['after 2038', 2 ** 31 * 1000],
    ['the end of year 9999', Date.parse('9999-12-31T23:59:59.999Z')],
  ])('a timestamp in %s', async (_, timestamp) => {
    const event = newEvent({ taskId: freshTask(), eventId: 'e', timestamp });
    expect(await storeAndRead(shared(), event)).toMatchObject(event);
  });

  test.each(['a:b', 'a/b', 'A+b=c~d@e.f-g_h', '0', '1e3', '0x10', 'null', 'constructor', 'toString'])(
    'the id %s',
    async (id) => {
      const event = newEvent({ taskId: id, eventId: id });
      expect(await storeAndRead(shared(), event)).toMatchObject(event);
    },
  );

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '0',
    ' ',
    'é',
    'e\u0301',
    'عامل',
    '🚀',
    'a.b:c|d',
  ])('a component named %s', async (component) => {
    const event = newEvent({ taskId: freshTask(), eventId: 'e', component, progress: 0.5 });
    expect(await storeAndRead(shared(), event)).toMatchObject(event);
  });

  test('components whose names look alike are apart', async () => {
    const log = shared();
    const taskId = freshTask();
    const names = ['a', 'A', 'a ', ' a', 'á', 'a\u0301', 'ａ', '__proto__', 'proto'];
    await log.append(
      names.map((component, index) => newEvent({ taskId, eventId: `e${index}`, component, progress: index / 10 })),
    );
    const components = (await log.head(taskId))?.progress.components;
    expect([...(components ?? [])].map(([name, { progress }]) => [name, progress])).toEqual(
      names.map((name, index) => [name, index / 10]),
    );
  });
}
