/** Messages and frames that are not of the protocol, and sockets that nobody should have. */
import type { Row } from './row.ts';
import type { BytesSent, MessagesSent, SocketSent } from './run-websocket.ts';

type SocketRow = Row<SocketSent>;
type End = readonly [expected: string, more?: Partial<SocketRow>];

function bytes(row: number, what: string, sent: BytesSent, ...[expected, more = {}]: End): SocketRow {
  return { row, what, sent, expected, ...more };
}

function messages(row: number, what: string, sent: MessagesSent, ...[expected, more = {}]: End): SocketRow {
  return { row, what, sent, expected, ...more };
}

/** Each of them closes an acknowledged socket of its own. */
function closing(row: number, code: number, sent: Readonly<Record<string, string | Uint8Array>>): readonly SocketRow[] {
  return Object.entries(sent).map(([what, message]) => messages(row, what, { messages: [message] }, `close ${code}`));
}

const subscribe = (id: unknown, payload: unknown): string => JSON.stringify({ type: 'subscribe', id, payload });
const ask = (query: string, id = '1'): string => subscribe(id, { query });
const QUERY = '{ __typename }';
const WAIT = 'subscription { taskProgress(taskId: "nobody") { sequence } }';
const INIT = '{"type":"connection_init"}';
const ME = { authorization: 'Bearer $KEY' };

const protocol = (...names: readonly string[]): BytesSent => ({
  protocols: names.map((name) => ['sec-websocket-protocol', name] as const),
});

/** A frame of a client, masked with zeros so that it can be read here. */
const masked = (first: number, payload: Uint8Array = Buffer.alloc(0)): Uint8Array =>
  Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);

const FRAMES: Readonly<Record<string, Uint8Array>> = {
  'a frame that is not masked': Buffer.from([0x81, 0x01, 0x61]),
  'a reserved opcode': masked(0x83),
  'RSV1, as of a compressed frame': masked(0xc1, Buffer.from('a')),
  'a control frame in pieces': masked(0x09),
  'a control frame of 126 bytes': Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]),
  'a continuation of nothing': masked(0x80, Buffer.from('a')),
  'a close code that nobody may send': masked(0x88, Buffer.from([0x03, 0xed])),
  'a close code of one byte': masked(0x88, Buffer.from([0x03])),
};

const EMITTING =
  'mutation { emitEvent(input: { taskId: "bytes", eventType: ERROR, component: "a", stage: REVIEW, message: "?" }) { duplicate } }';
/** The question mark is half a character. */
const withBadUtf8 = Buffer.from(ask(EMITTING).replace('?', '\u00C3'), 'latin1');

/** A frame that says that it holds 1 MiB. */
const partOfLarge = (bytes: number): Uint8Array => Buffer.concat([masked64(1024n * 1024n), Buffer.alloc(bytes, 'x')]);

