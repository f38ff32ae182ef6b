/** The log in Postgres passes the suite of the contract, alone, beside another on the same store, and behind a cache. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testEventLog, type LogOptions } from '../../src/conformance/event-log-suite.ts';
import type { EventLog, LogTraits } from '../../src/log/event-log.ts';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

let server: PostgresServer | undefined;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const warnings: string[] = [];
const traits: LogTraits = { durable: 'power', exclusive: false };
const urls = new WeakMap<EventLog, string>();

for (const [name, decorate] of [
  ['postgres log', (log: EventLog) => log],
  ['postgres log behind a tail cache', (log: EventLog) => withTailCache(log)],
] as const) {
  const openAt = async (url: string, options: LogOptions): Promise<EventLog> => {
    const log = decorate(await openPostgresLog({ ...options, url, onWarning: (message) => warnings.push(message) }));
    urls.set(log, url);
    return log;
  };
  testEventLog({
    name,
    traits,
    open: async (options) => openAt((await server?.freshUrl()) ?? '', options),
    reopen: (log, options) => openAt(urls.get(log) ?? '', options),
    openSecond: (log, options) => openAt(urls.get(log) ?? '', options),
    clock: 'given',
  });
}

test('in all of this what was written is what was read: nothing had to be made again', () => {
  expect(warnings).toEqual([]);
});
