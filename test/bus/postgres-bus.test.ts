/** The bus over Postgres passes the suite, with a real Postgres and a proxy in between. */
import { afterAll, beforeAll } from 'vitest';
import type { EventBus } from '../../src/bus/event-bus.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { openPostgresBus } from '../../src/bus/postgres-bus.ts';
import {
  SUITE_FORMATS,
  testEventBus,
  type SuiteBusOptions,
  type SuiteTopics,
} from '../../src/conformance/event-bus-suite.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { openTwoBehindProxy } from '../support/two-buses.ts';

let postgres: PostgresServer;
let installations = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

function open(port: number, channel: string, options: SuiteBusOptions): Promise<EventBus<SuiteTopics>> {
  return openPostgresBus({
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    channel,
    local: createMemoryBus<SuiteTopics>(options),
    formats: SUITE_FORMATS,
    // A silent break shows within twice this, and the suite gives it 5 s on a busy machine.
    timing: { echoMs: 1_000 },
  });
}

function newChannel(): string {
  installations += 1;
  return `Suite "${installations}"`;
}

testEventBus({
  name: 'postgres bus',
  open: (options) => open(postgres.port, newChannel(), options),
  openTwo(options) {
    const channel = newChannel();
    return openTwoBehindProxy(postgres.port, (port) => open(port, channel, options));
  },
  delivery: 'hint',
});
