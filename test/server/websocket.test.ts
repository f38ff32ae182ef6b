import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMIT, GOOD_EVENT, startApp, TASK, type AnswerError, type TestApp } from '../support/app.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWsClient, refusedUpgrade, type WsClient, type WsOptions } from '../support/ws-client.ts';
import { UnauthenticatedError } from '../../src/domain/errors.ts';
import { breakLog } from './faults.ts';

const WATCH = `subscription ($taskId: ID!) { taskUpdates(taskId: $taskId) { __typename cursor progress { sequence } } }`;
const DEEP = `{ ${'a { '.repeat(5_000)} b ${'} '.repeat(5_000)} }`;

interface Update {
  readonly data?: {
    readonly taskUpdates: { readonly __typename: string; readonly progress: { readonly sequence: number } };
  };
  readonly errors?: readonly AnswerError[];
}

let server: TestApp;
beforeAll(async () => {
  server = await startApp();
  await server.emit();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Open, but not acknowledged. */
function open(options?: WsOptions): Promise<WsClient> {
  return openWsClient(server.origin, options);
}

describe('the handshake', () => {
  test.each([[[]], [['graphql-ws']], [['foo']]])(
    'with the subprotocols %j the socket is closed 4406',
    async (protocols) => {
      // A client that offered protocols fails by itself when none is chosen, so the bare bytes are looked at.
      const { status, protocol, closeCode } = await rawHandshake(server, { protocols });
      expect([status, protocol, closeCode]).toEqual([101, undefined, 4406]);
    },
  );

  test('of several subprotocols graphql-transport-ws is chosen', async () => {
    await using client = await open({ protocols: ['foo', 'graphql-ws', 'graphql-transport-ws'] });
    expect(client.socket.protocol).toBe('graphql-transport-ws');
    await client.init();
  });

  test.each(['https://evil.example', 'null', 'http://127.0.0.1:1'])(
    'a page of the origin %s is refused 403',
    async (origin) => {
      const headers = { cookie: 'session=1' };
      expect(await refusedUpgrade(server.origin, { origin, headers })).toBe(403);
    },
  );

  test('its own pages and programs are let in', async () => {
    await using own = await open({ origin: server.origin });
    await using program = await open();
    await Promise.all([own.init(), program.init()]);
  });

  test('another path is refused 404', async () => {
    expect(await refusedUpgrade(server.origin, { path: '/other' })).toBe(404);
  });

  test('permessage-deflate is not negotiated', async () => {
    const { status, extensions } = await rawHandshake(server, { deflate: true });
    expect([status, extensions]).toEqual([101, undefined]);
  });

  test('whoever is refused and holds on to its socket holds up nothing, and whoever resets it does no harm', async () => {
    await using stack = new AsyncDisposableStack();
    const own = stack.use(await startApp({ settings: { drainMs: '60000' } }));
    const connect = async (): Promise<net.Socket> => {
      const { hostname: host, port } = new URL(own.origin);
      const socket = net.connect({ port: Number(port), host, allowHalfOpen: true });
      stack.defer(() => void socket.destroy());
      const answered = Promise.withResolvers<void>();
      socket.on('error', answered.reject);
      socket.once('data', (data) => {
        expect(String(data)).toMatch(/^HTTP\/1\.1 404 /);
        answered.resolve();
      });
      socket.write(upgradeRequest({ path: '/other' }));
      await settlesWithin(answered.promise, { withinMs: 2_000, what: 'the refusal' });
      return socket;
    };
    await connect();
    (await connect()).resetAndDestroy();
    await own.emit();
    await settlesWithin(own.app.drain(), { withinMs: 5_000, what: 'the drain' });
  });
});

describe('the beginning', () => {
  test('without connection_init the socket is closed 4408 after 3 s', async () => {
    await using client = await open();
    const since = performance.now();
    expect((await client.closed(5_000)).code).toBe(4408);
    expect(performance.now() - since).toBeGreaterThan(2_500);
  });

  test('a check of the caller that hangs is 4408, one that refuses is 4401, one that fails is 1013', async () => {
    const authenticate = async (
      _request: unknown,
      params: Readonly<Record<string, unknown>> | undefined,
    ): Promise<undefined> => {
      if (params?.['token'] === 'hang') await new Promise(() => undefined);
      if (params?.['token'] === 'broken') throw new Error('the directory is down');
      if (params?.['token'] !== 'good') throw new UnauthenticatedError();
      return undefined;
    };
    await using guarded = await startApp({ authenticate, authTimeoutMs: 100 });
    for (const [token, code] of [
      ['hang', 4408],
      ['bad', 4401],
      ['broken', 1013],
    ] as const) {
      await using client = await openWsClient(guarded.origin);
      client.send({ type: 'connection_init', payload: { token } });
      expect((await client.closed()).code).toBe(code);
    }
    await using good = await guarded.ws({ params: { token: 'good' } });
    good.subscribe('1', '{ __typename }');
    expect(await good.nextOf('1')).toEqual({ data: { __typename: 'Query' } });
  });

  test('subscribe before the acknowledgement is 4401', async () => {
    await using client = await open();
    client.subscribe('1', '{ __typename }');
    expect((await client.closed()).code).toBe(4401);
  });

  test('two connection_init, at once or later, are 4429', async () => {
    await using atOnce = await open();
    atOnce.send({ type: 'connection_init' });
    atOnce.send({ type: 'connection_init' });
    expect((await atOnce.closed()).code).toBe(4429);
    await using later = await server.ws();
    later.send({ type: 'connection_init' });
    expect((await later.closed()).code).toBe(4429);
  });

  test('ping is answered before the beginning too, with its payload', async () => {
    await using client = await open();
    client.send({ type: 'ping' });
    expect(await client.next()).toEqual({ type: 'pong' });
    client.send({ type: 'ping', payload: { a: 1 } });
    expect(await client.next()).toEqual({ type: 'pong', payload: { a: 1 } });
    client.send({ type: 'pong', payload: {} });
    await client.init();
  });
});

describe('messages that are not of the protocol are 4400', () => {
  const subscribe = (rest: object): string => JSON.stringify({ type: 'subscribe', ...rest });
  const query = '{ __typename }';
  test.each<[string, string | Uint8Array]>([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a number', '1'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"unknown"}'],
    ['the old protocol', '{"type":"start","id":"1","payload":{"query":"{ __typename }"}}'],
    ['a numeric type', '{"type":1}'],
    ['subscribe without an id', subscribe({ payload: { query } })],
    ['subscribe with a numeric id', subscribe({ id: 1, payload: { query } })],
    ['subscribe with an empty id', subscribe({ id: '', payload: { query } })],
    ['subscribe without a payload', subscribe({ id: '1' })],
    ['subscribe with a numeric query', subscribe({ id: '1', payload: { query: 1 } })],
    ['subscribe without a query', subscribe({ id: '1', payload: {} })],
    ['variables that are an array', subscribe({ id: '1', payload: { query, variables: [] } })],
    ['variables that are a string', subscribe({ id: '1', payload: { query, variables: 'x' } })],
    ['a numeric operationName', subscribe({ id: '1', payload: { query, operationName: 1 } })],
    ['extensions that are a string', subscribe({ id: '1', payload: { query, extensions: 'x' } })],
    ['ping with a string', '{"type":"ping","payload":"x"}'],
    ['complete without an id', '{"type":"complete"}'],
    ['bytes that are no JSON', randomBytes(64)],
    // What only a server may say.
    ['next', '{"type":"next","id":"1","payload":{}}'],
    ['error', '{"type":"error","id":"1","payload":[{"message":"x"}]}'],
    ['connection_ack', '{"type":"connection_ack"}'],
  ])('%s', async (_what, message) => {
    await using client = await server.ws();
    client.send(message);
    expect((await client.closed()).code).toBe(4400);
  });

  test.each(['"x"', '[]', '1'])('connection_init with the payload %s', async (payload) => {
    await using client = await open();
    client.send(`{"type":"connection_init","payload":${payload}}`);
    expect((await client.closed()).code).toBe(4400);
  });
});

test('a binary frame with valid JSON is accepted', async () => {
  await using client = await server.ws();
  client.send(Buffer.from(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ __typename }' } })));
  expect(await client.nextOf('1')).toEqual({ data: { __typename: 'Query' } });
});

test('a message over the limit is 1009', async () => {
  await using small = await startApp({ settings: { maxBodyBytes: '2048' } });
  await using client = await small.ws();
  client.subscribe('1', `{ __typename } # ${'x'.repeat(4_096)}`);
  expect((await client.closed()).code).toBe(1009);
});

describe('ids of operations', () => {
  test('one that is live is 4409, also while the first is still being prepared', async () => {
    await using atOnce = await server.ws();
    atOnce.subscribe('1', WATCH, { taskId: TASK });
    atOnce.subscribe('1', WATCH, { taskId: TASK });
    expect((await atOnce.closed()).code).toBe(4409);
    await using later = await server.ws();
    later.subscribe('1', WATCH, { taskId: 'nobody knows it' });
    later.subscribe('2', WATCH, { taskId: TASK });
    await later.next('2');
    later.subscribe('2', WATCH, { taskId: TASK });
    expect((await later.closed()).code).toBe(4409);
  });

  test('one that is over may be used again', async () => {
    await using client = await server.ws();
    for (let round = 0; round < 3; round += 1) {
      client.subscribe('1', '{ __typename }');
      expect(await client.next('1')).toMatchObject({ type: 'next' });
      expect(await client.next('1')).toMatchObject({ type: 'complete' });
    }
  });

  test.each(['toString', '__proto__', 'constructor', 'hasOwnProperty'])('%s is an id like any other', async (id) => {
    await using client = await server.ws();
    client.subscribe(id, '{ __typename }');
    expect(await client.nextOf(id)).toEqual({ data: { __typename: 'Query' } });
    expect(await client.next(id)).toEqual({ type: 'complete', id });
  });

  test('one that was completed by the client may be used again at once, and that stream lives', async () => {
    await using client = await server.ws();
    for (let round = 0; round < 20; round += 1) {
      client.subscribe('again', WATCH, { taskId: TASK });
      expect(await client.next('again')).toMatchObject({ type: 'next' });
      client.send({ type: 'complete', id: 'again' });
    }
    client.subscribe('again', WATCH, { taskId: TASK });
    await client.nextOf('again');
    await server.emit();
    const update = await client.nextOf<Update>('again');
    expect(update.data?.taskUpdates.__typename).toBe('TaskEventRecorded');
    await waitFor(() => server.app.stats().followers === 1, { withinMs: 2_000, what: 'the left streams to be gone' });
  });
});

describe('one operation never hurts another', () => {
  const BAD: readonly (readonly [string, string, unknown, string])[] = [
    ['a syntax error', 'subscription {', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['an empty document', '', undefined, 'BAD_REQUEST'],
    ['only a comment', '# nothing', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nothing }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['5,000 levels', DEEP, undefined, 'QUERY_TOO_DEEP'],
    ['a bad variable', EMIT, { input: { ...GOOD_EVENT, stage: 'NOWHERE' } }, 'BAD_USER_INPUT'],
    [
      'no operation to choose',
      'query A { __typename } query B { __typename }',
      undefined,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'two roots of a subscription',
      'subscription { a: tasks { ready } b: tasks { ready } }',
      undefined,
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ];

  test('over one socket with 10 live subscriptions each bad document is an error of its own id, and all 10 go on', async () => {
    await using client = await server.ws();
    const ids = Array.from({ length: 10 }, (_, index) => `live${index}`);
    for (const id of ids) client.subscribe(id, WATCH, { taskId: 'ten' });
    await server.emit({ taskId: 'ten' });
    for (const id of ids) expect((await client.nextOf<Update>(id)).data?.taskUpdates.__typename).toBe('TaskSnapshot');
    let sequence = 1;
    for (const [what, query, variables, code] of BAD) {
      const id = `bad: ${what}`;
      client.subscribe(id, query, variables);
      const errors = await client.nextOf<readonly AnswerError[]>(id, 'error');
      expect([what, ...errors.map(({ extensions }) => extensions?.code)]).toEqual([what, code]);
      await server.emit({ taskId: 'ten' });
      sequence += 1;
      for (const live of ids) {
        expect((await client.nextOf<Update>(live)).data?.taskUpdates.progress.sequence).toBe(sequence);
      }
    }
  });

  test.each(BAD)('%s is an `error` of its id, in the form of the protocol', async (_what, query, variables, code) => {
    await using client = await server.ws();
    client.subscribe('1', query, variables);
    const errors = await client.nextOf<readonly AnswerError[]>('1', 'error');
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual([code]);
    expect(JSON.stringify(errors)).not.toContain('"http"');
    // After `error` the id is free, without another word.
    client.subscribe('1', '{ __typename }');
    expect(await client.nextOf('1')).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('what fails inside is masked, and the socket stays', () => {
  const SECRET = 'secret path';

  test('a stream that fails is `error`; one that cannot begin, and a field that fails, are a result and `complete`', async () => {
    await using app = await startApp();
    await app.emit();
    await using client = await app.ws();
    client.subscribe('stream', WATCH, { taskId: TASK });
    await client.next('stream');
    const fail = async (): Promise<never> => {
      throw new Error(SECRET);
    };
    breakLog(app, { read: fail, progressAt: fail, tasks: fail });
    await app.emit();
    const failed = await client.next('stream');
    expect(failed).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });

    const after = 'garbage';
    client.subscribe('begin', `subscription { taskUpdates(taskId: "${TASK}", after: "${after}") { cursor } }`);
    expect(await client.next('begin')).toMatchObject({
      type: 'next',
      payload: { errors: [{ extensions: { code: 'CURSOR_INVALID' } }] },
    });
    expect(await client.next('begin')).toEqual({ type: 'complete', id: 'begin' });

    client.subscribe('field', '{ tasks { nodes { id } } }');
    const field = await client.next('field');
    expect(field).toMatchObject({
      type: 'next',
      payload: { errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
    });
    expect(await client.next('field')).toEqual({ type: 'complete', id: 'field' });

    expect(JSON.stringify([failed, field])).not.toContain(SECRET);
    client.subscribe('again', '{ __typename }');
    expect(await client.nextOf('again')).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('frames that are no WebSocket', () => {
  const masked = (first: number, payload: readonly number[] = []): Buffer =>
    Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
  test.each<[string, Buffer, number]>([
    ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61]), 1002],
    ['a reserved opcode', masked(0x83), 1002],
    ['RSV1 without an extension', masked(0xc1, [0x61]), 1002],
    ['a fragmented control frame', masked(0x09), 1002],
    [
      'a control frame of 126 bytes',
      Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0, ...Array<number>(126).fill(0)]),
      1002,
    ],
    ['a stray continuation', masked(0x80, [0x61]), 1002],
    ['a close code that may not be sent', masked(0x88, [0x03, 0xed]), 1002],
    ['text that is no UTF-8', masked(0x81, [0xff]), 1007],
  ])('%s closes the socket', async (_what, frame, code) => {
    const { closeCode } = await rawHandshake(server, { protocols: ['graphql-transport-ws'], frame });
    expect(closeCode).toBe(code);
  });
});

interface RawOptions {
  readonly protocols?: readonly string[];
  readonly deflate?: boolean;
  readonly path?: string;
  /** Sent after the handshake. */
  readonly frame?: Buffer;
}

function upgradeRequest({
  protocols = ['graphql-transport-ws'],
  deflate = false,
  path = '/graphql',
}: RawOptions): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`]),
    ...(deflate ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []),
    '\r\n',
  ].join('\r\n');
}

/** A handshake byte by byte. @returns what was agreed on, and the code of the first close frame if one is waited for. */
async function rawHandshake({ origin }: TestApp, options: RawOptions) {
  const socket = net.connect(Number(new URL(origin).port), '127.0.0.1');
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.on('error', () => undefined);
  const headEnd = (): number => received.indexOf('\r\n\r\n');
  try {
    socket.write(upgradeRequest(options));
    await waitFor(() => headEnd() !== -1, { withinMs: 5_000, what: 'the handshake' });
    const head = received.subarray(0, headEnd()).toString();
    if (options.frame !== undefined) socket.write(options.frame);
    let closeCode: number | undefined;
    if (options.deflate !== true) {
      const frame = (): Buffer => received.subarray(headEnd() + 4);
      await waitFor(() => frame()[0] === 0x88 && frame().length >= 4, { withinMs: 5_000, what: 'a close frame' });
      closeCode = frame().readUInt16BE(2);
    }
    return {
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
      protocol: /sec-websocket-protocol: (.*)/i.exec(head)?.[1],
      extensions: /sec-websocket-extensions: (.*)/i.exec(head)?.[1],
      closeCode,
    };
  } finally {
    socket.destroy();
  }
}