export const SOCKET_ROWS: readonly SocketRow[] = [
  bytes(59, 'no subprotocol', protocol(), 'close 4406'),
  bytes(60, 'only the old `graphql-ws`', protocol('graphql-ws'), 'close 4406'),
  bytes(60, 'only `foo`', protocol('foo'), 'close 4406'),
  bytes(
    61,
    'a foreign page, with a cookie',
    {
      headers: [
        ['origin', 'https://evil.example'],
        ['cookie', 'a=1'],
      ],
    },
    'HTTP 403',
  ),
  bytes(61, 'the origin `null`', { headers: [['origin', 'null']] }, 'HTTP 403'),
  messages(62, 'no `connection_init`', { init: null, messages: [] }, 'close 4408', { to: 'slow', isSlow: true }),
  messages(63, 'a check of the caller that hangs', { init: null, messages: [INIT] }, 'close 4408', { to: 'hanging' }),
  messages(64, 'no credentials', { init: null, messages: [INIT] }, 'close 4401', { to: 'guarded' }),
  ...(['x', 'Bearer x', 'Bearer $EXPIRED', 'Bearer $UNSIGNED', 1, ['Bearer $KEY']] as const).map((authorization) =>
    messages(
      64,
      `\`authorization: ${JSON.stringify(authorization).replaceAll('$', '')}\``,
      { init: null, messages: [JSON.stringify({ type: 'connection_init', payload: { authorization } })] },
      'close 4401',
      { to: 'guarded' },
    ),
  ),
  messages(65, '`subscribe` before the acknowledgement', { init: null, messages: [ask(QUERY)] }, 'close 4401'),
  messages(66, '`connection_init` twice at once', { init: null, messages: [INIT, INIT] }, 'close 4429'),
  messages(66, '`connection_init` again, later', { messages: [INIT] }, 'close 4429'),
  ...(['"x"', '[]', '1'] as const).map((payload) =>
    messages(
      67,
      `\`connection_init\` with the payload \`${payload}\``,
      { init: null, messages: [`{"type":"connection_init","payload":${payload}}`] },
      'close 4400',
    ),
  ),
  messages(
    67,
    '`connection_init` with a payload of 64 KiB and 1 byte',
    { init: null, messages: [JSON.stringify({ type: 'connection_init', payload: { a: 'x'.repeat(64 * 1024) } })] },
    'close 1009',
  ),
  bytes(
    67,
    'a part of a message of 1 MiB, and no `connection_init` before',
    { frame: partOfLarge(300_000) },
    'close 1009',
  ),
  ...closing(68, 4400, {
    'no JSON': 'hello',
    'the empty message': '',
    '`null`': 'null',
    '`[]`': '[]',
    '`1`': '1',
    '`{}`': '{}',
    'an unknown type': '{"type":"nope"}',
    'a numeric type': '{"type":1}',
    'the type `__proto__`': '{"type":"__proto__"}',
    'the old `start`': '{"type":"start","id":"1","payload":{"query":"{ __typename }"}}',
    '`next`, which only a server says': '{"type":"next","id":"1","payload":{}}',
    '`connection_ack`, which only a server says': '{"type":"connection_ack"}',
    'an array nested 100,000 times': '['.repeat(100_000),
  }),
  messages(
    69,
    'a binary frame with a good message',
    { messages: [Buffer.from(ask(QUERY))], answers: 2 },
    'next, complete, socket stays',
  ),
  ...closing(69, 4400, { 'a binary frame with garbage': Buffer.from([0xde, 0xad, 0xbe, 0xef]) }),
  ...closing(69, 4400, { 'a binary frame with an emit that is not UTF-8': withBadUtf8 }),
  messages(
    10,
    'the id twice in a message: the last counts',
    { messages: ['{"type":"subscribe","id":"0","id":"1","payload":{"query":"{ __typename }"}}'], answers: 2 },
    'next, complete, socket stays',
  ),
  ...closing(70, 4400, {
    '`subscribe` without an id': '{"type":"subscribe","payload":{"query":"{ __typename }"}}',
    'a numeric id': subscribe(1, { query: QUERY }),
    'an empty id': ask(QUERY, ''),
    'no payload': '{"type":"subscribe","id":"1"}',
    'no query': subscribe('1', {}),
    'a numeric query': subscribe('1', { query: 1 }),
    'variables that are an array': subscribe('1', { query: QUERY, variables: [] }),
    'variables that are a text': subscribe('1', { query: QUERY, variables: 'x' }),
    'a numeric operationName': subscribe('1', { query: QUERY, operationName: 1 }),
    '`complete` without an id': '{"type":"complete"}',
  }),
  ...closing(72, 4400, {
    'an id of 257 bytes': ask(QUERY, 'x'.repeat(257)),
    'an id of 129 characters, 258 bytes': ask(QUERY, 'é'.repeat(129)),
    'an id of 1 MB': ask(QUERY, 'x'.repeat(1_000_000)),
  }),
  messages(
    72,
    'an id of 256 bytes',
    { messages: [ask(QUERY, 'x'.repeat(256))], answers: 2 },
    'next, complete, socket stays',
  ),
  messages(
    72,
    'the id `__proto__`, an id like others',
    { messages: [ask(QUERY, '__proto__')], answers: 2 },
    'next, complete, socket stays',
  ),
  messages(73, 'two operations with one id, at once', { messages: [ask(WAIT), ask(WAIT)] }, 'close 4409'),
  messages(76, 'a syntax error', { messages: [ask('{')], answers: 1 }, 'error GRAPHQL_PARSE_FAILED, socket stays'),
  messages(76, 'an empty query', { messages: [ask('')], answers: 1 }, 'error BAD_REQUEST, socket stays'),
  messages(
    76,
    '5,000 levels',
    { messages: [ask('{a'.repeat(5_000))], answers: 1 },
    'error QUERY_TOO_DEEP, socket stays',
  ),
  messages(
    77,
    'a document that is not of the schema',
    { messages: [ask('{ nope }')], answers: 1 },
    'error GRAPHQL_VALIDATION_FAILED, socket stays',
  ),
  messages(
    77,
    'an operation that is not in the document',
    { messages: [subscribe('1', { query: 'query A { __typename }', operationName: 'B' })], answers: 1 },
    'error OPERATION_RESOLUTION_FAILURE, socket stays',
  ),
  messages(
    77,
    'a variable of another type',
    {
      messages: [
        subscribe('1', {
          query: 'query ($a: Int) { tasks(first: $a) { truncated: __typename } }',
          variables: { a: 'x' },
        }),
      ],
      answers: 1,
    },
    'error BAD_USER_INPUT, socket stays',
  ),
  messages(
    78,
    'a field that throws',
    { messages: [ask('{ taskEvents(taskId: "survey") { nodes { id } } }')], answers: 2 },
    'next INTERNAL_SERVER_ERROR, complete, socket stays',
    { to: 'broken' },
  ),
  messages(
    78,
    'a stream that throws',
    { messages: [ask('subscription { taskUpdates(taskId: "survey", replay: true) { cursor } }')], answers: 1 },
    'error INTERNAL_SERVER_ERROR, socket stays',
    { to: 'broken' },
  ),
  messages(
    80,
    '`ping` before the beginning',
    { init: null, messages: ['{"type":"ping"}'], answers: 1 },
    'pong, socket stays',
  ),
  messages(
    80,
    '`ping` with a payload',
    { messages: ['{"type":"ping","payload":{"a":1}}'], answers: 1 },
    'pong, socket stays',
  ),
  ...closing(80, 4400, { '`ping` with a text': '{"type":"ping","payload":"x"}' }),
  messages(
    81,
    '60 messages at once, 20 a second allowed',
    { init: ME, messages: Array.from({ length: 60 }, () => '{"type":"pong"}') },
    'close 1013',
    { to: 'narrow' },
  ),
  messages(
    82,
    'the 3rd subscription of a socket, 2 allowed',
    { init: ME, messages: [ask(WAIT, '1'), ask(WAIT, '2'), ask(WAIT, '3')], answers: 1 },
    'error SUBSCRIPTION_LIMIT, socket stays',
    { to: 'narrow' },
  ),
  messages(
    83,
    'the 2nd socket of a key, 1 allowed',
    { init: null, others: [ME], messages: [JSON.stringify({ type: 'connection_init', payload: ME })] },
    'HTTP 429',
    {
      to: 'narrow',
      instead: { got: 'close 1013', because: 'whose socket it is, is said in `connection_init`, after the upgrade' },
    },
  ),
  messages(
    84,
    'a message of 256 KiB and 1 byte',
    { messages: [subscribe('1', { query: QUERY, variables: { a: 'x'.repeat(256 * 1024) } })], answers: 2 },
    'close 1009',
    {
      instead: {
        got: 'next, complete, socket stays',
        because: 'a batch of 1,000 events is larger: a message may be as large as a body, `--max-body-bytes`',
      },
    },
  ),
  bytes(84, 'a frame of 4 MiB and 1 byte', { frame: masked64(4n * 1024n * 1024n + 1n) }, 'close 1009'),
  bytes(84, 'a frame of 2^63 bytes', { frame: masked64(2n ** 63n) }, 'close 1009'),
  bytes(
    85,
    'an offer to compress, then a compressed frame',
    { headers: [['sec-websocket-extensions', 'permessage-deflate']], frame: masked(0xc1, Buffer.from('a')) },
    'close 1002',
  ),
  ...Object.entries(FRAMES).map(([what, frame]) => bytes(87, what, { frame }, 'close 1002')),
  bytes(87, 'text that is not UTF-8', { frame: masked(0x81, Buffer.from([0xff])) }, 'close 1007'),
  bytes(89, 'no key', { key: [] }, 'HTTP 400'),
  bytes(89, 'a key that is none', { key: [['sec-websocket-key', 'x']] }, 'HTTP 400'),
  bytes(89, 'another path', { path: '/other' }, 'HTTP 404'),
  bytes(89, 'POST', { method: 'POST', headers: [['content-length', '0']] }, 'HTTP 405'),
  bytes(89, 'the subprotocol in two headers', protocol('graphql-transport-ws', 'graphql-transport-ws'), 'HTTP 400'),
];

function masked64(length: bigint): Uint8Array {
  const head = Buffer.alloc(14);
  head.set([0x81, 0xff]);
  head.writeBigUInt64BE(length, 2);
  return head;
}
