/**
 * Bad values, on every way in. Each is answered with its code and the path of what is wrong, and nothing is stored.
 * `REFUSED` stands for a value that graphql itself refuses while it coerces the variables; it has no code of its own,
 * and the server gives it BAD_USER_INPUT.
 */
import { describe, expect, test } from 'vitest';
import { createHarness, EMIT, emitAll, GOOD_EVENT, type Failure, type Variables } from './harness.ts';

const bad = (...paths: string[]): readonly Failure[] => [{ code: 'BAD_USER_INPUT', paths }];
const REFUSED: readonly Failure[] = [{ code: undefined, paths: [] }];

const EMIT_MANY = 'mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }';
const INIT = 'mutation ($input: InitTaskInput!) { initTask(input: $input) { created } }';
const OBSERVE = 'mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { duplicate } }';

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

function keys(count: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
}

const LONG = 'x'.repeat(129);

const BAD_IDS: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['129 characters long', LONG],
  ['20 MB long', 'x'.repeat(20_000_000)],
  ['with NUL', 'a\u0000b'],
  ['with a line end', 'a\r\nb'],
  ['with a line end at its end', 'a\n'],
  ['with ESC', 'a\u001b[31m'],
  ['with a lone surrogate', 'a\ud800'],
  ['with a right-to-left mark', 'a\u202eb'],
  ['with a letter in NFC', '\u00e9'],
  ['with a letter in NFD', 'e\u0301'],
  ['with a space', 'a b'],
  ...['*', '>', 'a.*', 'a.>', '$JS.API', '{x}', '}{', '?', '[a]', '..', '__proto__'].map((id) => [id, id] as const),
];

const BAD_DETAILS: readonly (readonly [string, unknown, string])[] = [
  ['the key __proto__', JSON.parse('{"__proto__":{"x":1}}'), '.__proto__'],
  ['the key __proto__ deep inside', JSON.parse('{"a":[{"__proto__":1}]}'), '.a.0.__proto__'],
  ['the key constructor', { a: { constructor: 1 } }, '.a.constructor'],
  ['the key prototype', { prototype: null }, '.prototype'],
  ['32 KiB and a byte', { a: 'x'.repeat(32 * 1024 - 7) }, ''],
  ['17 levels', nested(17), `.${Array.from({ length: 16 }, () => 'a').join('.')}`],
  ['257 keys', keys(257), ''],
  ['a list of 10,000', { list: Array.from({ length: 10_000 }, () => 'abc') }, ''],
  ['Infinity', JSON.parse('{"a":1e999}'), '.a'],
  ['an integer beyond 2^53', JSON.parse('{"a":[9007199254740993]}'), '.a.0'],
  ['a list instead of an object', [1], ''],
  ['text instead of an object', '{}', ''],
  ['a number instead of an object', 1, ''],
];

const BAD_INSTANTS: readonly (readonly [string, unknown])[] = [
  ['a day that does not exist', '2026-02-30T00:00:00Z'],
  ['a leap second', '2016-12-31T23:59:60Z'],
  ['no zone', '2026-11-23T06:37:34'],
  ['a number', 1_763_879_854_799],
  ['the word now', 'now'],
  ['a date alone', '2026-11-23'],
  ['a space for the T', '2026-11-23 06:37:34Z'],
  ['the empty text', ''],
  ['an object', { a: 1 }],
  ['a list', ['2026-11-23T06:37:34Z']],
  ['a year of five digits', '12026-11-23T06:37:34Z'],
];

