/** What is emitted is recorded once and in order, or its caller is told why not: whatever the server answers. */
import { expect, test } from 'vitest';
import { createEmitter, type EmitEventInput, type EmitterOptions } from '../../src/emitter/index.ts';
import { startApp } from '../support/app.ts';
import { readTaskLog } from '../support/read-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { openRefusingServer, type Batch, type Refusal } from './refusing-server.ts';

const AT_ONCE: Partial<EmitterOptions> = { random: () => 0 };

function progress(message: string, patch: Partial<EmitEventInput> = {}): EmitEventInput {
  return { taskId: 'survey', eventType: 'PROGRESS_UPDATE', component: 'a', stage: 'ANALYSIS', message, ...patch };
}

function messagesOf(events: readonly { readonly message: string }[]): readonly string[] {
  return events.map(({ message }) => message);
}

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => 'recorded', codeOfError);
}

function codeOfError(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}

/** Refuses the first so many batches. */
function first(count: number, refusal: Refusal): (batch: Batch) => Refusal | undefined {
  return ({ number }) => (number <= count ? refusal : undefined);
}

test('an emit resolves when its event is recorded, with its place', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  const recorded = await emitter.emit(progress('one'));
  expect(recorded).toMatchObject({ taskId: 'survey', sequence: 1, duplicate: false });
  const [event] = await readTaskLog(app.graphqlUrl, 'survey');
  expect(event).toMatchObject({ eventId: recorded.eventId, message: 'one' });
});

test('ids are UUIDs of version 7 that go up', async () => {
  await using server = await openRefusingServer(() => undefined);
  await using emitter = createEmitter({ url: server.url });
  for (let index = 0; index < 9_000; index += 1) void emitter.emit(progress('x'));
  await emitter.flush();
  const ids = server.accepted.map(({ eventId }) => eventId);
  for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  expect(ids).toEqual([...new Set(ids)].toSorted());
});

test('a burst goes in batches of at most 1,000, in order, and nobody needs to await it', async () => {
  await using app = await startApp();
  const emitter = createEmitter({ url: app.graphqlUrl });
  for (let index = 0; index < 2_500; index += 1) void emitter.emit(progress(`step ${index}`));
  expect(emitter.pending).toBe(2_500);
  await emitter[Symbol.asyncDispose]();
  const log = await readTaskLog(app.graphqlUrl, 'survey');
  expect(messagesOf(log)).toEqual(Array.from({ length: 2_500 }, (_, index) => `step ${index}`));
  expect(emitter.pending).toBe(0);
});

