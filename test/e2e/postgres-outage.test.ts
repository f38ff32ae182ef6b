/**
 * Postgres goes away under load and comes back. Emits are told in time what became of them, streams stay open and go on
 * within five seconds, the server lives and says that it is not ready, and no watcher misses or repeats anything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { openScene } from '../support/scene.ts';
import { sized } from '../support/sizes.ts';

const OUTAGE_MS = sized({ usual: 3_000, full: 20_000 });
const RESUME_MS = 5_000;

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

test('Postgres crashes and is started again', async () => {
  const store = await postgres.freshUrl();
  await using scene = await openScene({ servers: [{ store }, { store }] });
  await postgres.stop('SIGQUIT');
  await delay(OUTAGE_MS); // The outage is what is tested.
  await scene.expectHealth({ status: 503, reasons: ['store'] });
  await postgres.start();
  console.info(`crash: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.expectHealth({ status: 200, reasons: [] });
  await scene.finish();
});

test('Postgres answers nothing for a while: all its processes are stopped, and go on', async () => {
  const store = await postgres.freshUrl();
  await using scene = await openScene({ servers: [{ store }] });
  await postgres.freeze();
  try {
    await delay(OUTAGE_MS); // The outage is what is tested.
    await scene.expectHealth({ status: 503, reasons: ['store'] });
  } finally {
    postgres.thaw();
  }
  console.info(`freeze: flows after ${Math.round(await scene.flowsWithin(RESUME_MS))} ms`);
  await scene.finish();
});
