/**
 * The traps that the usual parts set, as measured before this was built: one test for each, so that none comes back
 * with an update or a change. T8 and T13 (limits on subscriptions and on documents) are still to come.
 */
import { setTimeout as pass } from 'node:timers/promises';
import { createClient, type Client } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { EmitEventInput } from '../../src/domain/event.ts';
import {
  codesOf,
  EMIT,
  GOOD_EVENT,
  issuePathsOf,
  startApp,
  TASK,
  type Answer,
  type AnswerError,
  type TestApp,
} from '../support/app.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWsClient, refusedUpgrade, type WsClient } from '../support/ws-client.ts';
import { breakLog } from './faults.ts';

const WATCH = `subscription ($taskId: ID!, $after: String, $replay: Boolean) {
  taskUpdates(taskId: $taskId, after: $after, replay: $replay) {
    __typename cursor progress { sequence } ... on TaskEventRecorded { event { message } }
  }
}`;

interface Update {
  readonly data: {
    readonly taskUpdates: {
      readonly __typename: string;
      readonly cursor: string;
      readonly progress: { readonly sequence: number };
    };
  };
}

/** Straight to the manager: what is tested is the delivery. */
async function emitMany({ app }: TestApp, count: number, message = 'on it'): Promise<void> {
  const input: EmitEventInput = {
    taskId: TASK,
    eventType: 'progress_update',
    component: 'camina',
    stage: 'analysis',
    message,
  };
  for (let left = count; left > 0; left -= 1_000)
    await app.manager.emitMany(Array.from({ length: Math.min(left, 1_000) }, () => input));
}

/** Sequences of the next so many updates of an operation. */
async function sequences(client: WsClient, id: string, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  while (found.length < count) found.push((await client.nextOf<Update>(id)).data.taskUpdates.progress.sequence);
  return found;
}

test('T1, T5: readers that stop while 70,000 events are emitted stop their own streams, and nothing else', async () => {
  await using app = await startApp();
  await app.emit();
  await using stalled = await app.ws();
  stalled.subscribe('1', WATCH, { taskId: TASK });
  await stalled.next('1');
  await using stream = await app.sse({ query: WATCH, variables: { taskId: TASK } });
  await stream.next();
  stalled.socket.pause();
  stream.pause();
  let read = 0;
  const log = app.app.log.read;
  breakLog(app, {
    async read(taskId, range) {
      const events = await log(taskId, range);
      read += events.length;
      return events;
    },
  });
  await emitMany(app, 70_000, 'x'.repeat(600));
  // Both took what the kernel's buffers hold, and then stood still.
  let before = -1;
  await waitFor(
    async () => {
      const isStill = read === before;
      before = read;
      await pass(50);
      return isStill;
    },
    { withinMs: 10_000, what: 'the streams to stand still' },
  );
  expect(read).toBeLessThan(60_000);
  // Everybody else goes on, and so do they when they read again.
  await using healthy = await app.ws();
  healthy.subscribe('1', WATCH, { taskId: TASK });
  expect(await sequences(healthy, '1', 1)).toEqual([70_001]);
  stalled.socket.resume();
  stream.resume();
  expect(await sequences(stalled, '1', 2_000)).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 2));
  expect((await stream.nextResult<Update>()).data.taskUpdates.progress.sequence).toBe(2);
}, 60_000);

test('T2: an event between subscribing and the first next() is not lost', async () => {
  await using app = await startApp();
  await app.emit();
  const head = await app.app.log.head(TASK);
  const after = { seq: 1, hash: head?.progress.hash ?? '' };
  const resumed = await app.app.manager.taskUpdates({ taskId: TASK, after });
  const fresh = await app.app.manager.taskUpdates({ taskId: TASK });
  await app.emit();
  expect((await resumed.next()).value).toMatchObject({ kind: 'event', progress: { seq: 2 } });
  expect((await fresh.next()).value).toMatchObject({ kind: 'snapshot', progress: { seq: 2 } });
  await Promise.all([resumed.return?.(), fresh.return?.()]);
});

