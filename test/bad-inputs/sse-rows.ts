/** Event streams that are asked for in the wrong way, or go on from a place that is none. */
import type { Row } from './row.ts';
import type { StreamSent } from './run-sse.ts';
import type { HeaderLines } from './wire.ts';

type StreamRow = Row<StreamSent>;
type End = readonly [expected: string, more?: Partial<StreamRow>];

function row(number: number, what: string, sent: StreamSent, ...[expected, more = {}]: End): StreamRow {
  return { row: number, what, sent, expected, ...more };
}

const WATCH = `subscription { taskUpdates(taskId: "survey") { __typename ... on TaskGap { reason } } }`;
const WATCH_DONE = WATCH.replace('survey', 'done');
const WAIT = 'subscription { tasks { __typename } }';
const ME: HeaderLines = [['authorization', 'Bearer $KEY']];
const INVALID = '400 CURSOR_INVALID';

function resuming(what: string, ids: readonly string[], ...[expected, more = {}]: End): StreamRow {
  const headers = ids.map((id) => ['last-event-id', id] as const);
  return row(93, `\`Last-Event-ID\`: ${what}`, { query: WATCH, headers }, expected, more);
}

export const STREAM_ROWS: readonly StreamRow[] = [
  resuming('a good one', ['$CURSOR'], '200, next TaskEventRecorded'),
  resuming('empty', [''], '200, next TaskSnapshot'),
  resuming('garbage', ['garbage'], INVALID),
  resuming('SQL', ["' OR 1=1; --"], INVALID),
  resuming('bytes that are no ASCII', ['v1.1.\u00FF'], INVALID),
  resuming('NUL', ['a\0b'], '400'),
  resuming('2 KB', ['x'.repeat(2_048)], '431'),
  resuming('10 KB', ['x'.repeat(10_240)], '431'),
  resuming('20 KB', ['x'.repeat(20_480)], '431'),
  resuming('that of another task', ['$OTHER'], '200, next TaskGap DIVERGED'),
  resuming('two headers', ['$CURSOR', '$CURSOR'], INVALID),
  row(
    95,
    'coming back to a finished task, all of which was delivered',
    { query: WATCH_DONE, headers: [['last-event-id', '$END']] },
    '204',
  ),
  row(
    97,
    'a page of another origin',
    {
      query: WATCH,
      headers: [
        ['origin', 'https://evil.example'],
        ['cookie', 'a=1'],
      ],
    },
    '403',
  ),
  row(
    99,
    'the 2nd stream of a key, 1 allowed',
    { query: WAIT, headers: ME, others: 1 },
    '429 RATE_LIMITED, Retry-After',
    { to: 'narrow' },
  ),
  row(
    27,
    'the 3rd connection of an address, 2 allowed, by another name in `X-Forwarded-For`',
    {
      query: WAIT,
      headers: [
        ['authorization', 'Bearer $READER'],
        ['x-forwarded-for', '203.0.113.7'],
      ],
      others: 2,
    },
    '429 RATE_LIMITED, Retry-After',
    {
      to: 'crowded',
    },
  ),
  row(100, 'a query', { query: '{ __typename }' }, '200, next Query'),
  row(
    100,
    'a mutation',
    { query: 'mutation { initTask(input: { taskId: "forged" }) { created } }' },
    '405, Allow: POST',
  ),
  row(100, 'no query', { query: '' }, '200, next BAD_REQUEST'),
  row(25, 'a good token in the URL, which was not allowed', { query: WAIT, token: '$TOKEN' }, '401 UNAUTHENTICATED', {
    to: 'guarded',
  }),
  row(25, 'a good token in the URL, which was allowed', { query: WAIT, token: '$TOKEN' }, '200, next TasksUpdate', {
    to: 'crowded',
  }),
  row(25, 'an expired token in the URL', { query: WAIT, token: '$EXPIRED' }, '401 UNAUTHENTICATED', { to: 'crowded' }),
  row(24, 'no credentials', { query: WAIT }, '401 UNAUTHENTICATED', { to: 'guarded' }),
];
