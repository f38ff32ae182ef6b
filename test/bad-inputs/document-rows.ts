/** Documents that are too much, or not GraphQL, or not of this schema. */
import type { Row } from './row.ts';
import {
  ACCEPTED,
  refusedAsField,
  refusedAsRequest,
  refusedStreamAsRequest,
  type DocumentSent,
} from './run-document.ts';

type DocumentRow = Row<DocumentSent>;

type End = readonly [expected: string, more?: Partial<DocumentRow>];

function row(number: number, what: string, query: string, ...[expected, more = {}]: End): DocumentRow {
  return { row: number, what, sent: { query }, expected, ...more };
}

function rows(number: number, expected: string, queries: Readonly<Record<string, string>>): readonly DocumentRow[] {
  return Object.entries(queries).map(([what, query]) => row(number, what, query, expected));
}

const PARSE = refusedAsRequest('GRAPHQL_PARSE_FAILED');
const INVALID = refusedAsRequest('GRAPHQL_VALIDATION_FAILED');
const TOO_LARGE = refusedAsRequest('QUERY_TOO_LARGE');
const TOO_DEEP = refusedAsRequest('QUERY_TOO_DEEP');
const WRONG = refusedAsRequest('BAD_USER_INPUT');
const SOONER = { got: TOO_LARGE, because: 'a document of more than 16 KiB is refused before it is read' };

const deep = (levels: number): string => `{ ${'task(id: "a") { '.repeat(levels)}id${' }'.repeat(levels)} }`;
const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');
const emit = (index: number): string => `e${index}: initTask(input: { taskId: "many" }) { created }`;

const INTROSPECTION = {
  '`__schema` in production': '{ __schema { types { name } } }',
  '`__type` under an alias': '{ a: __type(name: "Task") { name } }',
  '`__type` within a fragment': '{ ...F } fragment F on Query { b: __type(name: "Task") { name } }',
};

const subscription = (query: string): DocumentSent => ({ query, isStream: true });

export const DOCUMENT_ROWS: readonly DocumentRow[] = [
  ...rows(31, PARSE, {
    'a syntax error': '{',
    'only a comment': '# nothing',
    'only a byte order mark': '\uFEFF',
    'only commas': ',,,',
    'only spaces': ' ',
    'a NUL': '{ \u0000 }',
    'a lone surrogate': '{ a(b: "\uD800") \uD800 }',
    'a type definition and nothing more': 'type',
  }),
  row(31, '100 KB of `#`', '#'.repeat(100_000), PARSE, { instead: SOONER }),
  row(31, '100 KB of commas', ','.repeat(100_000), PARSE, { instead: SOONER }),
  row(32, '16 KiB and 1 byte', `{ __typename }${' '.repeat(16 * 1024 - 13)}`, TOO_LARGE),
  row(32, '1,001 tokens', `{ ${'a '.repeat(999)}}`, TOO_LARGE),
  row(33, '13 levels', deep(12), TOO_DEEP),
  row(33, '900 levels', `${'{ a '.repeat(450)}${'}'.repeat(450)}`.slice(0, 16_000), TOO_DEEP),
  row(33, '5,000 levels', '{a'.repeat(5_000), TOO_DEEP),
  row(33, 'a list of 400 levels', `{ tasks(first: ${'['.repeat(400)}1${']'.repeat(400)}) { nodes { id } } }`, WRONG),
  row(34, '16 aliases', `{ ${times(16, (index) => `a${index}: __typename`)} }`, refusedAsRequest('TOO_MANY_ALIASES')),
  row(34, '500 mutations under aliases', `mutation { ${times(500, emit)} }`, TOO_LARGE),
  row(34, '16 mutations under aliases', `mutation { ${times(16, emit)} }`, refusedAsRequest('TOO_MANY_ALIASES')),
  row(35, '300 directives', `{ __typename ${times(300, () => '@a')} }`, refusedAsRequest('TOO_MANY_DIRECTIVES')),
  row(
    35,
    'the same field 900 times',
    `{ ${times(900, () => '__typename')} }`,
    refusedAsRequest('TOO_MANY_ROOT_FIELDS'),
  ),
  row(
    35,
    '100 fragments that overlap',
    `{ ...F0 } ${times(100, (index) => `fragment F${index} on Query { a${index % 9}: tasks { n: truncated } ...F${(index + 1) % 100} }`)}`,
    TOO_LARGE,
  ),
  row(35, 'a fragment in itself', '{ ...F } fragment F on Query { ...F }', INVALID),
  row(37, 'an unknown field in production', '{ taskProgres(taskId: "a") { sequence } }', INVALID, { to: 'strict' }),
  ...rows(38, INVALID, INTROSPECTION).map((one): DocumentRow => ({ ...one, to: 'strict' })),
  {
    row: 39,
    what: 'a subscription to two fields',
    sent: subscription('subscription { tasks { ready } observations { cursor } }'),
    expected: refusedStreamAsRequest('GRAPHQL_VALIDATION_FAILED'),
  },
  {
    row: 39,
    what: '`@skip` at the root of a subscription',
    sent: {
      query: 'subscription ($a: Boolean!) { tasks @skip(if: $a) { ready } }',
      variables: { a: false },
      isStream: true,
    },
    expected: refusedStreamAsRequest('GRAPHQL_VALIDATION_FAILED'),
  },
  ...rows(40, refusedAsField('BAD_USER_INPUT'), {
    '`first: 1001`': '{ taskEvents(taskId: "survey", first: 1001) { gap } }',
    '`first: -1`': '{ taskEvents(taskId: "survey", first: -1) { gap } }',
    '`last` and `first`': '{ taskEvents(taskId: "survey", first: 1, last: 1) { gap } }',
  }),
  row(40, '`first: 99999999999`', '{ taskEvents(taskId: "survey", first: 99999999999) { gap } }', WRONG),
  row(
    58,
    '1,000 tasks with 50 events each',
    '{ tasks(first: 1000) { nodes { events(first: 50) { nodes { id } } } } }',
    refusedAsRequest('QUERY_TOO_EXPENSIVE'),
  ),
  {
    row: 58,
    what: 'the same, with sizes in variables',
    sent: {
      query: 'query ($a: Int, $b: Int) { tasks(first: $a) { nodes { events(first: $b) { nodes { id } } } } }',
      variables: { a: 1_000, b: 50 },
    },
    expected: refusedAsRequest('QUERY_TOO_EXPENSIVE'),
  },
  row(31, 'a document that nothing is wrong with', '{ __typename }', ACCEPTED),
];