test('T3: tasks whose ids would collide when joined stay apart', async () => {
  await using app = await startApp();
  await using client = await app.ws();
  const ids = ['t', 't:x', 't:x:y', 'x:y', 'tasksChanged:t'];
  for (const id of ids) client.subscribe(id, WATCH, { taskId: id, replay: true });
  for (const [index, id] of ids.entries())
    for (let count = 0; count <= index; count += 1) await app.emit({ taskId: id, message: id });
  for (const [index, id] of ids.entries()) {
    for (let sequence = 1; sequence <= index + 1; sequence += 1) {
      expect((await client.nextOf<Update>(id)).data.taskUpdates).toMatchObject({
        progress: { sequence },
        event: { message: id },
      });
    }
  }
  expect(client.unread).toEqual([]);
});

test('T4: of 100 WebSockets and 20 event streams that left while they waited, nothing is left', async () => {
  await using app = await startApp();
  await app.emit();
  const clients = await Promise.all(Array.from({ length: 100 }, () => app.ws()));
  const streams = await Promise.all(
    Array.from({ length: 20 }, () => app.sse({ query: WATCH, variables: { taskId: TASK } })),
  );
  for (const client of clients) {
    client.subscribe('known', WATCH, { taskId: TASK });
    client.subscribe('unknown', WATCH, { taskId: 'never' });
    client.subscribe('latest', `subscription { taskProgress(taskId: "${TASK}") { sequence } }`);
    client.subscribe('board', 'subscription { tasks { ready } }');
    client.subscribe('said', 'subscription { observations { cursor } }');
  }
  await waitFor(() => app.app.stats().followers === 520, { withinMs: 10_000, what: 'everybody' });
  for (const [index, client] of clients.entries()) {
    if (index % 3 === 0)
      for (const id of ['known', 'unknown', 'latest', 'board', 'said']) client.send({ type: 'complete', id });
    else if (index % 3 === 1) client.socket.close(1000);
    else client.socket.terminate();
  }
  for (const stream of streams) stream.abort();
  await waitFor(() => app.app.stats().followers === 0, { withinMs: 10_000, what: 'nobody' });
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  await waitFor(() => app.app.stats().sockets === 0, { withinMs: 10_000, what: 'no socket' });
  expect(app.app.stats()).toMatchObject({ followers: 0, streams: 0, sockets: 0 });
}, 60_000);

test('T6: a syntax error, an empty query and 5,000 levels end their own operation, not the socket', async () => {
  await using app = await startApp();
  await app.emit();
  await using client = await app.ws();
  client.subscribe('live', WATCH, { taskId: TASK });
  await client.next('live');
  for (const query of ['{', '', '{ a '.repeat(5_000)]) {
    client.subscribe('bad', query);
    const errors = await client.nextOf<readonly AnswerError[]>('bad', 'error');
    expect(['GRAPHQL_PARSE_FAILED', 'BAD_REQUEST', 'QUERY_TOO_DEEP']).toContain(errors[0]?.extensions?.code);
  }
  await app.emit();
  expect(await sequences(client, 'live', 1)).toEqual([2]);
});

test('T7: messages that only a server may send are 4400, not 4500', async () => {
  await using app = await startApp();
  for (const message of [
    { type: 'connection_ack' },
    { type: 'next', id: '1', payload: {} },
    { type: 'error', id: '1', payload: [{ message: '' }] },
  ]) {
    await using client = await app.ws();
    client.send(message);
    expect((await client.closed()).code).toBe(4400);
  }
});

test('T9: a check of the caller that hangs ends in 4408, and its signal is aborted', async () => {
  let signal: AbortSignal | undefined;
  const authenticate = (_request: unknown, _params: unknown, given: AbortSignal): Promise<undefined> => {
    signal = given;
    return new Promise(() => undefined);
  };
  await using app = await startApp({ authenticate, authTimeoutMs: 100 });
  await using client = await openWsClient(app.origin);
  client.send({ type: 'connection_init' });
  expect((await client.closed()).code).toBe(4408);
  expect(signal?.aborted).toBe(true);
});

