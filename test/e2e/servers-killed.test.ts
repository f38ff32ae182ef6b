/**
 * Watchers that go from server to server with their cursor stay exact, whatever happens to the servers: killed and
 * started again at random under load, restarted one after the other, or paused like a machine that is moved. What
 * producers repeat with the same event ids is recorded once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { checkHistory } from '../support/history.ts';
import { completion, produce, progressEvent } from '../support/producers.ts';
import { openRandom, type Random } from '../support/random.ts';
import { readTaskLog } from '../support/read-log.ts';
import { openRoamingWatcher, type RoamingWatcher } from '../support/roaming-watcher.ts';
import { startServers, type RunningServers } from '../support/servers.ts';
import { sized } from '../support/sizes.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

const SERVERS = 3;
const TASKS = ['a', 'b', 'c', 'd', 'e'];
/** What a client sees of a connection that was closed before it was read. */
const CLOSED_DOOR: ReadonlySet<string> = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE']);
const TRANSPORTS = ['ws', 'sse'] as const;

test('50 watchers on 3 servers that are killed and restarted at random under load are exact', async () => {
  const random = openRandom('servers killed');
  const forMs = sized({ usual: 10_000, full: 60_000 });
  // One event a request would be as many requests as two cores take beside all this, and fewer events.
  await using crowd = await openCrowd(random, { roaming: 46, perSecond: 500, mostTogether: 7 });
  const until = performance.now() + forMs;
  let kills = 0;
  while (performance.now() < until) {
    const victim = crowd.servers.member(random.int(0, SERVERS - 1));
    await victim.kill9();
    kills += 1;
    await delay(random.int(0, 1_000)); // How long it is away is what is random.
    await victim.restart();
    await delay(random.int(0, 2_000)); // And how long until the next.
  }
  const { perSecond, connects } = await crowd.finish();
  console.info(`servers killed: ${kills} kills, ${perSecond} events/s, ${connects} connections of watchers`);
  expect(kills).toBeGreaterThan(0);
}, 240_000);

test('3 servers restarted one after the other by SIGTERM under load: nothing lost or in doubt, watchers exact', async () => {
  await using crowd = await openCrowd(openRandom('rolling restart'), { roaming: 16, perSecond: 200 });
  for (const member of crowd.servers.members) {
    expect(await member.sigterm()).toMatchObject({ code: 0 });
    await member.restart();
    const { told } = crowd;
    await waitFor(() => crowd.told > told + 100, { withinMs: 20_000, what: 'the load to go on' });
  }
  const { unknown } = await crowd.finish();
  console.info(`rolling restart: ${unknown.length} attempts were sent to a door that was closing`);
  // Those never arrived; what arrived was answered, and nobody was told that its fate is not known.
  expect(unknown.filter((cause) => !CLOSED_DOOR.has(cause))).toEqual([]);
}, 120_000);

test('a server paused for a while under load goes on where it was: its watchers and its producers are exact', async () => {
  const pauseMs = sized({ usual: 6_000, full: 60_000 });
  await using crowd = await openCrowd(openRandom('paused'), { roaming: 16, perSecond: 200, staysPut: true });
  const victim = crowd.servers.member(0);
  const { told } = crowd;
  await waitFor(() => crowd.told > told + 200, { withinMs: 20_000, what: 'the load' });
  victim.freeze();
  await delay(pauseMs); // Longer than every timeout between it and Postgres.
  victim.thaw();
  await crowd.finish();
}, 240_000);

interface Crowd extends AsyncDisposable {
  readonly servers: RunningServers;
  /** Events acknowledged so far. */
  readonly told: number;
  /** Ends the load and the tasks; everybody must have seen everything. */
  finish(): Promise<{ readonly perSecond: number; readonly connects: number; readonly unknown: readonly string[] }>;
}

interface CrowdOptions {
  /** Watchers beside the four that write everything down. */
  readonly roaming: number;
  /** Events, or as many as the machine takes beside all this. */
  readonly perSecond: number;
  /** A request has from one event to so many, of several tasks. */
  readonly mostTogether?: number;
  /** Watchers stay at their server. */
  readonly staysPut?: boolean;
}

