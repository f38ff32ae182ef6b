/**
 * A server that is told to stop leaves nobody in doubt: it says at once that it is not ready, what it accepted it
 * finishes and answers, every stream ends in the way that makes its client come back, and peers that are silent or do
 * not read cannot hold it up.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { checkHistory } from '../support/history.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { createSseParser } from '../support/sse-parser.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { sized } from '../support/sizes.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const PRODUCERS = 8;
const SIZE = sized({
  usual: { tasks: 1, sockets: 6, streams: 6, silent: 2 },
  full: { tasks: 100, sockets: 2_000, streams: 500, silent: 5 },
});
const TASKS = Array.from({ length: SIZE.tasks }, (_, index) => `sigterm-${index}`);

test('SIGTERM under load: not ready at once, accepted emits answered, streams told to come back, exit 0', async () => {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const server = stack.use(await startServer({ store: dir.sqliteStore }));
  const proxy = stack.use(await openTcpProxy({ target: server }));

  const emitter = createEmitter({ url: server.graphqlUrl });
  const producing = Array.from({ length: PRODUCERS }, async (_, producer) => produceUntilRefused(producer, emitter));
  const sockets = Array.from({ length: SIZE.sockets }, (_, index) =>
    stack.use(openSocket(server.origin, taskOf(index))),
  );
  const streams = Array.from({ length: SIZE.streams }, (_, index) =>
    stack.use(openStream(server.origin, taskOf(index))),
  );
  const silent = Array.from({ length: SIZE.silent }, (_, index) =>
    stack.use((index % 2 === 0 ? openSocket : openStream)(proxy.origin, taskOf(index))),
  );
  const probe = stack.use(openProbe(server.origin));
  const all = [...sockets, ...streams, ...silent];
  await waitFor(() => all.every((one) => one.received() > 10), { withinMs: 90_000, what: 'the load' });
  await waitFor(() => probe.answers().includes(200), { withinMs: 5_000, what: 'readiness' });
  for (const connection of proxy.connections()) connection.halfOpen();

  const exiting = server.sigterm(12_000);
  await waitFor(() => probe.answers().at(-1) !== 200, { withinMs: 1_000, what: 'the word that it is not ready' });
  expect(probe.answers().at(-1)).toBe(503);
  const exit = await exiting;
  expect(exit).toMatchObject({ code: 0, signal: null });
  expect(exit.tookMs).toBeLessThan(10_000);
  await settlesWithin(Promise.all(producing), { withinMs: 5_000, what: 'the producers to stop' });

  const closes = [...sockets, ...streams].map(({ ended }) => ended());
  expect(closes).toEqual([...sockets.map(() => '1012'), ...streams.map(() => 'ended without complete, with retry')]);
  expect(server.stdout).toHaveLength(1);

  // After the restart the log tells whether every producer knew the truth.
  await server.restart();
  const emits = emitter.history();
  expect(emits.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
  for (const taskId of TASKS) {
    const log = await readTaskLog(server.graphqlUrl, taskId);
    const ofTask = emits.filter((each) => each.taskId === taskId);
    expect(checkHistory({ taskId, emits: ofTask, log, watchers: [] })).toEqual([]);
  }
  console.info(`SIGTERM under ${emits.length} emits: exit after ${Math.round(exit.tookMs)} ms`);
}, 240_000);

test('a second SIGTERM does not wait', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer({ store: 'memory:' }));
  const proxy = stack.use(await openTcpProxy({ target: server }));
  const silent = stack.use(openSocket(proxy.origin));
  await createEmitter({ url: server.graphqlUrl }).emit(event('only'));
  await waitFor(() => silent.received() > 0, { withinMs: 5_000, what: 'the stream' });
  for (const connection of proxy.connections()) connection.halfOpen();
  const probe = stack.use(openProbe(server.origin));
  await waitFor(() => probe.answers().includes(200), { withinMs: 5_000, what: 'readiness' });
  const first = server.sigterm();
  // Signals that come together are one: the second goes out when the first was taken.
  await waitFor(() => probe.answers().at(-1) !== 200, { withinMs: 1_000, what: 'the first to be taken' });
  const second = await server.sigterm();
  expect(second.tookMs).toBeLessThan(1_000);
  await first;
}, 60_000);

test('a server whose log nobody reads any more stops all the same', async () => {
  // What it says last meets the exit, or does not.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const command = [MAIN, 'serve', '--port', '0', '--store', 'memory:'];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const exit = once(child, 'exit');
    await settlesWithin(once(child.stdout, 'data'), { withinMs: 20_000, what: 'the line that says listening' });
    child.stderr.destroy();
    child.kill('SIGTERM');
    try {
      expect(await settlesWithin(exit, { withinMs: 10_000, what: 'the exit' })).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  }
}, 90_000);

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends a server that still waits for its store', async (signal) => {
  await using stack = new AsyncDisposableStack();
  const silent = net.createServer();
  stack.defer(() => void silent.close());
  const asked = once(silent, 'connection');
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  const command = [MAIN, 'serve', '--port', '0', '--store', `postgres://nobody@127.0.0.1:${port}/nothing`];
  const child = stack.adopt(spawn(process.execPath, command, { stdio: 'ignore' }), (each) => void each.kill('SIGKILL'));
  const exit = once(child, 'exit');
  await settlesWithin(asked, { withinMs: 20_000, what: 'the server to ask its store' });
  child.kill(signal);
  expect(await settlesWithin(exit, { withinMs: 2_000, what: 'the exit' })).toEqual([0, null]);
});

/** One event after the other, as fast as answers come, until the server does not take another. */
async function produceUntilRefused(producer: number, { emit }: ReturnType<typeof createEmitter>): Promise<void> {
  for (let count = 1; ; count += 1) {
    const result = await emit(event(`p${producer}-${count}`, taskOf(producer + count * PRODUCERS)));
    if (result.outcome !== 'ok' || result.last) return;
  }
}