const EVENT_ROWS: readonly (readonly [string, Variables, readonly Failure[]])[] = [
  ['progress -0.01', { progress: -0.01 }, bad('input.progress')],
  ['progress 1.01', { progress: 1.01 }, bad('input.progress')],
  ['progress NaN', { progress: Number.NaN }, REFUSED],
  ['progress Infinity, which is 1e999 in JSON', { progress: JSON.parse('1e999') }, REFUSED],
  ['progress as text', { progress: '0.5' }, REFUSED],
  ['progress true', { progress: true }, REFUSED],
  ...BAD_IDS.map(([title, taskId]) => [`a task id ${title}`, { taskId }, bad('input.taskId')] as const),
  ...BAD_IDS.map(([title, eventId]) => [`an event id ${title}`, { eventId }, bad('input.eventId')] as const),
  ['an empty component', { component: '' }, bad('input.component')],
  ['a component of 129 characters', { component: '\u{1f600}'.repeat(129) }, bad('input.component')],
  ['a component with NUL', { component: 'a\u0000' }, bad('input.component')],
  ['a component with a line end', { component: 'a\r\n' }, bad('input.component')],
  ['a component with ESC', { component: '\u001b[2J' }, bad('input.component')],
  ['a component with a lone surrogate', { component: '\udc00' }, bad('input.component')],
  ['a component with a right-to-left override', { component: 'a\u202eb' }, bad('input.component')],
  ...BAD_DETAILS.map(
    ([title, details, path]) => [`details: ${title}`, { details }, bad(`input.details${path}`)] as const,
  ),
  ['a message of 2 KiB and a byte', { message: 'x'.repeat(2049) }, bad('input.message')],
  ['a message of 2 KiB and a byte in UTF-8', { message: '\u00e9'.repeat(1024) + 'x' }, bad('input.message')],
  ['an estimate of 257 bytes', { estimatedTimeRemaining: 'x'.repeat(257) }, bad('input.estimatedTimeRemaining')],
  ...BAD_INSTANTS.map(
    ([title, timestamp]) => [`a timestamp: ${title}`, { timestamp }, bad('input.timestamp')] as const,
  ),
  ['an unknown event type', { eventType: 'TASK_PAUSED' }, REFUSED],
  ['an event type in lower case', { eventType: 'task_started' }, REFUSED],
  ['an unknown stage', { stage: 'DREAMING' }, REFUSED],
  ['a field that does not exist', { colour: 'red' }, REFUSED],
  ['a required field that is null', { message: null }, REFUSED],
  [
    'several things at once',
    { taskId: '', component: '', progress: 2 },
    bad('input.taskId', 'input.component', 'input.progress'),
  ],
];

describe('emitEvent', () => {
  test.each(EVENT_ROWS)('refuses %s and stores nothing', async (_title, patch, failures) => {
    await using harness = createHarness();
    await expect(harness.fail(EMIT, { input: { ...GOOD_EVENT, ...patch } })).resolves.toEqual(failures);
    await expect(harness.stored()).resolves.toBe(0);
    expect(({} as Variables)['x']).toBeUndefined();
  });

  test.each([
    ['progress', '1e999'],
    ['progress', '-1e999'],
    ['progress', '1.5'],
    ['details', '{ a: 1e999 }'],
    ['details', '{ a: 9007199254740993 }'],
    ['details', '{ a: [{ __proto__: 1 }] }'],
    ['details', '[1]'],
    ['details', '"text"'],
    ['timestamp', '1763879854799'],
    ['timestamp', '"2026-02-30T00:00:00Z"'],
    ['timestamp', 'now'],
  ])('refuses %s: %s written into the document', async (field, literal) => {
    await using harness = createHarness();
    const document = `mutation { emitEvent(input: { taskId: "survey", eventType: TASK_STARTED, component: "camina",
      stage: PLANNING, message: "", ${field}: ${literal} }) { duplicate } }`;
    const [failure] = await harness.fail(document);
    expect(failure?.code).toBe('BAD_USER_INPUT');
    expect(failure?.paths[0]).toMatch(new RegExp(`^input\\.${field}`));
    await expect(harness.stored()).resolves.toBe(0);
  });

  test.each([
    ['progress 1e-320', { progress: 1e-320 }],
    ['progress -0', { progress: -0 }],
    ['1970', { timestamp: '1970-01-01T00:00:00Z' }],
    ['9999', { timestamp: '9999-12-31T23:59:59Z' }],
    ['a clock that runs an hour ahead', { timestamp: new Date(Date.now() + 3_600_000).toISOString() }],
    ['an id of 128 characters', { taskId: 'x'.repeat(128) }],
    ['a component of 128 characters beyond the first plane', { component: '\u{1f600}'.repeat(128) }],
    ['a message of 2 KiB', { message: 'x'.repeat(2048) }],
    ['a message with line ends and colours', { message: 'a\r\n\u001b[31mb' }],
    ['details of 32 KiB', { details: { a: 'x'.repeat(32 * 1024 - 8) } }],
    ['details of 16 levels', { details: nested(16) }],
    ['details of 256 keys', { details: keys(256) }],
  ])('takes %s, which is within the limits', async (_title, patch) => {
    await using harness = createHarness();
    await emitAll(harness, [patch]);
    await expect(harness.stored()).resolves.toBe(2);
  });

  test('an event id that was used with other content is EVENT_ID_CONFLICT', async () => {
    await using harness = createHarness();
    await emitAll(harness, [{ eventId: 'e1' }]);
    const input = { ...GOOD_EVENT, eventId: 'e1', message: 'something else' };
    await expect(harness.fail(EMIT, { input })).resolves.toEqual([
      { code: 'EVENT_ID_CONFLICT', paths: ['input.eventId'] },
    ]);
    await expect(harness.stored()).resolves.toBe(2);
  });
});

