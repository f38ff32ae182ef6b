/** Documents that are fine, with values that are not. */
import { EMIT } from '../support/app.ts';
import type { Row } from './row.ts';
import {
  ACCEPTED,
  emitting,
  refusedAsField,
  refusedAsRequest,
  refusedStream,
  type DocumentSent,
} from './run-document.ts';

type ValueRow = Row<DocumentSent>;

const REFUSED = refusedAsField('BAD_USER_INPUT');
const NOT_OF_ITS_TYPE = refusedAsRequest('BAD_USER_INPUT');

function refused(row: number, expected: string, sent: Readonly<Record<string, object | string>>): readonly ValueRow[] {
  return Object.entries(sent).map(([what, patch]) => ({ row, what, sent: emitting(patch), expected }));
}

function accepted(row: number, sent: Readonly<Record<string, object | string>>): readonly ValueRow[] {
  return Object.entries(sent).map(([what, patch]) => ({
    row,
    what,
    sent: emitting(patch),
    expected: ACCEPTED,
    stores: 3,
  }));
}

/** Texts that are no id, and no part of any. */
const NO_IDS: Readonly<Record<string, string>> = {
  'the empty text': '',
  '129 characters': 'x'.repeat(129),
  '1 MB': 'x'.repeat(1_000_000),
  NUL: 'a\0',
  'a line break': 'a\r\nb',
  ESC: 'a\u001B[31m',
  'a lone surrogate': 'a\uD800',
  'a mark of right-to-left': 'a\u202E',
  'é as one character': 'caf\u00E9',
  'é as two characters': 'cafe\u0301',
  'a space': 'a b',
};
const PATTERNS = ['*', '>', 'a.*', 'a.>', '$JS.API', '{x}', '}{', '?', '[a]', '..', '__proto__'] as const;

const LIST_OF_10_000 = JSON.stringify(Array(10_000).fill(0));
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

function idRows(field: 'taskId' | 'eventId'): Readonly<Record<string, object>> {
  const texts = Object.entries(NO_IDS).map(([what, id]) => [`${field}: ${what}`, { [field]: id }] as const);
  const patterns = PATTERNS.map((id) => [`${field}: \`${id}\``, { [field]: id }] as const);
  return Object.fromEntries([...texts, ...patterns]);
}

function withCursor(what: string, cursor: string, expected: string): ValueRow {
  const query = `subscription ($after: String) {
    taskUpdates(taskId: "survey", after: $after) { __typename ... on TaskGap { reason } }
  }`;
  return { row: 56, what: `after: ${what}`, sent: { query, variables: { after: cursor }, isStream: true }, expected };
}

const NOTHING_DELETED = { got: ACCEPTED, because: 'afterwards there is no such task: it answers `deleted: false`' };

/** Ids where no event is emitted. */
function inOtherPlaces(): readonly ValueRow[] {
  const places: Readonly<Record<string, string>> = {
    'task(id)': 'query ($id: ID!) { task(id: $id) { id } }',
    'taskEvents(taskId)': 'query ($id: ID!) { taskEvents(taskId: $id) { gap } }',
    initTask: 'mutation ($id: ID!) { initTask(input: { taskId: $id }) { created } }',
    deleteTask: 'mutation ($id: ID!) { deleteTask(taskId: $id) { deleted } }',
    publishObservation: 'mutation ($id: ID!) { publishObservation(input: { id: $id, content: "" }) { duplicate } }',
    'an observation of':
      'mutation ($id: ID!) { publishObservation(input: { taskId: $id, content: "" }) { duplicate } }',
  };
  return Object.entries(places).flatMap(([place, query]) =>
    ['', '*', 'a.>', 'a\uD800'].map((id) => {
      const what = `${place}: \`${id === '' ? '""' : id.replace('\uD800', String.raw`\uD800`)}\``;
      const instead = place === 'deleteTask' ? { instead: NOTHING_DELETED } : {};
      return { row: 45, what, sent: { query, variables: { id } }, expected: REFUSED, ...instead };
    }),
  );
}

