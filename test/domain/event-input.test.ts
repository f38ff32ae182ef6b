/** Inputs at the edge: what is accepted and as what, what is refused and where, one table for each kind of value. */
import { describe, expect, test } from 'vitest';
import { BadInputError } from '../../src/domain/errors.ts';
import { EmitEventInput, EVENT_TYPES, InitTaskInput, toNewEvent } from '../../src/domain/event.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import { PublishObservationInput } from '../../src/domain/observation.ts';
import { parseInput } from '../../src/domain/values.ts';
import { fingerprint } from '../../src/log/record.ts';

const LEAST = { taskId: 'task', eventType: 'warning', component: 'c', stage: 'review', message: 'm' } as const;

function accept(change: Readonly<Record<string, unknown>>) {
  return parseInput(EmitEventInput, { ...LEAST, ...change }, ['input']);
}

/** The paths that are blamed, each as text. */
function refusal(change: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    accept(change);
  } catch (error) {
    if (error instanceof BadInputError && error.code === 'BAD_USER_INPUT') {
      return error.issues.map(({ path }) => path.join('.'));
    }
    throw error;
  }
  return [];
}

describe('ids', () => {
  const good = ['a', '0', 'a:b', 'a/b', 'a+b=c~d@e.f-g_h', 'constructor', 'toString', 'a..', `L${'x'.repeat(127)}`];
  test.each(good)('accepted: %s', (id) => {
    expect(accept({ taskId: id, eventId: id })).toMatchObject({ taskId: id, eventId: id });
  });

  test.each([
    '',
    `L${'x'.repeat(128)}`,
    'x'.repeat(1_000_000),
    'a\u0000',
    'a\r\n',
    'a\n',
    '\u001b[31m',
    'a\ud800',
    'a\u200f',
    'é',
    'e\u0301',
    'ａ',
    ' a',
    'a b',
    '*',
    '>',
    'a.*',
    '$JS.API',
    '{x}',
    '}{',
    '?',
    '[a]',
    '..',
    '.a',
    '-a',
    '__proto__',
    '_a',
    'a%',
    "a'",
    'a\\',
    'a|b',
  ])('refused: %j', (id) => {
    expect(new Set(refusal({ taskId: id, eventId: id }))).toEqual(new Set(['input.taskId', 'input.eventId']));
  });

  test.each([7, true, {}, ['a'], null, undefined])('a task id that is %j is refused', (taskId) => {
    expect(refusal({ taskId })).toEqual(['input.taskId']);
  });
});

describe('component names', () => {
  const good = ['camina', 'property belter', 'عامل', '工人', 'é', 'e\u0301', '👩‍👩‍👧‍👦', '__proto__', ' ', '🚀'.repeat(128)];
  test.each(good)('accepted as it is: %s', (component) => {
    expect(accept({ component }).component).toBe(component);
  });

  test.each([
    '',
    'x'.repeat(129),
    '🚀'.repeat(129),
    'x'.repeat(1_000_000),
    'a\u0000',
    'a\nb',
    '\u001b[31m',
    'a\u007f',
    'a\u0085',
    'a\u2028b',
    'a\u2029b',
    '\ud800',
    'a\udfffb',
    'a\u200fb',
    'a\u202eb',
    'a\u2066b',
  ])('refused: %j', (component) => {
    expect(new Set(refusal({ component }))).toEqual(new Set(['input.component']));
  });
});

describe('progress', () => {
  test.each([0, 0.5, 1, 5e-324, 1e-320, 1 - Number.EPSILON])('accepted as it is: %d', (progress) => {
    expect(accept({ progress }).progress).toBe(progress);
  });

  test('-0 becomes 0', () => {
    expect(Object.is(accept({ progress: -0 }).progress, 0)).toBe(true);
  });

  test.each([Number.NaN, Infinity, -Infinity, -0.01, 1.01, 1 + Number.EPSILON, -1e-320, '0.5', '', true, 1n, [0.5]])(
    'refused: %s',
    (progress) => {
      expect(refusal({ progress })).toEqual(['input.progress']);
    },
  );
});