describe('emitEvents', () => {
  const good = { ...GOOD_EVENT };
  const ROWS: readonly (readonly [string, readonly Variables[], readonly Failure[]])[] = [
    ['no event', [], bad('inputs')],
    ['1,001 events', Array.from({ length: 1_001 }, () => good), bad('inputs')],
    [
      'several bad ones',
      [{ ...good, progress: 2 }, good, { ...good, taskId: '', component: '' }],
      bad('inputs.0.progress', 'inputs.2.taskId', 'inputs.2.component'),
    ],
    [
      'one id with two contents',
      [
        { ...good, eventId: 'e1' },
        { ...good, eventId: 'e1', message: 'else' },
      ],
      [{ code: 'EVENT_ID_CONFLICT', paths: ['inputs.1.eventId'] }],
    ],
    ['an unknown stage', [good, { ...good, stage: 'DREAMING' }], REFUSED],
  ];
  test.each(ROWS)('refuses %s and stores nothing, not even the good ones', async (_title, inputs, failures) => {
    await using harness = createHarness();
    await expect(harness.fail(EMIT_MANY, { inputs })).resolves.toEqual(failures);
    await expect(harness.stored()).resolves.toBe(0);
  });

  test('the 1,001st component of a task is LIMIT_EXCEEDED', async () => {
    await using harness = createHarness();
    await harness.ask(EMIT_MANY, {
      inputs: Array.from({ length: 1_000 }, (_, index) => ({ ...good, component: `c${index}` })),
    });
    const failures = await harness.fail(EMIT, { input: { ...good, component: 'one more' } });
    expect(failures).toMatchObject([{ code: 'LIMIT_EXCEEDED' }]);
    await expect(harness.stored()).resolves.toBe(1_001);
  });
});

