/** The emitter against a server that answers, refuses and falls silent on command. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createEmitter } from './emitter.ts';
import type { EmitInput } from './fixtures.ts';

type Mood = 'answer' | 'record and hang up' | 'refuse' | 'reject' | 'doubt' | 'babble';

test('an answer is an acknowledgement, with its sequence; a second one of the same id is a duplicate', async () => {
  await using server = await openMoody(['answer', 'answer', 'answer']);
  const emitter = createEmitter({ url: server.url });
  await expect(emitter.emit(input('a'))).resolves.toMatchObject({ outcome: 'ok', sequences: [1], duplicates: 0 });
  await expect(emitter.emit([input('a'), input('b')])).resolves.toMatchObject({ sequences: [1, 2], duplicates: 1 });
  expect(emitter.acknowledged).toBe(2);
  expect(emitter.history()).toMatchObject([
    { taskId: 't', eventId: 'a', outcome: 'ok', sequence: 1 },
    { taskId: 't', eventId: 'b', outcome: 'ok', sequence: 2 },
  ]);
});

test('a refusal is a failure; silence, a doubt and nonsense are unknown', async () => {
  await using server = await openMoody(['refuse', 'record and hang up', 'doubt', 'babble']);
  const emitter = createEmitter({ url: server.url });
  for (const id of ['a', 'b', 'c', 'd']) await emitter.emit(input(id));
  expect(emitter.history().map(({ outcome }) => outcome)).toEqual(['failed', 'unknown', 'unknown', 'unknown']);
});

test('a connection that could not be made carried nothing: a failure', async () => {
  const server = await openMoody([]);
  await server[Symbol.asyncDispose]();
  const emitter = createEmitter({ url: server.url });
  await expect(emitter.emit(input('a'))).resolves.toMatchObject({ outcome: 'failed', retryable: true });
});

test('a refusal after an unanswered attempt leaves the event unknown', async () => {
  await using server = await openMoody(['record and hang up', 'refuse']);
  const emitter = createEmitter({ url: server.url });
  await emitter.emit(input('a'));
  await emitter.emit(input('a'));
  expect(emitter.history()).toMatchObject([{ taskId: 't', eventId: 'a', outcome: 'unknown' }]);
});

test('retries with the same id until it is acknowledged, and records it once', async () => {
  await using server = await openMoody(['refuse', 'record and hang up', 'babble', 'answer']);
  const emitter = createEmitter({ url: server.url, retryDelayMs: 1 });
  await expect(emitter.emitUntilAcknowledged(input('a'))).resolves.toMatchObject({ duplicates: 1 });
  expect(server.recorded()).toEqual(['a']);
});

test('does not retry what will never be accepted, nor after the signal', async () => {
  await using server = await openMoody(['reject', 'refuse']);
  await expect(createEmitter({ url: server.url }).emitUntilAcknowledged(input('a'))).rejects.toThrow('BAD_USER_INPUT');
  const emitter = createEmitter({ url: server.url, signal: AbortSignal.timeout(50), retryDelayMs: 10_000 });
  await expect(emitter.emitUntilAcknowledged(input('b'))).rejects.toMatchObject({ name: 'AbortError' });
});

function input(eventId: string): EmitInput {
  return { taskId: 't', eventId, eventType: 'WARNING', component: 'c', stage: 'REVIEW', message: '' };
}

interface Moody extends AsyncDisposable {
  readonly url: string;
  recorded(): readonly string[];
}

/** Each request meets the next mood. */
async function openMoody(moods: readonly Mood[]): Promise<Moody> {
  const recorded: string[] = [];
  const left = [...moods];
  const server = http.createServer((request, response) => void answer(request, response));
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    // The emitter under test is what sends it.
    const { variables } = JSON.parse(await text(request)) as {
      variables: { inputs: EmitInput[] } | { input: EmitInput };
    };
    const inputs = 'inputs' in variables ? variables.inputs : [variables.input];
    const mood = left.shift();
    const fail = (code: string, outcome?: string): void => {
      response.end(JSON.stringify({ errors: [{ message: '', extensions: { code, outcome } }] }));
    };
    if (mood === 'refuse') return fail('SHUTTING_DOWN');
    if (mood === 'reject') return fail('BAD_USER_INPUT');
    if (mood === 'doubt') return fail('STORE_UNAVAILABLE', 'UNKNOWN');
    if (mood === 'babble') return void response.writeHead(502).end('<html>');
    const results = inputs.map(({ eventId }) => {
      const duplicate = recorded.includes(eventId);
      if (!duplicate) recorded.push(eventId);
      return { duplicate, event: { eventId, sequence: recorded.indexOf(eventId) + 1 } };
    });
    if (mood === 'record and hang up') return void request.socket.resetAndDestroy();
    const data = 'inputs' in variables ? { emitEvents: { results } } : { emitEvent: results[0] };
    response.end(JSON.stringify({ data }));
  };
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  const { port } = server.address() as AddressInfo; // A TCP server's address is never the path of a pipe.
  return {
    url: `http://127.0.0.1:${port}`,
    recorded: () => recorded,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
