/**
 * The promise that everything else stands on: a watcher misses nothing, sees nothing twice, and sees it in order,
 * whatever the network does to it. A recorded run is replayed over and over, at twenty times the speed at which such
 * runs happen, while every watcher's connection is cut again and again, in its handshake, between frames and within
 * them. At that speed a watcher is mostly behind, and comes back into the middle of a crowd that is.
 */
import { expect, test } from 'vitest';
import { readFixture } from '../support/fixtures.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { checkHistory } from '../support/history.ts';
import { openRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { readTaskLog } from '../support/read-log.ts';
import { replay } from '../support/replay.ts';
import { startServer } from '../support/server-process.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import type { CutKind, TcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';
import type { Watcher } from '../support/watchers.ts';

const WATCHERS = 50;
const CUTS_EACH = 20;
const RUNS = 10;
/** Unless the machine takes fewer. */
const EVENTS_PER_SECOND = 4_000;
/** 20 connections of at most so many bytes are less than the whole stream: every cut falls into it. */
const MOST_BYTES_EACH = 14_000 * RUNS;

test('50 watchers, each cut 20 times during 10 replays in one, see 1 to 5,930 exactly once in order, and the end', async () => {
  const random = openRandom('cuts');
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const server = stack.use(await startServer({ store: dir.sqliteStore }));
  const events = replays();
  const taskId = events[0]?.taskId ?? '';

  const victims: Victim[] = [];
  for (let index = 0; index < WATCHERS; index += 1) {
    victims.push(stack.use(await openVictim({ index, taskId, port: server.port, random })));
  }
  const { emits, tookMs } = await replay({ url: server.graphqlUrl, events, perSecond: EVENTS_PER_SECOND });
  console.info(`cuts: emitted ${Math.round((events.length / tookMs) * 1_000)} events a second`);
  const ended = Promise.all(victims.map(async ({ watcher }) => watcher.ended));
  await settlesWithin(ended, { withinMs: 60_000, what: () => victims.map(({ describe }) => describe()).join('\n') });

  expect(victims.map((victim) => victim.cuts())).toEqual(victims.map(() => CUTS_EACH));
  const log = await readTaskLog(server.graphqlUrl, taskId);
  expect(log.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
  const watchers = victims.map(({ watcher }) => watcher.record(true));
  expect(checkHistory({ taskId, emits, log, watchers }), `seed ${random.seed}`).toEqual([]);
  // The judge lets an announced gap pass; here nothing was ever out of reach.
  const gaps = victims.flatMap(({ watcher }) => watcher.frames().filter(({ __typename }) => __typename === 'TaskGap'));
  expect(gaps).toEqual([]);
}, 90_000);

/** One run after the other on one task, which only the last of them ends. */
function replays(): readonly EmitInput[] {
  const one = readFixture('code-survey');
  return Array.from({ length: RUNS }, (_, run) =>
    one.map((event): EmitInput => {
      const ends = event.eventType === 'TASK_COMPLETED' && run < RUNS - 1;
      const eventId = `run-${run + 1}-${event.eventId}`;
      return { ...event, eventId, ...(ends ? { eventType: 'PROGRESS_UPDATE' } : {}) };
    }),
  ).flat();
}

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