describe('initTask and publishObservation', () => {
  const observation = { content: 'quiet' };
  const ROWS: readonly (readonly [string, string, Variables, readonly Failure[]])[] = [
    ['a bad id', INIT, { taskId: 'a b' }, bad('input.taskId')],
    ['a title of 513 bytes', INIT, { taskId: 'a', title: 'x'.repeat(513) }, bad('input.title')],
    ['33 labels', INIT, { taskId: 'a', labels: Array.from({ length: 33 }, () => 'x') }, bad('input.labels')],
    ['a label of 513 bytes', INIT, { taskId: 'a', labels: ['a', 'x'.repeat(513)] }, bad('input.labels.1')],
    ['a label that is null', INIT, { taskId: 'a', labels: [null] }, REFUSED],
    ['a bad id of an observation', OBSERVE, { ...observation, id: '' }, bad('input.id')],
    ['a bad task id of an observation', OBSERVE, { ...observation, taskId: '*' }, bad('input.taskId')],
    ['a content of 16 KiB and a byte', OBSERVE, { content: 'x'.repeat(16 * 1024 + 1) }, bad('input.content')],
    ['bad metadata', OBSERVE, { ...observation, metadata: { constructor: 1 } }, bad('input.metadata.constructor')],
    ['a bad instant', OBSERVE, { ...observation, timestamp: 'now' }, bad('input.timestamp')],
  ];
  test.each(ROWS)('refuse %s and store nothing', async (_title, document, input, failures) => {
    await using harness = createHarness();
    await expect(harness.fail(document, { input })).resolves.toEqual(failures);
    await expect(harness.stored()).resolves.toBe(0);
  });

  test('an observation id that was used with other content is EVENT_ID_CONFLICT', async () => {
    await using harness = createHarness();
    await harness.ask(OBSERVE, { input: { id: 'o1', content: 'quiet' } });
    const failures = await harness.fail(OBSERVE, { input: { id: 'o1', content: 'loud' } });
    expect(failures).toMatchObject([{ code: 'EVENT_ID_CONFLICT' }]);
    await expect(harness.stored()).resolves.toBe(1);
  });
});

const BAD_CURSORS: readonly string[] = [
  '',
  '0',
  '-1',
  'v1',
  'v1.-1.0123456789abcdef',
  'v1.01.0123456789abcdef',
  'v1.2147483648.0123456789abcdef',
  'v1.9007199254740992.0123456789abcdef',
  'v1.1.0123456789ABCDEF',
  'v1.1.0123456789abcde',
  ' v1.1.0123456789abcdef',
  'v1.1.0123456789abcdef\n',
  'v2.1.0123456789abcdef',
  'eyJzZXEiOjF9',
  'x'.repeat(10_240),
  "' OR 1=1; --",
];

