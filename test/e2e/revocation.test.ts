/**
 * Many streams that are revoked at once, and tokens that expire while the machine sleeps: nothing that was recorded
 * after its time reaches a watcher.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { signToken } from '../../src/auth/tokens.ts';
import { startServer } from '../support/server-process.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const SECRET = 'a secret that is long enough to sign with';
const WIDE = ['--max-connections-per-address', '10000', '--max-sockets-per-viewer', '10000', '--log-level', 'warn'];
const EMIT = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { event { recordedAt } } }';
const WATCH = 'subscription { taskUpdates(taskId: "t") { ... on TaskEventRecorded { event { recordedAt } } } }';
const EVENT = { taskId: 't', eventType: 'PROGRESS_UPDATE', component: 'c', stage: 'ANALYSIS', message: 'm' };

interface Spy extends Disposable {
  /** Of the latest event it was given, milliseconds since 1970. */
  readonly latest: number;
  readonly events: number;
  readonly errors: readonly string[];
  readonly closeCode: number | undefined;
}

function watch(origin: string, bearer: string): Spy {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const state = { latest: 0, events: 0, errors: [] as string[], closeCode: undefined as number | undefined };
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${bearer}` } }));
  });
  socket.on('close', (code) => (state.closeCode = code));
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    // `ws` hands over one Buffer unless told otherwise.
    const text = (data as Buffer).toString();
    if (text.includes('connection_ack'))
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } }));
    const recordedAt = /"recordedAt":"([^"]+)"/.exec(text)?.[1];
    if (recordedAt !== undefined) {
      state.latest = Date.parse(recordedAt);
      state.events += 1;
    }
    const code = /"type":"error".*"code":"(\w+)"/.exec(text)?.[1];
    if (code !== undefined) state.errors.push(code);
  });
  return Object.assign(state, { [Symbol.dispose]: () => socket.terminate() });
}

async function emit(url: string, bearer: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ query: EMIT, variables: { input: EVENT } }),
  });
  expect(response.status).toBe(200);
}

test('of 500 streams 250 are revoked: they get nothing that was recorded 5 s later, and the others miss nothing', async () => {
  await using directory = await openTempDir();
  const file = join(directory.path, 'keys.json');
  const keep = createApiKey('keep', ['read:*', 'emit:*'], new Date());
  const leave = createApiKey('leave', ['read:*'], new Date());
  await writeKeyFile(file, { keys: [keep.kept, leave.kept], revoked: [] });
  await using server = await startServer({ store: directory.sqliteStore, args: ['--auth-keys', file, ...WIDE] });
  await emit(server.graphqlUrl, keep.key);
  using stack = new DisposableStack();
  const spies = Array.from({ length: 500 }, (_, index) => {
    return stack.use(watch(server.origin, index % 2 === 0 ? keep.key : leave.key));
  });
  let emitted = 0;
  const stop = new AbortController();
  const emitting = (async () => {
    while (!stop.signal.aborted) {
      await emit(server.graphqlUrl, keep.key);
      emitted += 1;
      await delay(20);
    }
  })();
  await waitFor(() => spies.every(({ events }) => events > 0), { withinMs: 20_000, what: 'everybody to be live' });

  const revokedAt = Date.now();
  await writeKeyFile(file, { keys: [keep.kept], revoked: [] });
  const revoked = spies.filter((_, index) => index % 2 === 1);
  const others = spies.filter((_, index) => index % 2 === 0);
  await waitFor(() => revoked.every(({ closeCode }) => closeCode !== undefined), {
    withinMs: 10_000,
    what: 'the revoked to be closed',
  });
  const tookMs = Date.now() - revokedAt;
  const before = emitted;
  await waitFor(() => emitted > before + 20, { withinMs: 10_000, what: 'emits to go on' });
  stop.abort();
  await emitting;
  const latest = Math.max(...revoked.map((spy) => spy.latest)) - revokedAt;
  console.info(
    `revocation: 250 streams closed within ${tookMs} ms; the last event they got was recorded after ${latest} ms`,
  );
  expect(latest).toBeLessThan(5_000);
  expect(new Set(revoked.flatMap(({ errors }) => errors))).toEqual(new Set(['TOKEN_REVOKED']));
  expect(new Set(revoked.map(({ closeCode }) => closeCode))).toEqual(new Set([4403]));
  expect(others.filter(({ closeCode, errors }) => closeCode !== undefined || errors.length > 0)).toEqual([]);
  const newest = Math.max(...others.map((spy) => spy.latest));
  await waitFor(() => others.every((spy) => spy.latest === newest), {
    withinMs: 5_000,
    what: 'the others to have all',
  });
}, 90_000);

test('a token that expires while the machine sleeps is given nothing when it wakes', async () => {
  await using directory = await openTempDir();
  const env = { DRUMLINE_AUTH_SECRET: SECRET };
  await using server = await startServer({ store: directory.sqliteStore, args: WIDE, env });
  const rules = { secret: SECRET, audience: 'drumline' };
  const order = (grants: readonly string[], expiresInSeconds: number) => ({ grants, expiresInSeconds, givenBy: [] });
  const producer = await signToken(rules, order(['emit:*'], 600), Date.now());
  const short = await signToken(rules, order(['read:t'], 3), Date.now());
  await emit(server.graphqlUrl, producer.token);
  using spy = watch(server.origin, short.token);
  await waitFor(
    async () => {
      await emit(server.graphqlUrl, producer.token);
      return spy.events > 0;
    },
    { withinMs: 2_000, what: 'the watcher to be live', pollMs: 20 },
  );
  server.freeze();
  await delay(Math.max(0, short.expiresAt - Date.now()) + 500); // Until it has expired, and a little longer.
  // It waits in the server's socket, before the server knows that time has passed.
  const emitting = emit(server.graphqlUrl, producer.token);
  server.thaw();
  await emitting;
  await waitFor(() => spy.closeCode !== undefined, { withinMs: 5_000, what: 'the watcher to be closed' });
  expect(spy.errors).toEqual(['TOKEN_EXPIRED']);
  expect(spy.closeCode).toBe(4403);
  expect(spy.latest).toBeLessThan(short.expiresAt);
}, 30_000);
