/** `createEmitter` against the real server: each event once, in order, whatever is refused or lost on the way. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createEmitter, type EmitterOptions } from '../../src/client/index.ts';
import type { EmitEventInput } from '../../src/client/generated/graphql.ts';
import { toGrants, UnauthenticatedError } from '../../src/index.ts';
import { dataOf, GOOD_EVENT, TASK, startApp } from '../support/app.ts';
import { readTaskLog } from '../support/read-log.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

const EAGER = { random: () => 0, lingerMs: 0 } as const;

function event(message: string, patch: Partial<EmitEventInput> = {}): EmitEventInput {
  return { ...(GOOD_EVENT as EmitEventInput), message, ...patch };
}
function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1));
}
async function messagesOf(url: string, taskId = TASK): Promise<readonly string[]> {
  return (await readTaskLog(url, taskId)).map(({ message }) => message);
}

describe('an emitter', () => {
  test('sends what comes together in few requests, in order, and says what became of each', async () => {
    await using server = await startApp();
    await using emitter = createEmitter({ ...EAGER, url: server.graphqlUrl });
    const recorded = await Promise.all(numbered(2_500).map(async (message) => emitter.emit(event(message))));
    expect(recorded.map(({ sequence }) => sequence)).toEqual(numbered(2_500).map(Number));
    expect(await messagesOf(server.graphqlUrl)).toEqual(numbered(2_500));
    expect(emitter.pending).toBe(0);
  });

  test('records once what was answered and the answer lost', async () => {
    await using server = await startApp();
    await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
    proxy.onConnection((connection) => {
      if (connection.id <= 2) connection.cutMidFrame({ moreBytes: connection.id === 1 ? 1 : 60 });
    });
    const retries: string[] = [];
    await using emitter = createEmitter({
      ...EAGER,
      url: `${proxy.origin}/graphql`,
      onRetry: (error) => retries.push('code' in error ? String(error.code) : error.name),
    });
    const [first] = await Promise.all(numbered(10).map(async (message) => emitter.emit(event(message))));
    expect(first).toMatchObject({ sequence: 1, duplicate: true });
    expect(retries).toEqual(['CONNECTION_FAILED', 'CONNECTION_FAILED']);
    expect(await messagesOf(server.graphqlUrl)).toEqual(numbered(10));
  });

  test('flushes what nobody awaits when it is disposed, and takes nothing more', async () => {
    await using server = await startApp();
    const emitter = createEmitter({ ...EAGER, url: server.graphqlUrl });
    for (const message of numbered(100)) void emitter.emit(event(message));
    await emitter[Symbol.asyncDispose]();
    expect(await messagesOf(server.graphqlUrl)).toEqual(numbered(100));
    await expect(emitter.emit(event('late'))).rejects.toMatchObject({ code: 'EMITTER_CLOSED' });
  });

  test('holds no more than `maxPending`, and says when there is room', async () => {
    await using server = await startApp();
    const refused: string[] = [];
    await using emitter = createEmitter({
      ...EAGER,
      url: server.graphqlUrl,
      maxPending: 10,
      onRefused: (_error, { message }) => refused.push(message),
    });
    const all = numbered(12).map(async (message) => emitter.emit(event(message)));
    expect(emitter.pending).toBe(10);
    expect(refused).toEqual(['11', '12']);
    const outcomes = Promise.allSettled(all);
    await expect(all.at(-1)).rejects.toMatchObject({ code: 'EMITTER_FULL' });
    await emitter.ready();
    await emitter.emit(event('13'));
    expect((await outcomes).filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(await messagesOf(server.graphqlUrl)).toEqual([...numbered(10), '13']);
  });

  test('given up: what waits is told so', async () => {
    await using silent = await openSilent();
    const giveUp = new AbortController();
    await using emitter = createEmitter({ ...EAGER, url: silent.url, signal: giveUp.signal });
    const all = numbered(3).map(async (message) => emitter.emit(event(message)));
    await silent.asked;
    giveUp.abort();
    const outcomes = await Promise.allSettled(all);
    const codes = outcomes.map((outcome) => outcome.status === 'rejected' && codeOf(outcome.reason));
    expect(codes).toEqual(['EMITTER_CLOSED', 'EMITTER_CLOSED', 'EMITTER_CLOSED']);
  });
});

describe('a batch that is refused loses only what was refused', () => {
  async function emitAll(
    events: readonly EmitEventInput[],
    options: EmitterOptions,
  ): Promise<readonly (string | undefined)[]> {
    await using emitter = createEmitter({ ...EAGER, ...options });
    const outcomes = await Promise.allSettled(events.map(async (each) => emitter.emit(each)));
    return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? undefined : codeOf(outcome.reason)));
  }

  test('an event with a bad value, and one whose id was used before', async () => {
    await using server = await startApp();
    await server.emit({ eventId: 'used', message: 'first' });
    const events = [
      event('1'),
      event('bad', { progress: 2 }),
      event('2'),
      event('other', { eventId: 'used' }),
      event('3'),
    ];
    expect(await emitAll(events, { url: server.graphqlUrl })).toEqual([
      undefined,
      'BAD_USER_INPUT',
      undefined,
      'EVENT_ID_CONFLICT',
      undefined,
    ]);
    expect(await messagesOf(server.graphqlUrl)).toEqual(['first', '1', '2', '3']);
  });

  test('an event of a task that the caller may not emit to, which the refusal does not name', async () => {
    const viewer = { name: 'v', grants: toGrants(['emit:mine', 'read:mine']), expiresAt: Infinity, credentials: [] };
    await using server = await startApp({ authenticate: () => viewer });
    const events = numbered(20).map((message) => event(message, { taskId: message === '13' ? 'yours' : 'mine' }));
    const codes = await emitAll(events, { url: server.graphqlUrl });
    expect(codes.filter((code) => code !== undefined)).toEqual(['FORBIDDEN']);
    expect(codes[12]).toBe('FORBIDDEN');
    expect(await messagesOf(server.graphqlUrl, 'mine')).toEqual(numbered(20).filter((message) => message !== '13'));
  });

  test('a caller who may not emit at all is told once for all', async () => {
    let asked = 0;
    await using server = await startApp({
      authenticate: () => {
        asked += 1;
        throw new UnauthenticatedError();
      },
    });
    expect(await emitAll([event('1'), event('2')], { url: server.graphqlUrl })).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ]);
    expect(asked).toBe(1);
  });
});

describe('reports', () => {
  async function reported(act: (emitter: ReturnType<typeof createEmitter>) => Promise<unknown>): Promise<unknown[]> {
    await using server = await startApp();
    const emitter = createEmitter({ ...EAGER, url: server.graphqlUrl });
    await act(emitter);
    await emitter[Symbol.asyncDispose]();
    const answer = await server.post(
      '{ taskEvents(taskId: "t") { nodes { component eventType stage progress message estimatedTimeRemaining } } }',
    );
    const { taskEvents } = dataOf<{ taskEvents: { nodes: Readonly<Record<string, string | number | null>>[] } }>(
      answer,
    );
    return taskEvents.nodes.map((node) =>
      Object.values(node)
        .filter((value) => value !== null)
        .join(' | '),
    );
  }

  test('of a task and its components, in the words of their roles', async () => {
    const lines = await reported(async (emitter) => {
      const task = emitter.task('t');
      void task.started('Off we go');
      let nowMs = 0;
      const result = await task.component('search_drummer').run(
        async (reporter) => {
          nowMs = 3_000;
          void reporter.progress(0.25, 'a quarter');
          return 'found';
        },
        { eta: true, nowMs: () => nowMs },
      );
      expect(result).toBe('found');
      void task.component('editor', { role: 'belter', stage: 'REVIEW' }).assigned('Read it');
      await task.completed('Done');
    });
    expect(lines).toEqual([
      'camina | TASK_STARTED | PLANNING | Off we go',
      'search_drummer | DRUMMER_STARTED | DATA_GATHERING | 0 | search_drummer started',
      'search_drummer | PROGRESS_UPDATE | DATA_GATHERING | 0.25 | a quarter | 9 s',
      'search_drummer | DRUMMER_COMPLETED | DATA_GATHERING | 1 | search_drummer completed',
      'editor | BELTER_ASSIGNED | REVIEW | Read it',
      'camina | TASK_COMPLETED | COMPLETE | 1 | Done',
    ]);
  });

  test('of work that fails: with its message, which is thrown on', async () => {
    const lines = await reported(async (emitter) => {
      const run = emitter
        .task('t')
        .component('price_belter')
        .run(async () => Promise.reject(new Error('no prices')));
      await expect(run).rejects.toThrow('no prices');
    });
    expect(lines.at(-1)).toBe('price_belter | BELTER_FAILED | ANALYSIS | no prices');
  });
});

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'none';
}

/** Takes requests, and never answers. */
async function openSilent(): Promise<AsyncDisposable & { readonly url: string; readonly asked: Promise<void> }> {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = createServer(() => resolve());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