/** Servers under load, with watchers of every task at all of them. */
async function openCrowd(random: Random, options: CrowdOptions): Promise<Crowd> {
  const { roaming, perSecond, mostTogether = 1, staysPut = false } = options;
  await using owned = new AsyncDisposableStack();
  const servers = owned.use(await startServers({ servers: SERVERS }));
  const originFor = (index: number) => (): string =>
    servers.member(staysPut ? index : random.int(0, SERVERS - 1)).origin;
  const emitter = createEmitter({ url: () => `${originFor(random.int(0, SERVERS - 1))()}/graphql` });
  const taskOf = (index: number): string => TASKS[index % TASKS.length] ?? '';
  const stop = new AbortController();
  owned.defer(() => stop.abort());
  const unknown: string[] = [];
  let events = 0;
  const nextEvent = (): EmitInput => {
    events += 1;
    return progressEvent(taskOf(events), events);
  };
  const startedAt = performance.now();
  const producing = produce({
    producers: 48,
    perSecond,
    next() {
      if (stop.signal.aborted) return undefined;
      const together = random.int(1, mostTogether);
      return together === 1 ? nextEvent() : Array.from({ length: together }, nextEvent);
    },
    send: (inputs) => sendUntilAcknowledged(emitter, inputs, unknown),
  });
  const light = Array.from({ length: roaming }, (_, index) => {
    const transport = TRANSPORTS[index % 2] ?? 'ws';
    return owned.use(openRoamingWatcher({ transport, origin: originFor(index), taskId: taskOf(index) }));
  });
  const whole = [0, 1, 2, 3].map((index) => {
    const transport = TRANSPORTS[index % 2] ?? 'ws';
    const at = { name: `${transport} ${index}`, origin: originFor(index), taskId: taskOf(0), replay: true };
    // Over three servers, so that each has both kinds sooner or later.
    return owned.use(openWatcher(transport, { ...at, silenceMs: 300_000 }));
  });
  const resources = owned.move();
  return {
    servers,
    get told() {
      return emitter.acknowledged;
    },
    async finish() {
      stop.abort();
      await settlesWithin(producing, { withinMs: 60_000, what: 'the producers' });
      const tookMs = performance.now() - startedAt;
      for (const taskId of TASKS) await emitter.emitUntilAcknowledged(completion(taskId));
      const all = [...light, ...whole];
      const what = (): string => all.map(({ at, connects }) => `${at} after ${connects}`).join(', ');
      await settlesWithin(Promise.all(all.map(({ ended }) => ended)), { withinMs: 60_000, what });
      await expectExact({ servers, emitter, light, whole, taskOf });
      const connects = all.reduce((sum, watcher) => sum + watcher.connects, 0);
      return { perSecond: Math.round((emitter.acknowledged / tookMs) * 1_000), connects, unknown };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function sendUntilAcknowledged(
  emitter: Emitter,
  inputs: Parameters<Emitter['emit']>[0],
  unknown: string[],
): Promise<void> {
  for (;;) {
    const result = await emitter.emit(inputs);
    if (result.outcome === 'ok') return;
    if (result.outcome === 'unknown') unknown.push(result.cause);
    else if (!result.retryable) throw new Error(`refused for good: ${result.code}`);
    await delay(10);
  }
}

interface Seen {
  readonly servers: RunningServers;
  readonly emitter: Emitter;
  readonly light: readonly RoamingWatcher[];
  readonly whole: readonly Watcher[];
  readonly taskOf: (index: number) => string;
}

async function expectExact({ servers, emitter, light, whole, taskOf }: Seen): Promise<void> {
  for (const [index, taskId] of TASKS.entries()) {
    const log = await readTaskLog(servers.member(index).graphqlUrl, taskId);
    const emits = emitter.history().filter((emit) => emit.taskId === taskId);
    expect(emits.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    const watchers = taskId === taskOf(0) ? whole.map((watcher) => watcher.record(true)) : [];
    expect(checkHistory({ taskId, emits, log, watchers })).toEqual([]);
    const mine = light.filter((_, number) => taskOf(number) === taskId);
    const end = { wrong: [], at: log.length, cursor: log.at(-1)?.cursor };
    for (const { wrong, at, cursor } of mine) expect({ wrong, at, cursor }).toEqual(end);
  }
  const gaps = whole.flatMap((watcher) => watcher.frames()).filter(({ __typename }) => __typename === 'TaskGap');
  expect(gaps).toEqual([]);
}