export const VALUE_ROWS: readonly ValueRow[] = [
  ...refused(42, NOT_OF_ITS_TYPE, {
    'progress: `1e999` in a variable': '"progress":1e999',
    'progress: `"0.5"`': { progress: '0.5' },
    'progress: `"NaN"`': { progress: 'NaN' },
    'progress: `true`': { progress: true },
  }),
  ...refused(42, REFUSED, { 'progress: -0.01': { progress: -0.01 }, 'progress: 1.01': { progress: 1.01 } }),
  {
    row: 42,
    what: 'progress: `1e999` in the document',
    sent: {
      query:
        'mutation { emitEvent(input: { taskId: "survey", eventType: ERROR, component: "a", stage: REVIEW, message: "", progress: 1e999 }) { duplicate } }',
    },
    expected: REFUSED,
  },
  ...accepted(42, { 'progress: `-0`, kept as 0': '"progress":-0', 'progress: `1e-320`': '"progress":1e-320' }),
  ...refused(44, REFUSED, { ...idRows('taskId'), ...idRows('eventId') }),
  ...refused(44, REFUSED, {
    'component: the empty text': { component: '' },
    'component: 129 characters': { component: 'x'.repeat(129) },
    'component: NUL': { component: 'a\0' },
    'component: a line break': { component: 'a\r\nb' },
    'component: ESC': { component: 'a\u001B[31m' },
    'component: a lone surrogate': { component: 'a\uD800' },
    'component: a mark of right-to-left': { component: 'a\u202E' },
  }),
  ...refused(44, NOT_OF_ITS_TYPE, { 'taskId: an object': { taskId: {} }, 'taskId: 1.5': { taskId: 1.5 } }),
  ...accepted(45, {
    'taskId: `a:b`': { taskId: 'survey', component: 'a:b' },
    'component: `__proto__`, a name like others': { component: '__proto__' },
    'component: `constructor`, a name like others': { component: 'constructor' },
    'component: `toString`, a name like others': { component: 'toString' },
    'component: any script': { component: '评审 é 🐝' },
  }),
  ...accepted(44, {
    'message: a lone surrogate, which JSON can say': { message: 'a\uD800' },
    'estimatedTimeRemaining: a lone surrogate': { estimatedTimeRemaining: '\uDC00' },
    'details: lone surrogates in a key and a value': { details: { 'a\uD800': '\uDC00' } },
  }),
  ...inOtherPlaces(),
  ...refused(47, REFUSED, {
    'details: `__proto__`': '"details":{"__proto__":{"x":1}}',
    'details: `constructor` within': '"details":{"a":[{"constructor":1}]}',
    'details: `prototype` within': '"details":{"a":{"prototype":1}}',
  }),
  {
    row: 47,
    what: 'details: `__proto__` in the document',
    sent: {
      query:
        'mutation { emitEvent(input: { taskId: "survey", eventType: ERROR, component: "a", stage: REVIEW, message: "", details: { __proto__: { x: 1 } } }) { duplicate } }',
    },
    expected: REFUSED,
  },
  {
    row: 47,
    what: '`__proto__` beside the fields of the input',
    sent: emitting('"__proto__":{"progress":5}'),
    expected: NOT_OF_ITS_TYPE,
  },
  {
    row: 47,
    what: '`__proto__` as a variable',
    sent: { query: EMIT, variables: '{"__proto__":{"input":{}}}' },
    expected: NOT_OF_ITS_TYPE,
  },
  ...refused(48, REFUSED, {
    'details: 32 KiB and 1 byte': { details: { a: 'x'.repeat(32 * 1024 - 7) } },
    'details: 17 levels': `"details":${nested(17)}`,
    'details: 5,000 levels': `"details":${nested(5_000)}`,
    'details: 257 keys': { details: Object.fromEntries(Array.from({ length: 257 }, (_, key) => [`k${key}`, 0])) },
    'details: a list': { details: [] },
    'details: a text': { details: '{}' },
    'details: `1e999`': '"details":{"a":1e999}',
    'details: 2^53': '"details":{"a":9007199254740992}',
  }),
  {
    row: 48,
    what: 'details: a list of 10,000',
    sent: emitting(`"details":{"a":${LIST_OF_10_000}}`),
    expected: REFUSED,
    instead: { got: ACCEPTED, because: 'the schema promises 32 KiB, 16 levels and 256 keys, which it keeps to' },
    stores: 3,
  },
  ...refused(50, REFUSED, {
    'message: 2 KiB and 1 byte': { message: 'x'.repeat(2_049) },
    'message: 2 KiB and 1 byte of UTF-8': { message: `${'é'.repeat(1_024)}x` },
    'estimatedTimeRemaining: 257 bytes': { estimatedTimeRemaining: 'x'.repeat(257) },
  }),
  ...accepted(50, { 'message: line breaks and ANSI, kept as they are': { message: 'a\nb\u001B[31m' } }),
  ...refused(51, REFUSED, {
    'timestamp: 30 February': { timestamp: '2026-02-30T00:00:00Z' },
    'timestamp: a leap second': { timestamp: '2016-12-31T23:59:60Z' },
    'timestamp: no zone': { timestamp: '2026-01-01T00:00:00' },
    'timestamp: a number': { timestamp: 1 },
    'timestamp: `now`': { timestamp: 'now' },
    'timestamp: the year 10000': { timestamp: '+010000-01-01T00:00:00Z' },
  }),
  ...accepted(51, {
    'timestamp: 1970': { timestamp: '1970-01-01T00:00:00Z' },
    'timestamp: 9999': { timestamp: '9999-12-31T23:59:59Z' },
  }),
  ...refused(52, NOT_OF_ITS_TYPE, {
    'an unknown event type': { eventType: 'NOPE' },
    'an event type in lower case': { eventType: 'error' },
    'an unknown field of the input': { nope: 1 },
    'a field that is missing': { message: undefined },
  }),
  ...refused(53, refusedAsField('EVENT_ID_CONFLICT'), {
    'an event id that was used with other content': { eventId: 'taken', message: 'another' },
  }),
  ...accepted(54, { 'an event after the end of its task, recorded as late': { taskId: 'over' } }),
  withCursor('the empty text', '', refusedStream('CURSOR_INVALID')),
  withCursor('`0`', '0', refusedStream('CURSOR_INVALID')),
  withCursor('`-1`', '-1', refusedStream('CURSOR_INVALID')),
  withCursor('2^53', 'v1.9007199254740992.0123456789abcdef', refusedStream('CURSOR_INVALID')),
  withCursor('base64 of something else', 'eyJzZXEiOjF9', refusedStream('CURSOR_INVALID')),
  withCursor('10 KB', `v1.1.${'0'.repeat(10_240)}`, refusedStream('CURSOR_INVALID')),
  withCursor('SQL', "' OR 1=1; --", refusedStream('CURSOR_INVALID')),
  withCursor('a lone surrogate', '\uD800', refusedStream('CURSOR_INVALID')),
  withCursor('that of another task', '$OTHER', 'TaskGap DIVERGED (WebSocket next, SSE next)'),
  withCursor('another hash', 'v1.1.0123456789abcdef', 'TaskGap DIVERGED (WebSocket next, SSE next)'),
  withCursor('beyond the head', 'v1.2147483647.0123456789abcdef', 'TaskGap DIVERGED (WebSocket next, SSE next)'),
];
