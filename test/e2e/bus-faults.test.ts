/**
 * The bus between two servers fails, and nothing is lost by it: an event that is emitted on one server reaches the
 * watchers of the other within five seconds whatever becomes of the notices, each once and in order; `/readyz` names the
 * bus within fifteen, and goes on to say that the server is ready.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { redisServer, startRedis } from '../support/redis.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { sized } from '../support/sizes.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';

const SILENCE_MS = sized({ usual: 9_000, full: 60_000 });
const RESTARTS = sized({ usual: 1, full: 6 });
const KILLS = sized({ usual: 20, full: 200 });
/** Two at the first; so both came back and were cut again. */
const CUTS = 6;
const DELAY_MS = 5_000;
const SHOWS_MS = 15_000;

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

/** Two servers that hear of each other by `bus`, if at all; emitted to is the first. */
async function openTwo(bus: string): Promise<Scene & { readonly store: string }> {
  const store = await postgres.freshUrl();
  const server = { store, args: ['--bus', bus] };
  const scene = await openScene({ servers: [server, server], emitTo: [0], perSecond: 40 });
  return { ...scene, store };
}

/** Until every server says so. */
async function saysDegraded(scene: Scene, degraded: readonly string[], withinMs: number): Promise<void> {
  const answers = (): Promise<boolean> =>
    scene.expectHealth({ status: 200, degraded }).then(
      () => true,
      () => false,
    );
  await waitFor(answers, { withinMs, what: `/readyz to say ${degraded.join()}`, pollMs: 100 });
}

/** Eats all that is said on the bus of this address. */
async function staysExactInSilence(port: number, urlOf: (port: number) => string): Promise<void> {
  await using proxy = await openTcpProxy({ target: { port } });
  await using scene = await openTwo(urlOf(proxy.port));
  // One more server, of which can be seen what it counts.
  await using counting = await startApp({ store: scene.store, settings: { bus: urlOf(proxy.port) } });
  await using _watcher = openWatcher('ws', { name: 'counted', origin: counting.origin, taskId: 'scene-a' });
  await saysDegraded(scene, [], SHOWS_MS);
  const missedBefore = counting.app.stats().missedNotices;

  let isSilent = true;
  proxy.onConnection((connection) => isSilent && connection.halfOpen());
  for (const connection of proxy.connections()) connection.halfOpen();
  const since = performance.now();
  const delays: number[] = [];
  let shownAfterMs = Number.POSITIVE_INFINITY;
  const shows = saysDegraded(scene, ['bus'], SHOWS_MS).then(() => {
    shownAfterMs = performance.now() - since;
  });
  // It is looked at below; a failure before that must not be hidden by this one.
  shows.catch(() => undefined);
  while (performance.now() - since < SILENCE_MS) delays.push(await scene.flowsWithin(DELAY_MS));
  await shows;
  const missed = counting.app.stats().missedNotices - missedBefore;
  isSilent = false;
  await saysDegraded(scene, [], SHOWS_MS);
  const figures = [Math.max(...delays), shownAfterMs, missed].map(Math.round);
  console.info(`silence of ${SILENCE_MS} ms: delay at most, shown after, missed: ${figures.join(', ')}`);
  expect(missed).toBeGreaterThan(0);
  await scene.finish();
}

// Most of it is waiting, and neither is in the other's way.
describe.concurrent('all that is said is dropped for a while', () => {
  test('NOTIFY', async () => {
    await staysExactInSilence(postgres.port, (port) => `postgres://postgres@127.0.0.1:${port}/postgres`);
  });

  test.skipIf(!redisServer.present)('Redis', async () => {
    await using redis = await startRedis();
    await staysExactInSilence(redis.port, (port) => `redis://127.0.0.1:${port}`);
  });
});

describe.skipIf(!redisServer.present)('Redis', () => {
  test('it is restarted', async () => {
    await using redis = await startRedis();
    await using scene = await openTwo(redis.url);
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      await redis.stop();
      await saysDegraded(scene, ['bus'], SHOWS_MS);
      await scene.flowsWithin(DELAY_MS);
      await redis.start();
      await saysDegraded(scene, [], SHOWS_MS);
      await scene.flowsWithin(DELAY_MS);
    }
    await scene.finish();
  });

  test('the connections that listen are cut again and again', async () => {
    await using redis = await startRedis();
    await using scene = await openTwo(redis.url);
    let cuts = 0;
    // Most find nobody, for whoever is cut again and again comes back later and later.
    for (let kill = 0; kill < KILLS || (cuts < CUTS && kill < 20 * KILLS); kill += 1) {
      cuts += Number(await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'));
      await delay(100 * Math.random()); // The moments are what is random.
    }
    console.info(`connections that listen: ${cuts} were cut`);
    expect(cuts).toBeGreaterThanOrEqual(CUTS);
    await scene.flowsWithin(DELAY_MS);
    await saysDegraded(scene, [], SHOWS_MS);
    await scene.finish();
  });
});