describe('arguments of queries', () => {
  const ROWS: readonly (readonly [string, readonly Failure[]])[] = [
    ['task(id: "a b") { id }', bad('id')],
    ['task(id: "") { id }', bad('id')],
    ['taskProgress(taskId: "*") { stage }', bad('taskId')],
    ['taskProgress(taskId: "survey", atSequence: -1) { stage }', bad('atSequence')],
    ['taskProgress(taskId: "survey", atSequence: 2) { stage }', bad('atSequence')],
    ['taskEvents(taskId: "__proto__") { gap }', bad('taskId')],
    ['taskEvents(taskId: "survey", first: -1) { gap }', bad('first')],
    ['taskEvents(taskId: "survey", first: 99999999) { gap }', bad('first')],
    ['taskEvents(taskId: "survey", first: 1001) { gap }', bad('first')],
    ['taskEvents(taskId: "survey", last: 1001) { gap }', bad('last')],
    ['taskEvents(taskId: "survey", first: 1, last: 1) { gap }', bad('last')],
    ['taskEvents(taskId: "nobody", first: 1001) { gap }', bad('first')],
    ['taskEvents(taskId: "survey", afterSequence: -1) { gap }', bad('afterSequence')],
    ['task(id: "survey") { events(first: -1) { gap } }', bad('first')],
    ['tasks(first: 1001) { nodes { id } }', bad('first')],
    ['tasks(filter: { startedAfter: "now" }) { nodes { id } }', bad('filter.startedAfter')],
    ['tasks(filter: { startedBefore: 5 }) { nodes { id } }', bad('filter.startedBefore')],
    ['tasks(filter: { taskIdPrefix: "a\\u0000" }) { nodes { id } }', bad('filter.taskIdPrefix')],
    [`tasks(filter: { taskIdPrefix: "${LONG}" }) { nodes { id } }`, bad('filter.taskIdPrefix')],
    ['observations(taskId: "a b") { nodes { id } }', bad('taskId')],
    ['observations(first: 1, last: 1) { nodes { id } }', bad('last')],
    ['tasks(after: "") { nodes { id } }', [{ code: 'CURSOR_INVALID', paths: [] }]],
    ['tasks(after: "v1.1.0123456789abcdef") { nodes { id } }', [{ code: 'CURSOR_INVALID', paths: [] }]],
  ];
  test.each(ROWS)('%s is refused', async (selection, failures) => {
    await using harness = createHarness();
    await emitAll(harness, [{}]);
    await expect(harness.fail(`{ ${selection} }`)).resolves.toEqual(failures);
  });

  test('afterSequence and after cannot be combined', async () => {
    await using harness = createHarness();
    const [cursor] = await emitAll(harness, [{}]);
    await expect(
      harness.fail(`{ taskEvents(taskId: "survey", afterSequence: 0, after: "${cursor}") { gap } }`),
    ).resolves.toEqual(bad('afterSequence'));
  });

  test('a filter has an end', async () => {
    await using harness = createHarness();
    const document = 'query ($filter: TaskEventFilter) { taskEvents(taskId: "survey", filter: $filter) { gap } }';
    const components = Array.from({ length: 1_001 }, () => 'camina');
    await expect(harness.fail(document, { filter: { components } })).resolves.toEqual(bad('filter.components'));
    await expect(harness.fail(document, { filter: { components: [null] } })).resolves.toEqual(REFUSED);
  });

  test.each(BAD_CURSORS)('the cursor %j is CURSOR_INVALID wherever it is passed', async (cursor) => {
    await using harness = createHarness();
    await emitAll(harness, [{}]);
    const invalid = [{ code: 'CURSOR_INVALID', paths: [] }];
    for (const selection of [
      'taskEvents(taskId: "survey", after: $cursor) { gap }',
      'taskEvents(taskId: "survey", before: $cursor) { gap }',
      'taskEvents(taskId: "nobody", after: $cursor) { gap }',
      'task(id: "survey") { events(after: $cursor) { gap } }',
      'observations(after: $cursor) { nodes { id } }',
      'tasks(after: $cursor) { nodes { id } }',
    ]) {
      const failures = await harness.fail(`query ($cursor: String) { ${selection} }`, { cursor });
      expect({ selection, failures }).toEqual({ selection, failures: invalid });
    }
    for (const selection of ['taskUpdates(taskId: "survey", after: $cursor)', 'observations(after: $cursor)']) {
      const document = `subscription ($cursor: String) { ${selection} { cursor } }`;
      const failures = await harness.failToWatch(document, { cursor });
      expect({ selection, failures }).toEqual({ selection, failures: invalid });
    }
  });
});

describe('arguments of subscriptions', () => {
  const ROWS: readonly (readonly [string, readonly Failure[]])[] = [
    ['taskUpdates(taskId: "a b") { cursor }', bad('taskId')],
    ['taskProgress(taskId: "") { cursor }', bad('taskId')],
    ['taskProgress(taskId: "a", maxRate: 0) { cursor }', bad('maxRate')],
    ['taskProgress(taskId: "a", maxRate: 0.09) { cursor }', bad('maxRate')],
    ['taskProgress(taskId: "a", maxRate: 60.1) { cursor }', bad('maxRate')],
    ['taskProgress(taskId: "a", maxRate: 1e999) { cursor }', bad('maxRate')],
    ['task(id: "a b") { id }', bad('id')],
    ['task(id: "a", maxRate: -1) { id }', bad('maxRate')],
    ['tasks(maxRate: 61) { ready }', bad('maxRate')],
    ['tasks(first: -1) { ready }', bad('first')],
    ['tasks(first: 10001) { ready }', bad('first')],
    ['tasks(filter: { startedAfter: "2026-02-30T00:00:00Z" }) { ready }', bad('filter.startedAfter')],
    ['observations(taskId: "*") { cursor }', bad('taskId')],
    ['observations(last: -1) { cursor }', bad('last')],
    ['observations(last: 1001) { cursor }', bad('last')],
  ];
  test.each(ROWS)('%s is refused before the stream begins', async (selection, failures) => {
    await using harness = createHarness();
    await expect(harness.failToWatch(`subscription { ${selection} }`)).resolves.toEqual(failures);
    expect(harness.manager.followerCount).toBe(0);
  });
});