function taskOf(index: number): string {
  return TASKS[index % TASKS.length] ?? '';
}

function event(eventId: string, taskId = taskOf(0)): EmitInput {
  const what = {
    eventType: 'PROGRESS_UPDATE',
    component: 'camina',
    stage: 'ANALYSIS',
    message: 'on it',
    progress: 0.5,
  };
  return { eventId, taskId, ...what };
}

interface Stream extends Disposable {
  received(): number;
  /** How it ended; undefined while it goes on. */
  ended(): string | undefined;
}

function queryOf(taskId: string): string {
  return `subscription { taskUpdates(taskId: "${taskId}", replay: true) { cursor } }`;
}

function openSocket(origin: string, taskId = taskOf(0)): Stream {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  let received = 0;
  let ended: string | undefined;
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  // The first message is the acknowledgement.
  socket.once('message', () => {
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: queryOf(taskId) } }));
  });
  socket.on('message', () => (received += 1));
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    ended = String(code);
  });
  return { received: () => received, ended: () => ended, [Symbol.dispose]: () => socket.terminate() };
}

function openStream(origin: string, taskId = taskOf(0)): Stream {
  const parser = createSseParser();
  let received = 0;
  let complete = false;
  let ended: string | undefined;
  const url = `${origin}/graphql?${new URLSearchParams({ query: queryOf(taskId) })}`;
  const request = http.get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) => {
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      for (const { type } of parser.push(text)) {
        received += 1;
        complete ||= type === 'complete';
      }
    });
    response.on('error', () => undefined);
    response.on('close', () => {
      const how = response.complete ? 'ended' : 'was cut';
      ended = `${how} ${complete ? 'with' : 'without'} complete, ${parser.retryMs === undefined ? 'no' : 'with'} retry`;
    });
  });
  request.on('error', () => undefined);
  return { received: () => received, ended: () => ended, [Symbol.dispose]: () => request.destroy() };
}

interface Probe extends Disposable {
  /** Status codes, and the codes of errors, oldest first. */
  answers(): readonly (number | string)[];
}

/** Asks for readiness again and again, as a load balancer does, over one connection that is kept. */
function openProbe(origin: string): Probe {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const answers: (number | string)[] = [];
  let disposed = false;
  const ask = (): void => {
    const request = http.get(`${origin}/readyz`, { agent }, (response) => {
      response.resume();
      response.once('end', () => answered(response.statusCode ?? 0));
    });
    request.on('error', (error) => answered('code' in error ? String(error.code) : error.message));
  };
  const answered = (answer: number | string): void => {
    answers.push(answer);
    if (answer === 200 && !disposed) setTimeout(ask, 2);
  };
  ask();
  return {
    answers: () => answers,
    [Symbol.dispose]() {
      disposed = true;
      agent.destroy();
    },
  };
}
