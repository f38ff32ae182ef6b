/** Requests of HTTP that are wrong before, or beside, the document in them. */
import { gzipSync } from 'node:zlib';
import type { Row } from './row.ts';
import type { HeaderLines, HttpSent } from './wire.ts';

const RESPONSE = ['accept', 'application/graphql-response+json'] as const;
const JSON_IN: HeaderLines = [['content-type', 'application/json'], RESPONSE];
const QUERY = '{ __typename }';
const MUTATION = 'mutation { initTask(input: { taskId: \\"forged\\" }) { created } }';
const GET_QUERY = `/graphql?query=${encodeURIComponent(QUERY)}`;
const BAD_REQUEST = '400 BAD_REQUEST';
const MIB = 1024 * 1024;

function post(body: string | Uint8Array, headers: HeaderLines = JSON_IN): HttpSent {
  return { method: 'POST', headers, body };
}

function get(query: string, headers: HeaderLines = [RESPONSE]): HttpSent {
  return { path: `/graphql?${query}`, headers };
}

type End = readonly [expected: string, more?: Partial<Row<HttpSent>>];

function row(number: number, what: string, sent: HttpSent, ...[expected, more = {}]: End): Row<HttpSent> {
  return { row: number, what, sent, expected, ...more };
}

function rows(number: number, expected: string, sent: Readonly<Record<string, HttpSent>>): readonly Row<HttpSent>[] {
  return Object.entries(sent).map(([what, request]) => row(number, what, request, expected));
}

/** A body as a stranger's form would send it. */
function form(contentType: string, body: string): HttpSent {
  return post(body, [['content-type', contentType], RESPONSE]);
}

const MULTIPART = [
  '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n',
  `{"query":"${MUTATION}"}\r\n`,
  '--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n',
  '--x\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\nfile\r\n--x--\r\n',
].join('');

const FOREIGN = ['origin', 'https://evil.example'] as const;

