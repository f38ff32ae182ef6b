import http from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  codesOf,
  EMIT,
  GOOD_EVENT,
  startApp,
  TASK,
  type Answer,
  type AnswerError,
  type TestApp,
} from '../support/app.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import type { WsClient } from '../support/ws-client.ts';
import { breakLog } from './faults.ts';

const WATCH = `subscription { taskUpdates(taskId: "${TASK}") { __typename } }`;

/** A server whose door stays open while it drains, because one peer does not answer. */
async function startSlowToLeave(
  stack: AsyncDisposableStack,
  drainMs = 1_500,
): Promise<{ app: TestApp; silent: WsClient }> {
  const app = stack.use(await startApp({ settings: { drainMs: String(drainMs) } }));
  const silent = stack.use(await app.ws());
  silent.socket.pause();
  return { app, silent };
}

/** Appends wait until they are let through. */
function holdAppends(app: TestApp): { readonly waiting: () => number; readonly release: () => void } {
  const { append } = app.app.log;
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  breakLog(app, {
    async append(batch) {
      waiting += 1;
      await gate.promise;
      return append(batch);
    },
  });
  return { waiting: () => waiting, release: () => gate.resolve() };
}

describe('a server that is told to stop', () => {
  test('is not ready at once, while it lives', async () => {
    await using stack = new AsyncDisposableStack();
    const { app } = await startSlowToLeave(stack);
    expect((await fetch(`${app.origin}/readyz`)).status).toBe(200);
    const drained = app.app.drain();
    const ready = await fetch(`${app.origin}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ['stopping'], degraded: [] }]);
    expect((await fetch(`${app.origin}/healthz`)).status).toBe(200);
    await drained;
  });

  test('finishes and answers the emits that it accepted, over HTTP, SSE and WebSocket', async () => {
    await using stack = new AsyncDisposableStack();
    const app = stack.use(await startApp({ settings: { drainMs: '10000' } }));
    const client = stack.use(await app.ws());
    const held = holdAppends(app);
    const overHttp = app.post(EMIT, { input: GOOD_EVENT });
    const overSse = app.sse({ query: EMIT, variables: { input: GOOD_EVENT }, method: 'POST' });
    client.subscribe('1', EMIT, { input: GOOD_EVENT });
    await waitFor(() => held.waiting() === 3, { withinMs: 5_000, what: 'three emits' });
    const drained = app.app.drain();
    held.release();
    const answers: Answer[] = [await overHttp, await client.nextOf<Answer>('1')];
    expect(answers.map((answer) => [codesOf(answer), answer.data])).toEqual([
      [[], { emitEvent: { event: expect.objectContaining({ sequence: expect.any(Number) as number }) as unknown } }],
      [[], { emitEvent: { event: expect.objectContaining({ sequence: expect.any(Number) as number }) as unknown } }],
    ]);
    expect(await (await overSse).nextResult<Answer>()).toMatchObject({ data: { emitEvent: { event: {} } } });
    await drained;
    expect((await app.app.log.head(TASK))?.progress.seq).toBe(3);
  });

  test('takes no new emits: SHUTTING_DOWN, and nothing is stored', async () => {
    await using stack = new AsyncDisposableStack();
    const { app } = await startSlowToLeave(stack);
    const client = stack.use(await app.ws());
    const drained = app.app.drain();
    client.subscribe('1', EMIT, { input: GOOD_EVENT });
    const answer = await app.post(EMIT, { input: GOOD_EVENT });
    expect([answer.status, codesOf(answer)]).toEqual([503, ['SHUTTING_DOWN']]);
    await client.closed();
    // Its socket may be closed before it is answered; what is answered is a refusal.
    for (const { type, payload } of client.unread) {
      expect([type, (payload as readonly AnswerError[])[0]?.extensions?.code]).toEqual(['error', 'SHUTTING_DOWN']);
    }
    await drained;
    expect(await app.app.log.head(TASK)).toBeUndefined();
  });

  test('closes every WebSocket with 1012 and ends every event stream whole, without complete and with retry', async () => {
    await using stack = new AsyncDisposableStack();
    const app = stack.use(await startApp());
    await app.emit();
    const clients = await Promise.all(Array.from({ length: 5 }, () => app.ws()));
    const streams = await Promise.all(Array.from({ length: 5 }, () => app.sse({ query: WATCH })));
    for (const client of clients) client.subscribe('1', WATCH);
    await Promise.all([...clients.map((client) => client.next('1')), ...streams.map((stream) => stream.next())]);
    await settlesWithin(app.app.drain(), { withinMs: 2_000, what: 'the drain' });
    for (const client of clients) {
      expect((await client.closed()).code).toBe(1012);
      expect(client.unread).toEqual([]);
    }
    for (const stream of streams) {
      expect(await stream.ended()).toEqual({ whole: true, events: [] });
      expect(stream.retryMs).toBeGreaterThanOrEqual(0);
      expect(stream.retryMs).toBeLessThanOrEqual(5_000);
    }
    expect(app.app.stats()).toMatchObject({ followers: 0, sockets: 0, streams: 0 });
  });

  test('tells an EventSource that comes now to come back, for it would give up at any status but 200', async () => {
    await using stack = new AsyncDisposableStack();
    const { app } = await startSlowToLeave(stack);
    const drained = app.app.drain();
    await using stream = await app.sse({ query: WATCH });
    expect(await stream.ended()).toEqual({ whole: true, events: [] });
    expect([stream.status, typeof stream.retryMs]).toEqual([200, 'number']);
    await drained;
  });

  test('closes the connection of an event stream too, or a browser would come back over it to be turned away', async () => {
    await using stack = new AsyncDisposableStack();
    const { app } = await startSlowToLeave(stack, 5_000);
    const agent = new http.Agent({ keepAlive: true });
    stack.defer(() => agent.destroy());
    const begun = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const url = `${app.graphqlUrl}?${new URLSearchParams({ query: 'subscription { tasks { ready } }' })}`;
    const request = http.get(url, { agent, headers: { accept: 'text/event-stream' } }, (response) => {
      response.on('data', (chunk) => String(chunk).includes('event: next') && begun.resolve());
    });
    request.on('socket', (socket) => socket.on('close', () => closed.resolve()));
    await begun.promise;
    const drained = app.app.drain();
    await settlesWithin(closed.promise, { withinMs: 1_000, what: 'the connection to be closed' });
    await drained;
  });

  test('refuses new WebSockets', async () => {
    await using stack = new AsyncDisposableStack();
    const { app } = await startSlowToLeave(stack);
    const drained = app.app.drain();
    await expect(app.ws()).rejects.toThrow('503');
    await drained;
  });

  test('is not held up by peers that are silent, stalled, or merely connected', async () => {
    await using stack = new AsyncDisposableStack();
    const { app, silent } = await startSlowToLeave(stack, 1_000);
    const { manager } = app.app;
    await manager.emitMany(
      Array.from({ length: 1_000 }, () => ({
        ...GOOD_EVENT,
        eventType: 'warning',
        stage: 'review',
        message: 'x'.repeat(2_000),
      })),
    );
    const query = `subscription { taskUpdates(taskId: "${TASK}", replay: true) { ... on TaskEventRecorded { event { message } } } }`;
    silent.subscribe('1', query);
    const stalled = stack.use(await app.sse({ query }));
    stalled.pause();
    const agent = new http.Agent({ keepAlive: true });
    stack.defer(() => agent.destroy());
    const idle = Promise.withResolvers<void>();
    http.get(`${app.origin}/healthz`, { agent }, (response) => response.resume().on('end', () => idle.resolve()));
    await idle.promise;
    const since = performance.now();
    await settlesWithin(app.app.drain(), { withinMs: 5_000, what: 'the drain' });
    expect(performance.now() - since).toBeLessThan(1_800);
  });

  test('does not wait for connections that are kept by clients that got their answer', async () => {
    await using app = await startApp({ settings: { drainMs: '30000' } });
    const held = holdAppends(app);
    const agent = new http.Agent({ keepAlive: true });
    const answered = Promise.withResolvers<string>();
    const request = http.request(
      app.graphqlUrl,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume().on('end', () => answered.resolve(String(response.statusCode)));
      },
    );
    request.on('error', answered.reject);
    request.end(JSON.stringify({ query: EMIT, variables: { input: GOOD_EVENT } }));
    await waitFor(() => held.waiting() === 1, { withinMs: 5_000, what: 'the emit' });
    const drained = app.app.drain();
    held.release();
    expect(await answered.promise).toBe('200');
    await settlesWithin(drained, { withinMs: 2_000, what: 'the drain' }).finally(() => agent.destroy());
  });

  test('does it once, however often it is told', async () => {
    await using app = await startApp();
    await Promise.all([app.app.drain(), app.app.drain()]);
    await app.app.drain();
  });
});