test('batches are bounded in bytes too', async () => {
  await using server = await openRefusingServer(() => undefined);
  await using emitter = createEmitter({ url: server.url, maxBatchBytes: 1_000 });
  for (let index = 0; index < 10; index += 1) void emitter.emit(progress('ä'.repeat(200)));
  await emitter.emit(progress('x'.repeat(2_000)));
  expect(server.batches.map(({ inputs }) => inputs.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

test('an event is sent as it was when it was emitted', async () => {
  await using server = await openRefusingServer(() => undefined);
  await using emitter = createEmitter({ url: server.url });
  const details: Record<string, unknown> = { page: 1 };
  const recorded = emitter.emit(progress('one', { details }));
  details['page'] = 2;
  await recorded;
  expect(server.accepted[0]).toMatchObject({ details: { page: 1 } });
});

test('the first event leaves at once; those that come while it is on its way go together', async () => {
  const gate = Promise.withResolvers<undefined>();
  await using server = await openRefusingServer(({ number }) => (number === 1 ? gate.promise : undefined));
  // What comes after those two waits for ever, unless a batch is full or somebody waits for it.
  await using emitter = createEmitter({ url: server.url, lingerMs: 1e9, maxBatchEvents: 3 });
  void emitter.emit(progress('1'));
  await waitFor(() => server.batches.length === 1, { withinMs: 5_000, what: 'the first batch' });
  void emitter.emit(progress('2'));
  gate.resolve(undefined);
  await waitFor(() => emitter.pending === 1, { withinMs: 5_000, what: 'the first answer' });
  void emitter.emit(progress('3'));
  await emitter.emit(progress('4'));
  await emitter.emit(progress('5'));
  expect(server.batches.map(({ inputs }) => inputs.length)).toEqual([1, 3, 1]);
});

test('events that came while a batch was on its way wait for more, until flush', async () => {
  const gate = Promise.withResolvers<undefined>();
  await using server = await openRefusingServer(({ number }) => (number === 1 ? gate.promise : undefined));
  await using emitter = createEmitter({ url: server.url, lingerMs: 1e9 });
  void emitter.emit(progress('1'));
  await waitFor(() => server.batches.length === 1, { withinMs: 5_000, what: 'the first batch' });
  void emitter.emit(progress('2'));
  gate.resolve(undefined);
  await waitFor(() => emitter.pending === 1, { withinMs: 5_000, what: 'the first answer' });
  await emitter.flush();
  expect(emitter.pending).toBe(0);
  expect(messagesOf(server.accepted)).toEqual(['1', '2']);
});

test('a bad event is refused alone, by its path; the others are recorded, in order', async () => {
  await using app = await startApp();
  const refused: unknown[] = [];
  await using emitter = createEmitter({
    url: app.graphqlUrl,
    onRefused: (error, event) => refused.push([codeOfError(error), event.message]),
  });
  await emitter.emit(progress('first', { eventId: 'first' }));
  const outcomes = [
    emitter.emit(progress('1')),
    emitter.emit(progress('too much', { progress: 2 })),
    emitter.emit(progress('2')),
    emitter.emit(progress('other content', { eventId: 'first' })),
    // What GraphQL itself refuses, before the server has looked at it.
    emitter.emit(progress('no such type', { eventType: 'NONSENSE' as 'WARNING' })),
    emitter.emit(progress('3')),
    emitter.emit(progress('not JSON', { details: { count: 1n } })),
  ].map(codeOf);
  expect(await Promise.all(outcomes)).toEqual([
    'recorded',
    'BAD_USER_INPUT',
    'recorded',
    'EVENT_ID_CONFLICT',
    'BAD_USER_INPUT',
    'recorded',
    expect.any(TypeError),
  ]);
  expect(messagesOf(await readTaskLog(app.graphqlUrl, 'survey'))).toEqual(['first', '1', '2', '3']);
  expect(refused).toHaveLength(4);
});

test("a refusal's issues are about the event, and not about the batch", async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  void emitter.emit(progress('good'));
  await expect(emitter.emit(progress('bad', { progress: 2 }))).rejects.toMatchObject({
    name: 'OperationFailedError',
    issues: [{ path: ['input', 'progress'] }],
  });
});

test.each([
  ['a refusal that does not say of what', { extensions: { code: 'FORBIDDEN' } }],
  ['a fault of the server', { status: 500, extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
  ["a proxy's bound", { status: 413, body: '<html>' }],
])('%s costs only the events that it is about', async (_, refusal) => {
  await using server = await openRefusingServer(({ inputs }) =>
    inputs.some(({ taskId }) => taskId === 'secret') ? refusal : undefined,
  );
  await using emitter = createEmitter({ url: server.url });
  const outcomes = Array.from({ length: 100 }, (_, index) =>
    codeOf(emitter.emit(progress(String(index), index % 40 === 7 ? { taskId: 'secret' } : {}))),
  );
  const lost = (await Promise.all(outcomes)).flatMap((code, index) => (code === 'recorded' ? [] : [index]));
  expect(lost).toEqual([7, 47, 87]);
  const left = Array.from({ length: 100 }, (_, index) => String(index)).filter((text) => Number(text) % 40 !== 7);
  expect(messagesOf(server.accepted)).toEqual(left);
});

test.each<[string, Refusal]>([
  ['OVERLOADED', { status: 503, extensions: { code: 'OVERLOADED' } }],
  ['RATE_LIMITED', { status: 429, extensions: { code: 'RATE_LIMITED' } }],
  ['STORE_UNAVAILABLE', { extensions: { code: 'STORE_UNAVAILABLE', outcome: 'UNKNOWN' } }],
  ['SHUTTING_DOWN', { status: 503, extensions: { code: 'SHUTTING_DOWN' } }],
  ['UNAUTHENTICATED, as nobody could be asked', { status: 503, extensions: { code: 'UNAUTHENTICATED' } }],
  ['no answer', { cut: true }],
  ["a proxy's answer", { status: 502, body: '<html>' }],
])('%s: the same is sent again, with the same ids, before anything else', async (_, refusal) => {
  await using server = await openRefusingServer(first(3, refusal));
  const retries: number[] = [];
  const onRetry = (_error: Error, ms: number): void => void retries.push(ms);
  await using emitter = createEmitter({ url: server.url, ...AT_ONCE, onRetry });
  void emitter.emit(progress('1'));
  await waitFor(() => server.batches.length > 0, { withinMs: 5_000, what: 'the first try' });
  await emitter.emit(progress('2'));
  const [one, ...others] = server.batches.slice(0, 4).map(({ inputs }) => inputs);
  for (const other of others) expect(other).toEqual(one);
  expect(messagesOf(server.accepted)).toEqual(['1', '2']);
  expect(retries).toHaveLength(3);
});

test('waits before tries grow, are spread from nothing to their full length, and have a bound', async () => {
  await using server = await openRefusingServer(first(5, { status: 503, body: '' }));
  const retries: number[] = [];
  const onRetry = (_error: Error, ms: number): void => void retries.push(ms);
  await using emitter = createEmitter({ url: server.url, random: () => 0.01, retryCapMs: 1_000, onRetry });
  await emitter.emit(progress('1'));
  expect(retries).toEqual([2.5, 5, 10, 10, 10]);
});

test.each<[string, Refusal]>([
  ['retryAfterMs', { status: 503, extensions: { code: 'OVERLOADED', retryAfterMs: 1_000 } }],
  ['Retry-After', { status: 429, headers: { 'retry-after': '1' }, body: 'slow down' }],
])('%s is kept', async (_, refusal) => {
  await using server = await openRefusingServer(first(1, refusal));
  await using emitter = createEmitter({ url: server.url, ...AT_ONCE });
  await emitter.emit(progress('1'));
  const [one, two] = server.batches.map(({ atMs }) => atMs);
  // A timer may be a little early.
  expect((two ?? 0) - (one ?? 0)).toBeGreaterThan(990);
});

test('a token that is taken no longer is asked for again, once for each refusal', async () => {
  let token = 0;
  await using server = await openRefusingServer(({ headers }) =>
    headers.authorization === 'Bearer 2' ? undefined : { status: 401, extensions: { code: 'TOKEN_EXPIRED' } },
  );
  await using emitter = createEmitter({
    url: server.url,
    headers: { 'x-from': 'test' },
    token: async () => String((token += 1)),
  });
  expect(await codeOf(emitter.emit(progress('1')))).toBe('recorded');
  expect(await codeOf(emitter.emit(progress('2')))).toBe('recorded');
  expect(server.batches.map(({ headers }) => [headers.authorization, headers['x-from']])).toEqual([
    ['Bearer 1', 'test'],
    ['Bearer 2', 'test'],
    ['Bearer 2', 'test'],
  ]);
});

test('who has no other token is refused; so is one whose new token is taken no better', async () => {
  await using server = await openRefusingServer(() => ({ status: 401, extensions: { code: 'UNAUTHENTICATED' } }));
  for (const token of ['same', () => 'same']) {
    await using emitter = createEmitter({ url: server.url, token });
    void emitter.emit(progress('1'));
    expect(await codeOf(emitter.emit(progress('2')))).toBe('UNAUTHENTICATED');
  }
  expect(server.batches).toHaveLength(3);
});

test('while no token is to be had, events wait', async () => {
  await using server = await openRefusingServer(() => undefined);
  let asked = 0;
  const token = (): string => {
    asked += 1;
    if (asked < 3) throw new Error('the token server is away');
    return 'good';
  };
  await using emitter = createEmitter({ url: server.url, token, ...AT_ONCE });
  expect(await codeOf(emitter.emit(progress('1')))).toBe('recorded');
  expect(asked).toBe(3);
});

test('no more than so many events wait: EMITTER_FULL tells the others, when that is asked for', async () => {
  const gate = Promise.withResolvers<undefined>();
  await using server = await openRefusingServer(() => gate.promise);
  await using emitter = createEmitter({ url: server.url, maxQueuedEvents: 10, whenFull: 'refuse' });
  const outcomes = Array.from({ length: 12 }, (_, index) => codeOf(emitter.emit(progress(String(index)))));
  expect(await outcomes[11]).toBe('EMITTER_FULL');
  expect(emitter.pending).toBe(10);
  gate.resolve(undefined);
  expect((await Promise.all(outcomes)).filter((code) => code === 'recorded')).toHaveLength(10);
  expect(await codeOf(emitter.emit(progress('again')))).toBe('recorded');
});

test.each([{ maxQueuedEvents: 10 }, { maxQueuedBytes: 1_500 }])(
  'ready resolves when there is room: %j',
  async (bound) => {
    const gate = Promise.withResolvers<undefined>();
    await using server = await openRefusingServer(({ number }) => (number === 1 ? gate.promise : undefined));
    await using emitter = createEmitter({ url: server.url, ...bound });
    let emitted = 0;
    let most = 0;
    const producing = (async () => {
      for (; emitted < 100; emitted += 1) {
        await emitter.ready;
        void emitter.emit(progress(String(emitted)));
        most = Math.max(most, emitter.pending);
      }
    })();
    await waitFor(() => server.batches.length === 1, { withinMs: 5_000, what: 'the first batch' });
    expect(emitted).toBeLessThanOrEqual(10);
    gate.resolve(undefined);
    await producing;
    await emitter.flush();
    expect(most).toBeLessThanOrEqual(10);
    expect(messagesOf(server.accepted)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  },
);

test('an abort refuses what waits and what comes, with its reason', async () => {
  const never = Promise.withResolvers<undefined>();
  await using server = await openRefusingServer(() => never.promise);
  const stop = new AbortController();
  const emitter = createEmitter({ url: server.url, maxBatchEvents: 2, maxQueuedEvents: 3, signal: stop.signal });
  const outcomes = ['1', '2', '3'].map((message) => codeOf(emitter.emit(progress(message))));
  const ready = emitter.ready;
  await waitFor(() => server.batches.length === 1, { withinMs: 5_000, what: 'the first batch' });
  const reason = new Error('enough');
  stop.abort(reason);
  expect(await Promise.all(outcomes)).toEqual([reason, reason, reason]);
  await ready;
  await emitter.flush();
  expect(await codeOf(emitter.emit(progress('4')))).toBe(reason);
});

test('an abort ends the wait for the next try', async () => {
  await using server = await openRefusingServer(() => ({ status: 503, headers: { 'retry-after': '1000' }, body: '' }));
  const stop = new AbortController();
  const onRetry = (): void => stop.abort(new Error('enough'));
  const emitter = createEmitter({ url: server.url, signal: stop.signal, onRetry });
  await expect(emitter.emit(progress('1'))).rejects.toThrow('enough');
});

test('flush ends with its signal, and what waits goes on waiting', async () => {
  const gate = Promise.withResolvers<undefined>();
  await using server = await openRefusingServer(() => gate.promise);
  await using emitter = createEmitter({ url: server.url });
  const recorded = emitter.emit(progress('1'));
  const stop = new AbortController();
  const flushed = emitter.flush({ signal: stop.signal });
  stop.abort(new Error('no longer'));
  await expect(flushed).rejects.toThrow('no longer');
  gate.resolve(undefined);
  expect(await codeOf(recorded)).toBe('recorded');
});

test('an emitter that is disposed of has sent what it had, and takes no more', async () => {
  await using server = await openRefusingServer(() => undefined);
  const emitter = createEmitter({ url: server.url });
  void emitter.emit(progress('1'));
  await emitter[Symbol.asyncDispose]();
  expect(messagesOf(server.accepted)).toEqual(['1']);
  expect(await codeOf(emitter.emit(progress('2')))).toBe('EMITTER_CLOSED');
});

test('what is no URL is said at once', () => {
  expect(() => createEmitter({ url: 'nonsense' })).toThrow(TypeError);
});
