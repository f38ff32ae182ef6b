/** What is emitted is recorded once and in order, within its bounds, until the emitter is done with. */
import { expect, test } from 'vitest';
import { createEmitter } from '../../src/emitter/index.ts';
import { startApp } from '../support/app.ts';
import { readTaskLog } from '../support/read-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { codeOf, messagesOf, progress } from './emitting.ts';
import { openRefusingServer } from './refusing-server.ts';

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