describe('details', () => {
  const nested = (levels: number): object => (levels === 1 ? { a: 1 } : { a: nested(levels - 1) });
  const keys = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
  /** An object of exactly so many bytes as JSON. */
  const bytes = (count: number, character = 'x'): object => {
    const size = Buffer.byteLength(character);
    return { a: 'y'.repeat((count - 8) % size) + character.repeat(Math.floor((count - 8) / size)) };
  };
  class Custom {
    a = 1;
  }

  test.each<[string, object]>([
    ['nothing', {}],
    ['every kind of value', { a: null, b: true, c: 0, d: '', e: [], f: {}, g: [[{ h: 1 }]] }],
    [`${LIMITS.detailsDepth} levels`, nested(LIMITS.detailsDepth)],
    [`${LIMITS.detailsKeys} keys`, keys(LIMITS.detailsKeys)],
    [`${LIMITS.detailsBytes} bytes`, bytes(LIMITS.detailsBytes)],
    [`${LIMITS.detailsBytes} bytes of longer characters`, bytes(LIMITS.detailsBytes, '工')],
    ['the largest integers', { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER }],
    ['the smallest numbers', { a: 5e-324, b: -1e-320, c: 0.1 }],
    ['lone surrogates and NUL', { a: '\ud800', '\u0000': '\u0000' }],
    ['names of methods', { toString: 1, hasOwnProperty: 2, toJSON: 'x' }],
    ['no prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ])('accepted as it is: %s', (_, details) => {
    expect(accept({ details }).details).toEqual(details);
  });

  const cycle: Record<string, unknown> = { a: 1 };
  cycle['self'] = cycle;
  let shared: unknown = [1];
  for (let level = 0; level < 14; level += 1) shared = [shared, shared, shared, shared];

  test.each<[string, unknown, string]>([
    [`${LIMITS.detailsDepth + 1} levels`, nested(LIMITS.detailsDepth + 1), '.a'.repeat(LIMITS.detailsDepth)],
    ['5,000 levels', nested(5_000), '.a'.repeat(LIMITS.detailsDepth)],
    [`${LIMITS.detailsKeys + 1} keys`, keys(LIMITS.detailsKeys + 1), ''],
    [`${LIMITS.detailsBytes + 1} bytes`, bytes(LIMITS.detailsBytes + 1), ''],
    [`${LIMITS.detailsBytes + 1} bytes of longer characters`, bytes(LIMITS.detailsBytes + 1, '工'), ''],
    ['10,000 values that are too large together', { a: Array.from({ length: 10_000 }, () => null) }, ''],
    ['a million values', { a: Array.from({ length: 1_000_000 }, () => 0) }, ''],
    ['one list in a quarter of a billion places', { a: shared }, ''],
    ['__proto__', JSON.parse('{"a":[{"__proto__":{"x":1}}]}'), '.a.0.__proto__'],
    ['constructor', { constructor: 1 }, '.constructor'],
    ['prototype', { a: { prototype: {} } }, '.a.prototype'],
    ['a cycle', cycle, '.self'.repeat(LIMITS.detailsDepth)],
    ['NaN', { a: [Number.NaN] }, '.a.0'],
    ['Infinity', { a: -Infinity }, '.a'],
    ['2^53', { a: 2 ** 53 }, '.a'],
    ['-(2^53)', { a: -(2 ** 53) }, '.a'],
    ['1e300', { a: 1e300 }, '.a'],
    ['undefined', { a: undefined }, '.a'],
    ['undefined in a list', { a: [undefined] }, '.a.0'],
    // oxlint-disable-next-line no-sparse-arrays -- The hole is the case.
    ['a hole in a list', { a: [1, , 2] }, '.a.1'],
    ['a bigint', { a: 1n }, '.a'],
    ['a function', { toJSON: () => 'other' }, '.toJSON'],
    ['a symbol', { a: Symbol('a') }, '.a'],
    ['a date', { a: new Date(0) }, '.a'],
    ['a map', { a: new Map() }, '.a'],
    ['an instance of a class', { a: new Custom() }, '.a'],
    ['a list', [], ''],
    ['text', '{}', ''],
    ['an instance of a class in place of it all', new Custom(), ''],
    ['a prototype that was set', { __proto__: { x: 1 } }, ''],
  ])('refused: %s', (_, details, path) => {
    const before = performance.now();
    expect(refusal({ details })).toEqual([`input.details${path}`]);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(({} as Readonly<Record<string, unknown>>)['x']).toBeUndefined();
  });
});

describe('timestamps', () => {
  test.each([
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['2026-11-23T06:37:34.7Z', '2026-11-23T06:37:34.700Z'],
    ['2026-11-23T06:37:34.799999999Z', '2026-11-23T06:37:34.799Z'],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
    ['1900-01-01T00:00:00.0019Z', '1900-01-01T00:00:00.001Z'],
    ['2026-01-01T00:00:00+02:00', '2025-12-31T22:00:00.000Z'],
    ['2026-01-01T00:00:00-11:30', '2026-01-01T11:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (timestamp, expected) => {
    expect(new Date(accept({ timestamp }).timestamp ?? Number.NaN).toISOString()).toBe(expected);
  });

  test.each([
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-06-30T23:59:60Z',
    '2026-01-01',
    '2026-01-01T00:00Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00:00+25:00',
    '2026-01-01T00:00:00+0200',
    '+010000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-00:01',
    '0000-01-01T00:00:00+00:01',
    '2026-01-01T00:00:00Z\n',
    ' 2026-01-01T00:00:00Z',
    'now',
    '',
    0,
    1_767_225_600_000,
    new Date(0),
  ])('refused: %s', (timestamp) => {
    expect(refusal({ timestamp })).toEqual(['input.timestamp']);
  });

  test('one without a zone is refused with the advice to add Z', () => {
    for (const timestamp of ['2026-01-01T00:00:00', '2026-01-01T00:00:00.123456']) {
      expect(() => accept({ timestamp })).toThrow(/add Z/);
    }
  });
});

describe('texts', () => {
  test.each(['', 'x'.repeat(LIMITS.messageBytes), 'ä'.repeat(LIMITS.messageBytes / 2), 'a\n\u001b[31m\u0000\ud800'])(
    'a message within the limit is accepted as it is',
    (message) => {
      expect(accept({ message }).message).toBe(message);
    },
  );

  test.each(['x'.repeat(LIMITS.messageBytes + 1), `x${'ä'.repeat(LIMITS.messageBytes / 2)}`, '🚀'.repeat(513)])(
    'a message is measured in bytes of UTF-8',
    (message) => {
      expect(refusal({ message })).toEqual(['input.message']);
    },
  );

  test('an estimate has its own limit', () => {
    expect(refusal({ estimatedTimeRemaining: 'x'.repeat(LIMITS.estimateBytes + 1) })).toEqual([
      'input.estimatedTimeRemaining',
    ]);
    expect(refusal({ estimatedTimeRemaining: 'x'.repeat(LIMITS.estimateBytes) })).toEqual([]);
  });
});

describe('the whole input', () => {
  test.each(EVENT_TYPES)('event type %s is known in lower case only', (eventType) => {
    expect(accept({ eventType }).eventType).toBe(eventType);
    expect(refusal({ eventType: eventType.toUpperCase() })).toEqual(['input.eventType']);
  });

  test.each([{ stage: 'finished' }, { stage: 'REVIEW' }, { eventType: 'unknown' }, { eventType: '' }])(
    'an unknown word is refused: %j',
    (change) => {
      expect(refusal(change)).toEqual(Object.keys(change).map((key) => `input.${key}`));
    },
  );

  test('an unknown key is refused, __proto__ too', () => {
    expect(refusal({ extra: 1 })).toEqual(['input']);
    const polluted: unknown = JSON.parse(JSON.stringify(LEAST).replace('{', '{"__proto__":{"x":1},'));
    expect(() => parseInput(EmitEventInput, polluted)).toThrow(BadInputError);
  });

  test.each([null, undefined, 'text', 7, [], () => undefined])('%s is no input', (value) => {
    expect(() => parseInput(EmitEventInput, value)).toThrow(BadInputError);
  });

  test('all that is wrong is said at once', () => {
    const blamed = new Set(refusal({ taskId: '', progress: 2, stage: 'x' }));
    expect(blamed).toEqual(new Set(['input.progress', 'input.stage', 'input.taskId']));
  });

  test('null counts as left out, also for what sameness is judged on', () => {
    const nulls = { eventId: null, timestamp: null, details: null, progress: null, estimatedTimeRemaining: null };
    const given = toNewEvent(accept(nulls), () => 'new');
    const absent = toNewEvent(accept({}), () => 'new');
    expect(given).toEqual(absent);
    expect(fingerprint(given)).toBe(fingerprint(absent));
    expect(given.eventId).toBe('new');
  });

  test('a task and an observation are held to the same rules', () => {
    expect(() => parseInput(InitTaskInput, { taskId: 'a b' })).toThrow(BadInputError);
    const labels = Array.from({ length: LIMITS.labels + 1 }, () => 'x');
    expect(() => parseInput(InitTaskInput, { taskId: 'a', labels })).toThrow(BadInputError);
    expect(parseInput(InitTaskInput, { taskId: 'a', title: null, labels: null })).toMatchObject({ taskId: 'a' });
    const content = 'x'.repeat(LIMITS.observationBytes);
    expect(parseInput(PublishObservationInput, { content }).content).toBe(content);
    expect(() => parseInput(PublishObservationInput, { content: `${content}x` })).toThrow(BadInputError);
    expect(() => parseInput(PublishObservationInput, { content, metadata: { prototype: 1 } })).toThrow(BadInputError);
  });
});