test('T10: readers that take nothing are closed after stallMs: a WebSocket with 1013, an event stream by force', async () => {
  await using app = await startApp({ settings: { stallMs: '400' } });
  await emitMany(app, 10_000, 'x'.repeat(2_000));
  await using client = await app.ws();
  client.subscribe('1', WATCH, { taskId: TASK, replay: true });
  await client.next('1');
  client.socket.pause();
  await using stream = await app.sse({ query: WATCH, variables: { taskId: TASK, replay: true } });
  await stream.next();
  stream.pause();
  await waitFor(() => app.app.stats().streams === 0, { withinMs: 10_000, what: 'the event stream to be cut' });
  // Whichever stalled first: by then both have. Time is what is tested here.
  await pass(1_200);
  client.socket.resume();
  expect((await client.closed(10_000)).code).toBe(1013);
  stream.resume();
  expect((await stream.ended(10_000)).whole).toBe(false);
  await waitFor(() => app.app.stats().followers === 0, { withinMs: 5_000, what: 'nobody left' });
}, 30_000);

test('T10: a peer that is dead is dropped, one that answers is not', async () => {
  await using app = await startApp({ settings: { keepAliveMs: '100' } });
  await using dead = await app.ws();
  await using alive = await app.ws();
  let pings = 0;
  alive.socket.on('ping', () => (pings += 1));
  dead.socket.pause();
  await waitFor(() => app.app.stats().sockets === 1, { withinMs: 5_000, what: 'the dead one to be dropped' });
  const since = pings;
  await waitFor(() => pings >= since + 3, { withinMs: 5_000, what: 'three more pings' });
  expect(alive.socket.readyState).toBe(WebSocket.OPEN);
});

test('T10: a reader that is slow, so that pings stand behind what it has not read, is not taken for dead', async () => {
  await using app = await startApp({ settings: { keepAliveMs: '100', stallMs: '5000' } });
  await emitMany(app, 8_000, 'x'.repeat(2_000));
  await using client = await app.ws();
  client.subscribe('1', WATCH, { taskId: TASK, replay: true });
  await client.next('1');
  client.socket.pause();
  // Many keep-alives long; time is what is tested here.
  await pass(800);
  client.socket.resume();
  expect((await sequences(client, '1', 7_999)).at(-1)).toBe(8_000);
}, 30_000);

test('T11: a peer that does not answer the close does not hold up a drain beyond drainMs', async () => {
  await using app = await startApp({ settings: { drainMs: '800' } });
  await using silent = await app.ws();
  silent.socket.pause();
  await using stream = await app.sse({ query: WATCH, variables: { taskId: TASK } });
  stream.pause();
  const since = performance.now();
  await settlesWithin(app.app.drain(), { withinMs: 5_000, what: 'the drain' });
  expect(performance.now() - since).toBeLessThan(1_500);
});

test('T12: a page of another origin gets no CORS header and no socket; forms mutate nothing', async () => {
  await using app = await startApp();
  const origin = 'https://evil.example';
  const preflight = await fetch(app.graphqlUrl, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });
  const simple = await fetch(`${app.graphqlUrl}?query={__typename}`, { headers: { origin } });
  for (const { headers } of [preflight, simple]) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
  expect(await refusedUpgrade(app.origin, { origin })).toBe(403);
  const query = 'mutation { initTask(input: { taskId: "forged" }) { created } }';
  const form = new FormData();
  form.set('operations', JSON.stringify({ query }));
  form.set('map', '{}');
  const bodies = [new URLSearchParams({ query }), form, JSON.stringify({ query })];
  for (const body of bodies) expect((await fetch(app.graphqlUrl, { method: 'POST', body })).status).toBe(415);
  expect(await app.stored()).toBe(0);
});

