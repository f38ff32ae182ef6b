/**
 * Connections to Postgres break one by one, or fall silent, while the database is well. Emits are told in time what
 * became of them, streams stay open and go on within five seconds, and no watcher misses or repeats anything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { query } from '../support/read-log.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { sized } from '../support/sizes.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const FAULT_MS = sized({ usual: 3_000, full: 20_000 });
const RESUME_MS = 5_000;

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

function unknownIn({ attempts }: Scene): number {
  return attempts.filter(({ result }) => result.outcome === 'unknown').length;
}

test('sessions are ended again and again, whatever they are doing', async () => {
  const store = await postgres.freshUrl();
  await using scene = await openScene({ servers: [{ store }, { store }] });
  const end = performance.now() + FAULT_MS;
  let ended = 0;
  while (performance.now() < end) {
    ended += await postgres.killBackends();
    await delay(20 + 60 * Math.random()); // The moments are what is random.
  }
  expect(ended).toBeGreaterThan(0);
  console.info(`killed sessions: ${ended}; flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.finish();
});

test('sessions are ended while their commits are under way: what may be stored is said to be unknown', async () => {
  const store = await postgres.freshUrl();
  await using scene = await openScene({ servers: [{ store }] });
  // A commit waits for a replica that is not there, so it is stored and not acknowledged.
  const setReplica = async (name: string): Promise<void> => {
    await postgres.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
    await postgres.query('SELECT pg_reload_conf()');
  };
  await setReplica('nobody');
  try {
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
    const isUnknown = async (): Promise<boolean> => {
      await postgres.query(kill);
      return unknownIn(scene) >= 5;
    };
    await waitFor(isUnknown, { withinMs: 10_000, what: 'commits to be cut off', pollMs: 20 });
  } finally {
    await setReplica('');
  }
  await scene.flowsWithin(RESUME_MS);
  await scene.finish();
  expect(unknownIn(scene)).toBeGreaterThanOrEqual(5);
});

/** As `url`, by way of the proxy. */
function through(proxy: TcpProxy, url: string): string {
  return url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
}

/** Nothing comes through, on new connections neither, until it is restored. */
function silence(proxy: TcpProxy): () => void {
  let isSilent = true;
  proxy.onConnection((connection) => isSilent && connection.halfOpen());
  for (const connection of proxy.connections()) connection.halfOpen();
  return () => void (isSilent = false);
}

/** Has the server open as many connections as it ever does. */
async function readAtOnce({ servers }: Scene): Promise<void> {
  const list = '{ tasks(first: 50) { nodes { id progress { sequence } } } }';
  await Promise.all(Array.from({ length: 40 }, () => query(servers[0]?.graphqlUrl ?? '', list, {})));
}

test('all connections fall silent, and new ones go through', async () => {
  await using proxy = await openTcpProxy({ target: { port: postgres.port } });
  const store = through(proxy, await postgres.freshUrl());
  await using scene = await openScene({ servers: [{ store }] });
  await readAtOnce(scene);
  for (const connection of proxy.connections()) connection.halfOpen();
  console.info(`silent connections: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.finish();
});

test('nothing goes through for a while, and nobody is told', async () => {
  await using proxy = await openTcpProxy({ target: { port: postgres.port } });
  const store = through(proxy, await postgres.freshUrl());
  await using scene = await openScene({ servers: [{ store }] });
  await readAtOnce(scene);
  const restore = silence(proxy);
  await delay(FAULT_MS); // The silence is what is tested.
  await scene.expectHealth({ status: 503, reasons: ['store'] });
  restore();
  console.info(`silence: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.finish();
});

test('one of two servers is cut off from the database: the other goes on, and afterwards both know the same', async () => {
  await using proxy = await openTcpProxy({ target: { port: postgres.port } });
  const store = await postgres.freshUrl();
  await using scene = await openScene({ servers: [{ store }, { store: through(proxy, store) }] });
  const restore = silence(proxy);
  const readiness = ({ origin }: { readonly origin: string }): Promise<number> =>
    fetch(`${origin}/readyz`).then(({ status }) => status);
  const isCutOff = async (): Promise<boolean> => (await Promise.all(scene.servers.map(readiness))).join() === '200,503';
  await waitFor(isCutOff, { withinMs: 10_000, what: 'the second, and only that, not to be ready', pollMs: 50 });
  const well = scene.watchers.filter(({ name }) => name.endsWith('server 1'));
  const before = well.map(({ at }) => at);
  const isFed = (): boolean => well.every(({ at }, index) => at > (before[index] ?? at) + 20);
  await waitFor(isFed, { withinMs: 10_000, what: 'news for the watchers of the first' });
  restore();
  console.info(`cut off: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.finish();
});