export const HTTP_ROWS: readonly Row<HttpSent>[] = [
  ...rows(1, BAD_REQUEST, {
    'GET without a query': get(''),
    'POST `{}`': post('{}'),
    '`query: null`': post('{"query":null}'),
    '`query: ""`': post('{"query":""}'),
  }),
  row(
    2,
    'a mutation by GET',
    get(`query=${encodeURIComponent('mutation { __typename }')}`),
    '405 BAD_REQUEST, Allow: POST',
  ),
  row(3, 'GET `variables={bad`', get(`query=${encodeURIComponent(QUERY)}&variables={bad`), BAD_REQUEST),
  ...rows(5, BAD_REQUEST, {
    'an empty body': post(''),
    '`{`': post('{'),
    '`null`': post('null'),
    '`"x"`': post('"x"'),
    '`1`': post('1'),
    'JSON, then garbage': post(`{"query":"${QUERY}"}x`),
    'JSON after a byte order mark': post(`\uFEFF{"query":1}`),
  }),
  row(6, 'a batch', post(`[{"query":"${QUERY}"},{"query":"${QUERY}"}]`), BAD_REQUEST),
  ...rows(7, BAD_REQUEST, {
    '`query: 1`': post('{"query":1}'),
    '`variables: "x"`': post(`{"query":"${QUERY}","variables":"x"}`),
    '`variables: []`': post(`{"query":"${QUERY}","variables":[]}`),
    '`operationName: 1`': post(`{"query":"${QUERY}","operationName":1}`),
    '`extensions: 1`': post(`{"query":"${QUERY}","extensions":1}`),
  }),
  row(8, 'an unknown key at the top', post(`{"query":"${QUERY}","x":1}`), BAD_REQUEST),
  row(8, '`__proto__` as a key at the top', post(`{"__proto__":{"query":"${QUERY}"}}`), BAD_REQUEST),
  row(
    9,
    'an operation that is not in the document',
    post('{"query":"query A { __typename }","operationName":"B"}'),
    '400 OPERATION_RESOLUTION_FAILURE',
  ),
  row(10, '`query` twice: the last counts', post(`{"query":"{ nope }","query":"${QUERY}"}`), '200'),
  ...rows(11, '415', {
    '`text/plain`': form('text/plain', `{"query":"${MUTATION}"}`),
    'no content type': post(`{"query":"${MUTATION}"}`, [RESPONSE]),
    '`application/graphql`': form(
      'application/graphql',
      'mutation { initTask(input: { taskId: "forged" }) { created } }',
    ),
    '`application/json, text/plain`': form('application/json, text/plain', `{"query":"${MUTATION}"}`),
  }),
  row(
    12,
    'a mutation as a form',
    form('application/x-www-form-urlencoded', `query=${encodeURIComponent(MUTATION.replaceAll('\\', ''))}`),
    '415',
  ),
  row(13, 'a mutation as a multipart form, with a file', form('multipart/form-data; boundary=x', MULTIPART), '415'),
  row(
    15,
    'bytes that are not UTF-8',
    post(Buffer.concat([Buffer.from('{"query":"{ __typename } # '), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])),
    BAD_REQUEST,
  ),
  row(15, 'UTF-16', post(Buffer.from(`{"query":"${QUERY}"}`, 'utf16le')), BAD_REQUEST),
  row(17, 'a body of 4 MiB and 1 byte', post(' '.repeat(4 * MIB + 1)), '413 REQUEST_ENTITY_TOO_LARGE'),
  row(
    17,
    'the same in chunks, without a length',
    post(`${(4 * MIB + 1).toString(16)}\r\n${' '.repeat(4 * MIB + 1)}\r\n0\r\n\r\n`, [
      ...JSON_IN,
      ['transfer-encoding', 'chunked'],
    ]),
    '413 REQUEST_ENTITY_TOO_LARGE',
  ),
  ...rows(17, '400', {
    'a length of -1': post('{}', [...JSON_IN, ['content-length', '-1']]),
    'a length of `1e3`': post('{}', [...JSON_IN, ['content-length', '1e3']]),
    'two lengths': post('{}', [...JSON_IN, ['content-length', '2'], ['content-length', '1']]),
    'a length and chunks': post('{}', [...JSON_IN, ['content-length', '2'], ['transfer-encoding', 'chunked']]),
  }),
  row(17, 'a length that is too short', post(`{"query":"${QUERY}"}`, [...JSON_IN, ['content-length', '5']]), '400'),
  row(
    17,
    'a body that is packed',
    post(gzipSync(`{"query":"${QUERY}"}`), [...JSON_IN, ['content-encoding', 'gzip']]),
    '415',
  ),
  row(18, 'half a body, then nothing', post('{', [...JSON_IN, ['content-length', '9']]), '408', {
    to: 'slow',
    isSlow: true,
  }),
  row(18, 'half a head, then nothing', { raw: 'POST /graphql HTTP/1.1\r\nhost: localhost\r\n' }, '408', {
    to: 'slow',
    isSlow: true,
  }),
  row(19, 'a header of 20 KB', get('query={x}', [['x', 'x'.repeat(20_000)]]), '431'),
  row(
    19,
    '2,000 headers',
    { path: GET_QUERY, headers: Array.from({ length: 2_000 }, (_, index) => [`x${index}`, ''] as const) },
    '431',
  ),
  row(21, '`Accept: image/png`', { path: GET_QUERY, headers: [['accept', 'image/png']] }, '406'),
  row(
    21,
    'a subscription that accepts JSON only',
    post('{"query":"subscription { tasks { ready } }"}'),
    '406 BAD_REQUEST',
  ),
  row(
    22,
    'the preflight of a foreign page',
    { method: 'OPTIONS', headers: [FOREIGN, ['access-control-request-method', 'POST']] },
    '204',
  ),
  row(22, 'a query of a foreign page', { path: GET_QUERY, headers: [FOREIGN] }, '403'),
  row(22, 'a query of the origin `null`', { path: GET_QUERY, headers: [['origin', 'null']] }, '403'),
  row(
    23,
    'a query by GET with `Content-Type: text/plain`',
    { path: GET_QUERY, headers: [['content-type', 'text/plain'], RESPONSE] },
    '415',
    {
      instead: {
        got: '200',
        because: 'a GET has no body to be typed; a foreign page is refused by its origin, whatever type it names',
      },
    },
  ),
  row(
    23,
    'the same from a foreign page',
    { path: GET_QUERY, headers: [FOREIGN, ['content-type', 'text/plain']] },
    '403',
  ),
  ...(
    ['', 'Bearer', 'Bearer x', 'Basic YTpi', 'Bearer $EXPIRED', 'Bearer $EARLY', 'Bearer $WRONG_AUDIENCE'] as const
  ).map((value) => authorized([value], `\`Authorization: ${value.replace('$', '')}\``)),
  authorized(['Bearer $WRONG_SECRET'], 'a token signed with another secret'),
  authorized(['Bearer $ENDLESS'], 'a token without an end'),
  authorized(['Bearer $UNSIGNED'], 'a token with `alg: none`'),
  authorized(['Bearer $KEY', 'Bearer $KEY'], 'a good key twice'),
  authorized([`Bearer ${'x'.repeat(9_000)}`], 'a token of 9 KB'),
  row(
    24,
    'a token of 16 KB',
    { path: GET_QUERY, headers: [['authorization', `Bearer ${'x'.repeat(16_384)}`]] },
    '401 UNAUTHENTICATED',
    {
      to: 'guarded',
      instead: { got: '431', because: 'all headers together are limited to 16 KiB, before anybody looks at them' },
    },
  ),
  row(
    25,
    'a good token in the URL',
    { path: `${GET_QUERY}&token=$TOKEN`, headers: [RESPONSE] },
    '401 UNAUTHENTICATED',
    { to: 'guarded' },
  ),
  ...rows(28, '404', {
    '`/graphql/..`': { path: '/graphql/..' },
    '`//graphql`': { path: '//graphql' },
    '`/%00`': { path: '/%00' },
    '`/graphql%00`': { path: '/graphql%00' },
    '`/Graphql`': { path: '/Graphql' },
    'an unknown path': { path: '/admin' },
    'a path out of the root': { path: '/../../etc/passwd' },
  }),
  ...rows(28, '404', {
    "a path out of the dashboard's files": { path: '/assets/../../notes.txt' },
    'the same with escaped dots': { path: '/assets/%2e%2e/%2e%2e/notes.txt' },
    'the same with escaped slashes': { path: '/assets/..%2f..%2fnotes.txt' },
    'the same, escaped twice': { path: '/assets/%252e%252e/%252e%252e/notes.txt' },
    'the same with backslashes': { path: '/assets/..\\..\\notes.txt' },
    'a whole path among them': { path: '/assets/$NOTES' },
    'one of them and `%00`': { path: '/assets/index-A1.js%00' },
    'their folder': { path: '/assets/' },
  }),
  row(28, 'POST to one of them', { method: 'POST', path: '/assets/index-A1.js' }, '405, Allow: GET, HEAD'),
  row(28, 'POST to the dashboard', { method: 'POST', path: '/' }, '405, Allow: GET, HEAD'),
  ...rows(28, '404', { 'the URL of another server': { path: 'http://evil.example/graphql' }, '`*`': { path: '*' } }),
  row(28, 'CONNECT', { method: 'CONNECT', path: 'evil.example:80' }, 'closed without an answer'),
  row(28, 'TRACE', { method: 'TRACE' }, '405, Allow: GET, POST'),
  row(28, 'no Host', { raw: 'GET /graphql HTTP/1.1\r\nconnection: close\r\n\r\n' }, '400'),
  row(28, 'HTTP/2 without an offer', { raw: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' }, '400'),
  row(28, 'a URL that cannot be parsed', { path: '//' }, '404'),
  row(
    29,
    '60 requests at once, 20 a second allowed',
    { path: GET_QUERY, headers: [['authorization', 'Bearer $KEY']], times: 60 },
    '429 RATE_LIMITED, Retry-After',
    {
      to: 'narrow',
    },
  ),
  ...(['/metrics', '/debug', '/debug/pprof'] as const).map((path) =>
    row(30, `\`${path}\``, { path }, '404', { to: 'strict' }),
  ),
  row(30, 'GraphiQL in production', { path: '/graphql', headers: [['accept', 'text/html']] }, '404', {
    to: 'strict',
    instead: { got: '406', because: 'the path is that of the API, which has no HTML' },
  }),
];

function authorized(values: readonly string[], what: string): Row<HttpSent> {
  const headers = values.map((value) => ['authorization', value] as const);
  return row(24, what, { path: GET_QUERY, headers }, '401 UNAUTHENTICATED', { to: 'guarded' });
}