test('T14: 1e999 as a literal is refused, so that no child poisons the mean', async () => {
  await using app = await startApp();
  const answer = await app.post(
    'mutation { emitEvent(input: { taskId: "t", eventType: WARNING, component: "a", stage: REVIEW, message: "", progress: 1e999 }) { duplicate } }',
  );
  expect([codesOf(answer), issuePathsOf(answer), await app.stored()]).toEqual([
    ['BAD_USER_INPUT'],
    ['input.progress'],
    0,
  ]);
});

test('T15: ids that a store could fold into one are refused', async () => {
  await using app = await startApp();
  for (const taskId of ['a\0b', 'a\ud800', '', 'x'.repeat(1_000_000)]) {
    expect(codesOf(await app.post(EMIT, { input: { ...GOOD_EVENT, taskId } }))).toEqual(['BAD_USER_INPUT']);
  }
  expect(await app.stored()).toBe(0);
});

test('T16: a __proto__ key is refused wherever it stands, and a component of that name is one', async () => {
  await using app = await startApp();
  const details = JSON.parse('{"a":{"__proto__":{"polluted":true}}}') as unknown;
  expect(codesOf(await app.post(EMIT, { input: { ...GOOD_EVENT, details } }))).toEqual(['BAD_USER_INPUT']);
  expect('polluted' in {}).toBe(false);
  await app.emit({ component: '__proto__', progress: 0.5 });
  const { data } = await app.post(`{ taskProgress(taskId: "${TASK}") { components { name progress } } }`);
  expect(data).toEqual({ taskProgress: { components: [{ name: '__proto__', progress: 0.5 }] } });
});

test('T17: broken variables of a GET are 400; event streams have ids and are not held back by proxies', async () => {
  await using app = await startApp();
  const broken = await fetch(`${app.graphqlUrl}?query={__typename}&variables={bad`, {
    headers: { accept: 'application/json' },
  });
  expect([broken.status, codesOf((await broken.json()) as Answer)]).toEqual([400, ['BAD_REQUEST']]);
  const cursor = await app.emit();
  await using stream = await app.sse({ query: WATCH, variables: { taskId: TASK } });
  expect(stream.headers['x-accel-buffering']).toBe('no');
  expect((await stream.next()).lastEventId).toBe(cursor);
});

test('T18: a plain client sends its old cursor again, and the sequence tells the repeats; one that keeps it gets each once', async () => {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp());
  const proxy = stack.use(await openTcpProxy({ target: { port: Number(new URL(app.origin).port) } }));
  const after = await app.emit();
  const plain = follow(stack, proxy.origin, after, false);
  const keeping = follow(stack, proxy.origin, after, true);
  const both = (last: number): boolean => plain.at(-1) === last && keeping.at(-1) === last;
  await emitMany(app, 3);
  await waitFor(() => both(4), { withinMs: 5_000, what: 'three events' });
  for (const connection of proxy.connections()) connection.reset();
  await emitMany(app, 2);
  await waitFor(() => both(6), { withinMs: 10_000, what: 'two more' });
  expect(keeping).toEqual([2, 3, 4, 5, 6]);
  expect(plain).toEqual([2, 3, 4, 2, 3, 4, 5, 6]);
  let last = 1;
  const once = plain.filter((sequence) => sequence > last && (last = sequence) > 0);
  expect(once).toEqual([2, 3, 4, 5, 6]);
});

/** The published client, and the sequences it was given. */
function follow(stack: AsyncDisposableStack, origin: string, after: string, keepsCursor: boolean): readonly number[] {
  const client: Client = createClient({
    url: `${origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 10,
    retryWait: () => pass(10),
    shouldRetry: () => true,
  });
  stack.defer(() => client.dispose());
  const seen: number[] = [];
  const variables: { taskId: string; after: string } = { taskId: TASK, after };
  client.subscribe<Update['data']>(
    { query: WATCH, variables },
    {
      next({ data }) {
        if (data == null) return;
        seen.push(data.taskUpdates.progress.sequence);
        if (keepsCursor) variables.after = data.taskUpdates.cursor;
      },
      error: () => undefined,
      complete: () => undefined,
    },
  );
  return seen;
}
