/** What one caller may take: at the limit it goes on, beyond it is refused by name, and others feel nothing. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SettingName } from '../../src/config.ts';
import { signToken } from '../../src/auth/tokens.ts';
import { toGrants } from '../../src/domain/viewer.ts';
import { codesOf, dataOf, EMIT, GOOD_EVENT, startApp, type Answer, type TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import { openWsClient, type WsClient } from '../support/ws-client.ts';

const SECRET = 'a secret that is long enough to sign with';
const UPDATES = 'subscription { taskUpdates(taskId: "survey") { cursor } }';
const EMIT_MANY = 'mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }';

const SETTINGS = {
  authSecret: SECRET,
  metrics: '127.0.0.1:0',
  maxOperationsPerSocket: '3',
  maxConnections: '8',
  maxConnectionsPerAddress: '6',
  maxSocketsPerViewer: '2',
  maxStreamsPerViewer: '2',
  maxRequestsPerSecond: '20',
  maxEmitsPerTask: '10',
  maxEmitsPerViewer: '15',
} as const satisfies Partial<Record<SettingName, string>>;

let server: TestApp;
beforeAll(async () => {
  server = await startApp({ settings: SETTINGS });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** One viewer, as nobody was before. */
async function viewer(): Promise<{ readonly authorization: string }> {
  const order = { grants: ['admin:*'], expiresInSeconds: 600, givenBy: [] };
  const { token } = await signToken({ secret: SECRET, audience: 'drumline' }, order, Date.now());
  return { authorization: `Bearer ${token}` };
}
function events(count: number, taskId = 'survey'): Record<string, unknown>[] {
  return Array.from({ length: count }, () => ({ ...GOOD_EVENT, taskId }));
}
/** Rates are counted by the second, on the clock of this process: what is counted together must not be cut in two. */
async function early(): Promise<void> {
  await waitFor(() => performance.now() % 1_000 < 200, { withinMs: 5_000, what: 'a second to begin' });
}
async function refusals(limit: string): Promise<number> {
  const text = await (await fetch(server.metricsUrl ?? '')).text();
  return Number(new RegExp(`^drumline_refusals_total\\{limit="${limit}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

describe('operations of a socket', () => {
  test('one subscription too many is an error of its own id; when one ends another may begin', async () => {
    await using client = await server.ws({ params: await viewer() });
    for (const id of ['1', '2', '3']) {
      client.subscribe(id, UPDATES);
    }
    client.subscribe('4', UPDATES);
    expect(codesOf({ errors: await client.nextOf<NonNullable<Answer['errors']>>('4', 'error') })).toEqual([
      'SUBSCRIPTION_LIMIT',
    ]);
    expect(await refusals('operationsPerSocket')).toBe(1);
    client.subscribe('5', '{ __typename }');
    expect((await client.next('5')).type).toBe('next');
    for (let round = 0; round < 5; round += 1) {
      client.send({ type: 'complete', id: '1' });
      client.subscribe('1', UPDATES);
    }
    client.send({ type: 'complete', id: '1' });
    client.subscribe('6', UPDATES);
    dataOf(await server.post(EMIT, { input: GOOD_EVENT }, await viewer()));
    for (const id of ['2', '3', '6']) expect((await client.next(id)).type).toBe('next');
  });
});

describe('connections', () => {
  test('of one viewer: a socket too many is closed with 1013, a stream too many is 429; others come in', async () => {
    const params = await viewer();
    await using _first = await server.ws({ params });
    await using _second = await server.ws({ params });
    await using third = await openWsClient(server.origin);
    third.send({ type: 'connection_init', payload: params });
    expect(await third.closed()).toEqual({ code: 1013, reason: 'Too many sockets' });
    await using _other = await server.ws({ params: await viewer() });
    const query = UPDATES;
    await using one = await server.sse({ query, headers: params });
    await using two = await server.sse({ query, headers: params });
    await using three = await server.sse({ query, headers: params });
    expect([one.status, two.status, three.status, three.headers['retry-after']]).toEqual([200, 200, 429, '5']);
    one.abort();
    await waitFor(
      async () => {
        await using again = await server.sse({ query, headers: params });
        return again.status === 200;
      },
      { withinMs: 5_000, what: 'the place to be given back' },
    );
    expect([await refusals('socketsPerViewer'), (await refusals('streamsPerViewer')) > 0]).toEqual([1, true]);
  });

  test('of one address: one too many is 429 before it is upgraded', async () => {
    const sockets: WsClient[] = [];
    for (let count = 0; count < 3; count += 1) {
      const params = await viewer();
      sockets.push(await server.ws({ params }), await server.ws({ params }));
    }
    const refused = new WebSocket(server.graphqlUrl.replace('http', 'ws'), 'graphql-transport-ws');
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(429);
    refused.on('error', () => undefined).terminate();
    for (const socket of sockets) await socket[Symbol.asyncDispose]();
  });
});

describe('rates', () => {
  test('requests of one viewer: 429 and when to try again; others are answered', async () => {
    const headers = await viewer();
    await early();
    const answers = await Promise.all(Array.from({ length: 30 }, () => server.post('{ __typename }', {}, headers)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(9);
    expect(refused.flatMap(codesOf)).toEqual(refused.map(() => 'RATE_LIMITED'));
    expect((await server.post('{ __typename }', {}, await viewer())).status).toBe(200);
  });

  test('messages of one socket: 1013', async () => {
    await using client = await server.ws({ params: await viewer() });
    await early();
    for (let count = 0; count < 40; count += 1) client.send({ type: 'ping' });
    expect((await client.closed()).code).toBe(1013);
  });

  test('events of one task, and of one viewer: nothing is stored of what is refused', async () => {
    const headers = await viewer();
    const emit = (count: number, taskId: string): Promise<Answer> =>
      server.post(EMIT_MANY, { inputs: events(count, taskId) }, headers);
    await early();
    dataOf(await emit(10, 'one'));
    const beyond = await emit(1, 'one');
    expect(codesOf(beyond)).toEqual(['RATE_LIMITED']);
    expect(JSON.stringify(beyond.errors)).toMatch(/"retryAfterMs":\d+/);
    dataOf(await emit(4, 'two'));
    expect(codesOf(await emit(1, 'three'))).toEqual(['RATE_LIMITED']);
    dataOf(await server.post(EMIT, { input: { ...GOOD_EVENT, taskId: 'three' } }, await viewer()));
    expect((await server.app.manager.getTask('one'))?.progress.seq).toBe(10);
    expect(await refusals('emitsPerTask')).toBeGreaterThanOrEqual(1);
    expect(await refusals('emitsPerViewer')).toBeGreaterThanOrEqual(1);
  });

  test('a batch that is more than a second may hold is refused for good, and takes nothing of the second', async () => {
    const headers = await viewer();
    const emit = (inputs: Record<string, unknown>[]): Promise<Answer> => server.post(EMIT_MANY, { inputs }, headers);
    const { app } = server;
    await early();
    expect(codesOf(await emit(events(11, 'too-much')))).toEqual(['LIMIT_EXCEEDED']);
    expect(codesOf(await emit([...events(8, 'too-much'), ...events(8, 'as-well')]))).toEqual(['LIMIT_EXCEEDED']);
    dataOf(await emit([...events(10, 'too-much'), ...events(5, 'as-well')]));
    expect((await app.manager.getTask('too-much'))?.progress.seq).toBe(10);
    await using client = await server.ws({ params: headers });
    client.send({
      type: 'subscribe',
      id: '1',
      payload: { query: EMIT_MANY, variables: { inputs: events(16, 'too-much') } },
    });
    expect(codesOf(await client.nextOf<Answer>('1'))).toEqual(['LIMIT_EXCEEDED']);
  });

  test.each([
    ['initTask', 'mutation { initTask(input: { taskId: "counted" }) { created } }'],
    ['deleteTask', 'mutation { deleteTask(taskId: "counted") { deleted } }'],
    ['publishObservation', 'mutation { publishObservation(input: { content: "seen" }) { duplicate } }'],
    ['createViewerToken', 'mutation { createViewerToken(taskIds: ["counted"]) { id } }'],
  ])('%s counts as one event of its viewer', async (name, document) => {
    const headers = await viewer();
    await early();
    dataOf(await server.post(document, {}, headers));
    dataOf(await server.post(EMIT_MANY, { inputs: [...events(7, name), ...events(7, `${name}-2`)] }, headers));
    expect(codesOf(await server.post(document, {}, headers))).toEqual(['RATE_LIMITED']);
    dataOf(await server.post(document, {}, await viewer()));
  });
});

test('on this machine, where nobody is asked who they are, callers are not limited', async () => {
  await using open = await startApp({ settings: { ...SETTINGS, authSecret: '', metrics: '' } });
  const answers = await Promise.all(Array.from({ length: 40 }, () => open.post(EMIT_MANY, { inputs: events(20) })));
  expect(answers.flatMap(codesOf)).toEqual([]);
});

test('a socket that leaves while it is found out who it is gives its place back', async () => {
  const asked: (() => void)[] = [];
  const viewer = { name: 'user', grants: toGrants(['read:*']), expiresAt: Number.POSITIVE_INFINITY, credentials: [] };
  await using own = await startApp({
    settings: { maxSocketsPerViewer: '1' },
    authenticate: async () => {
      await new Promise<void>((resolve) => void asked.push(resolve));
      return viewer;
    },
  });
  await using first = await openWsClient(own.origin);
  first.send({ type: 'connection_init' });
  await waitFor(() => asked.length === 1, { withinMs: 5_000, what: 'the question' });
  first.socket.terminate();
  await waitFor(() => own.app.stats().sockets === 0, { withinMs: 5_000, what: 'the socket to be gone' });
  asked[0]?.();
  await using second = await openWsClient(own.origin);
  const acknowledged = second.init();
  await waitFor(() => asked.length === 2, { withinMs: 5_000, what: 'the question' });
  asked[1]?.();
  await acknowledged;
});

test('strangers, where they are let in, are told apart by their addresses', async () => {
  const settings = {
    ...SETTINGS,
    authSecret: '',
    host: '0.0.0.0',
    allowAnonymous: 'true',
    trustProxy: 'true',
  } as const;
  await using open = await startApp({ settings: { ...settings, metrics: '', maxConnectionsPerAddress: '2' } });
  const statuses: number[] = [];
  await using stack = new AsyncDisposableStack();
  const ofOneNetwork = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3'];
  for (const address of ['10.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', '10.0.0.2', '10.0.0.3', ...ofOneNetwork]) {
    const headers = { 'x-forwarded-for': `6.6.6.6, ${address}` };
    statuses.push(stack.use(await open.sse({ query: UPDATES, headers })).status);
  }
  expect(statuses).toEqual([200, 200, 429, 200, 200, 200, 200, 429]);
});

test('a stream that leaves while it is found out who it is gives its place back', async () => {
  const asked: (() => void)[] = [];
  const viewer = { name: 'user', grants: toGrants(['read:*']), expiresAt: Number.POSITIVE_INFINITY, credentials: [] };
  await using own = await startApp({
    settings: { maxStreamsPerViewer: '1' },
    authenticate: async () => {
      await new Promise<void>((resolve) => void asked.push(resolve));
      return viewer;
    },
  });
  const url = `${own.graphqlUrl}?query=${encodeURIComponent(UPDATES)}`;
  const leaving = new AbortController();
  const first = fetch(url, { headers: { accept: 'text/event-stream' }, signal: leaving.signal }).catch(() => undefined);
  await waitFor(() => asked.length === 1, { withinMs: 5_000, what: 'the question' });
  leaving.abort();
  await first;
  // The server hears of it no later than of what it is told next.
  await expect.poll(async () => (await fetch(`${own.origin}/healthz`)).status).toBe(200);
  asked[0]?.();
  const second = fetch(url, { headers: { accept: 'text/event-stream' } });
  await waitFor(() => asked.length === 2, { withinMs: 5_000, what: 'the question' });
  asked[1]?.();
  const answer = await second;
  expect(answer.status).toBe(200);
  await answer.body?.cancel();
});
