/**
 * The wall clock of a running server jumps by an hour, forth and back. Order and the times of recording do not go back
 * with it, streams and heartbeats do not notice, and a token is good until the clock says that its time is over.
 */
import { expect, test } from 'vitest';
import { signToken } from '../../src/auth/tokens.ts';
import { createEmitter } from '../support/emitter.ts';
import { clockIsOffBy, createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { checkHistory } from '../support/history.ts';
import { completion, progressEvent } from '../support/producers.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { createSseClient } from '../support/sse-client.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';
import { openWsClient, type WsClient } from '../support/ws-client.ts';

const canJump = systemProgram('faketime', { debian: 'faketime' }).present;
const HOUR_S = 3_600;
const JUMPS = [HOUR_S, -HOUR_S, 0];
const BEAT_MS = 500;
const SECRET = 'a secret that is long enough to sign with';
const EMIT = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { duplicate } }';
const WATCH = 'subscription { taskUpdates(taskId: "t") { __typename cursor } }';

interface Place extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly clock: FakeClock;
}

async function openPlace(env: Readonly<Record<string, string>> = {}): Promise<Place> {
  await using owned = new AsyncDisposableStack();
  const directory = owned.use(await openTempDir());
  const clock = createFakeClock(directory.path);
  const args = ['--keep-alive-ms', String(BEAT_MS), '--log-level', 'warn'];
  const options = { store: directory.sqliteStore, args, env: { ...env, ...clock.env } };
  const server = owned.use(await startServer(options));
  const resources = owned.move();
  return { server, clock, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test.skipIf(!canJump)(
  'order, recording times, streams and heartbeats go on as if nothing had happened',
  async () => {
    await using place = await openPlace();
    const { server, clock } = place;
    await using stack = new AsyncDisposableStack();
    const emitter = createEmitter({ url: server.graphqlUrl });
    // Twice as long as the heartbeats are apart, and more: who does not hear them comes back by a new connection.
    const options = { origin: server.origin, taskId: 't', replay: true, silenceMs: 5 * BEAT_MS };
    const watchers = (['ws', 'sse'] as const).map((kind) => stack.use(openWatcher(kind, { ...options, name: kind })));
    const idle = stack.use(await createSseClient({ url: server.graphqlUrl, query: WATCH.replace('"t"', '"idle"') }));
    const beats = (): number => idle.text.split('\n').filter((line) => line.startsWith(':')).length;

    let emitted = 0;
    const emitSome = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1) {
        emitted += 1;
        await emitter.emitUntilAcknowledged(progressEvent('t', emitted));
      }
      const what = (): string => `the watchers to be at ${emitted}, not ${watchers.map(({ at }) => at).join()}`;
      await waitFor(() => watchers.every(({ at }) => at === emitted), { withinMs: 5_000, what });
    };

    await emitSome();
    for (const seconds of JUMPS) {
      clock.set(seconds);
      await clockIsOffBy(server.origin, seconds);
      await emitSome();
      const before = beats();
      const since = performance.now();
      await waitFor(() => beats() >= before + 4, { withinMs: 20 * BEAT_MS, what: 'four heartbeats' });
      expect(performance.now() - since, 'they do not come all at once').toBeGreaterThan(2 * BEAT_MS);
    }
    await emitter.emitUntilAcknowledged(completion('t'));
    await settlesWithin(Promise.all(watchers.map(({ ended }) => ended)), { withinMs: 10_000, what: 'the ends' });

    const log = await readTaskLog(server.graphqlUrl, 't');
    const times = log.map(({ recordedAt }) => Date.parse(recordedAt));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0), 'the jump was recorded').toBeGreaterThan(HOUR_S * 990);
    const records = watchers.map((watcher) => watcher.record(true));
    expect(checkHistory({ taskId: 't', emits: emitter.history(), log, watchers: records })).toEqual([]);
    // An EventSource is told by the answer to one more request that there is no more.
    expect(records.map(({ streams }) => streams.filter(({ frames }) => frames.length > 0).length)).toEqual([1, 1]);
  },
  60_000,
);

test.skipIf(!canJump)(
  'a token ends when the clock passes its time, and no other with it',
  async () => {
    await using place = await openPlace({ DRUMLINE_AUTH_SECRET: SECRET });
    const { server, clock } = place;
    await using stack = new AsyncDisposableStack();
    const open = async (seconds: number): Promise<WsClient> => {
      const rules = { secret: SECRET, audience: 'drumline' };
      const order = { grants: ['read:*', 'emit:*'], expiresInSeconds: seconds, givenBy: [] };
      const { token } = await signToken(rules, order, Date.now());
      const client = stack.use(await openWsClient(server.origin, { params: { authorization: `Bearer ${token}` } }));
      await client.init();
      client.subscribe('emit', EMIT, { input: progressEvent('t', seconds) });
      await client.nextOf('emit');
      client.subscribe('1', WATCH);
      await client.nextOf('1');
      return client;
    };
    const short = await open(HOUR_S / 2);
    const long = await open(2 * HOUR_S);
    await short.nextOf('1'); // What the other emitted.

    clock.set(-HOUR_S);
    await clockIsOffBy(server.origin, -HOUR_S);
    clock.set(HOUR_S);
    const since = performance.now();
    expect(await short.nextOf('1', 'error')).toMatchObject([{ extensions: { code: 'TOKEN_EXPIRED' } }]);
    expect((await short.closed()).code).toBe(4403);
    expect(performance.now() - since).toBeLessThan(2_000);

    clock.set(0);
    await clockIsOffBy(server.origin, 0);
    long.subscribe('2', WATCH);
    await long.nextOf('2');
    expect(long.socket.readyState).toBe(long.socket.OPEN);
  },
  30_000,
);
