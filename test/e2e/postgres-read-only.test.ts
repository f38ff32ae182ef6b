/**
 * A database that takes no writes: an operator made it read only, or the address leads to a replica that is still to be
 * promoted. Emits are refused as surely not stored, streams stay open, and all goes on by itself once it takes writes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { sized } from '../support/sizes.ts';

const FAULT_MS = sized({ usual: 2_500, full: 20_000 });
const RESUME_MS = 5_000;

async function setReadOnly(postgres: PostgresServer, value: 'on' | 'off'): Promise<void> {
  await postgres.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
  await postgres.query('SELECT pg_reload_conf()');
}

async function isRefused({ attempts }: Scene): Promise<void> {
  const since = performance.now();
  const isFailed = (): boolean =>
    attempts.some(({ startedAt, result }) => startedAt >= since && result.outcome === 'failed');
  await waitFor(isFailed, { withinMs: 10_000, what: 'an emit to be refused', pollMs: 10 });
}

test('an operator makes the database read only, and writable again', async () => {
  await using postgres = await startPostgres();
  await using scene = await openScene({ servers: [{ store: postgres.url }] });
  await setReadOnly(postgres, 'on');
  await isRefused(scene);
  await delay(FAULT_MS); // The time is what is tested.
  await scene.expectHealth({ status: 503, reasons: ['store'] });
  // An administrator's own transaction is read only as well.
  await postgres.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE');
  await setReadOnly(postgres, 'off');
  console.info(`read only: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.expectHealth({ status: 200, reasons: [] });
  await scene.finish();
});

test('the primary is gone, its replica has everything, and is promoted', async () => {
  await using primary = await startPostgres();
  await using proxy = await openTcpProxy({ target: { port: primary.port } });
  const store = primary.url.replace(`:${primary.port}/`, `:${proxy.port}/`);
  await using scene = await openScene({ servers: [{ store }] });
  await primary.stop();
  await using replica = await startPostgres({ copyOf: primary, isStandby: true });
  proxy.retarget({ port: replica.port });
  for (const connection of proxy.connections()) connection.reset();
  await isRefused(scene);
  await delay(FAULT_MS); // The time is what is tested.
  await scene.expectHealth({ status: 503, reasons: ['store'] });
  await replica.query('SELECT pg_promote()');
  console.info(`promoted: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.finish();
});
