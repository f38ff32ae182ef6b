/** What the server refuses, and for how long: a bad event costs only itself, and "not now" is asked again. */
import { expect, test } from 'vitest';
import { createEmitter, type EmitterOptions } from '../../src/emitter/index.ts';
import { startApp } from '../support/app.ts';
import { readTaskLog } from '../support/read-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { codeOf, first, messagesOf, progress } from './emitting.ts';
import { openRefusingServer, type Refusal } from './refusing-server.ts';

const AT_ONCE: Partial<EmitterOptions> = { random: () => 0 };

test('a bad event is refused alone, by its path; the others are recorded, in order', async () => {
  await using app = await startApp();
  const refused: string[] = [];
  await using emitter = createEmitter({
    url: app.graphqlUrl,
    onRefused: (_error, { message }) => refused.push(message),
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
  expect(refused.toSorted()).toEqual(['no such type', 'not JSON', 'other content', 'too much']);
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

test('batches that are refused together ask for one new token', async () => {
  let token = 0;
  const gate = Promise.withResolvers<Refusal>();
  await using server = await openRefusingServer(({ headers }) =>
    headers.authorization === 'Bearer 2' ? undefined : gate.promise,
  );
  await using emitter = createEmitter({ url: server.url, token: () => String((token += 1)) });
  const tasks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const outcomes = tasks.map((taskId) => codeOf(emitter.emit(progress('1', { taskId }))));
  await waitFor(() => server.batches.length === 4, { withinMs: 5_000, what: 'four batches' });
  gate.resolve({ status: 401, extensions: { code: 'TOKEN_EXPIRED' } });
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['recorded']));
  expect(token).toBe(2);
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

test('what a gateway says in the place of the server is no refusal', async () => {
  await using server = await openRefusingServer(first(2, { status: 502 }));
  await using emitter = createEmitter({ url: server.url, ...AT_ONCE });
  expect(await emitter.emit(progress('one'))).toMatchObject({ sequence: 1 });
  expect(server.batches).toHaveLength(3);
});
