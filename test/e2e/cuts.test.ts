/**
 * The promise that everything else stands on: a watcher misses nothing, sees nothing twice, and sees it in order,
 * whatever the network does to it. A recorded run is replayed at the speed at which such runs happen, while every
 * watcher's connection is cut again and again, in its handshake, between frames and within them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEmitter } from '../support/emitter.ts';
import type { Emitter } from '../support/emitter.ts';
import { readFixture } from '../support/fixtures.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { checkHistory } from '../support/history.ts';
import { openRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import type { CutKind, TcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';
import type { Watcher } from '../support/watchers.ts';

const WATCHERS = 50;
const CUTS_EACH = 20;
const EVENTS_PER_SECOND = 200;
/** 20 connections of at most so many bytes are less than the whole stream: every cut falls into it. */
const MOST_BYTES_EACH = 14_000;

test('50 watchers, each cut 20 times during a replay, see 1 to 593 exactly once in order, and the end', async () => {
  const random = openRandom('cuts');
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const server = stack.use(await startServer({ store: dir.sqliteStore }));
  const events = readFixture('code-survey');
  const taskId = events[0]?.taskId ?? '';

  const victims: Victim[] = [];
  for (let index = 0; index < WATCHERS; index += 1) {
    victims.push(stack.use(await openVictim({ index, taskId, port: server.port, random })));
  }
  const emitter = createEmitter({ url: server.graphqlUrl });
  await replay(emitter, events);
  const ended = Promise.all(victims.map(async ({ watcher }) => watcher.ended));
  await settlesWithin(ended, { withinMs: 60_000, what: () => victims.map(({ describe }) => describe()).join('\n') });

  expect(victims.map((victim) => victim.cuts())).toEqual(victims.map(() => CUTS_EACH));
  const log = await readTaskLog(server.graphqlUrl, taskId);
  expect(log.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
  const watchers = victims.map(({ watcher }) => watcher.record(true));
  expect(checkHistory({ taskId, emits: emitter.history(), log, watchers }), `seed ${random.seed}`).toEqual([]);
  // The judge lets an announced gap pass; here nothing was ever out of reach.
  const gaps = victims.flatMap(({ watcher }) => watcher.frames().filter(({ __typename }) => __typename === 'TaskGap'));
  expect(gaps).toEqual([]);
}, 120_000);

interface Victim extends AsyncDisposable {
  readonly watcher: Watcher;
  cuts(): number;
  describe(): string;
}

interface VictimOptions {
  readonly index: number;
  readonly taskId: string;
  readonly port: number;
  readonly random: Random;
}

async function openVictim({ index, taskId, port, random }: VictimOptions): Promise<Victim> {
  const transport = index % 2 === 0 ? 'ws' : 'sse';
  const proxy = await openTcpProxy({ target: { port } });
  const options = { name: `${transport} ${index}`, origin: proxy.origin, taskId, replay: true };
  const cutter = cutConnections({ proxy, random, onSilence: () => watcher.pathDied() });
  const watcher = openWatcher(transport, { ...options, silenceMs: 1_000, retryMs: random.int(1, 30) });
  return {
    watcher,
    cuts: cutter.cuts,
    describe: () => `${watcher.name}: at ${watcher.at} after ${watcher.connects} connections, ${cutter.cuts()} cuts`,
    async [Symbol.asyncDispose]() {
      await watcher[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

interface CutterOptions {
  readonly proxy: TcpProxy;
  readonly random: Random;
  /** The client learns, by other means than the connection, that its path is dead. */
  readonly onSilence: () => void;
}

/** Gives each new connection a number of bytes to live, and one of the three deaths, until all cuts were made. */
function cutConnections({ proxy, random, onSilence }: CutterOptions): { readonly cuts: () => number } {
  let cuts = 0;
  proxy.onConnection((connection) => {
    if (cuts === CUTS_EACH) return;
    const how = random.pick<CutKind>(['clean close', 'reset', 'half-open']);
    // One in two dead paths must be found by the client itself, by its silence.
    const toldAfterMs = random.pick([undefined, random.int(20, 120)]);
    connection.cutMidFrame({
      moreBytes: random.int(0, MOST_BYTES_EACH),
      how,
      onCut() {
        cuts += 1;
        if (how === 'half-open' && toldAfterMs !== undefined) setTimeout(onSilence, toldAfterMs);
      },
    });
  });
  return { cuts: () => cuts };
}

/** In order and on time; what is late goes out together. */
async function replay(emitter: Emitter, events: readonly EmitInput[]): Promise<void> {
  const since = performance.now();
  for (let sent = 0; sent < events.length;) {
    const due = Math.floor(((performance.now() - since) / 1_000) * EVENTS_PER_SECOND) + 1;
    const batch = events.slice(sent, due);
    sent += batch.length;
    if (batch.length > 0) await emitter.emitUntilAcknowledged(batch);
    else await delay(1);
  }
}
