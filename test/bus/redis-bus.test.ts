/** The bus over Redis passes the suite, with a real Redis and a proxy in between. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { EventBus } from '../../src/bus/event-bus.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { openRedisBus } from '../../src/bus/redis-bus.ts';
import {
  SUITE_FORMATS,
  testEventBus,
  type SuiteBusOptions,
  type SuiteTopics,
} from '../../src/conformance/event-bus-suite.ts';
import { redisServer, startRedis, type Redis } from '../support/redis.ts';
import { openTwoBehindProxy } from '../support/two-buses.ts';

describe.skipIf(!redisServer.present)('with a real Redis', () => {
  let redis: Redis;
  let installations = 0;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  const open = (port: number, channel: string, options: SuiteBusOptions): Promise<EventBus<SuiteTopics>> =>
    openRedisBus({
      url: `redis://127.0.0.1:${port}`,
      channel,
      local: createMemoryBus<SuiteTopics>(options),
      formats: SUITE_FORMATS,
      // A silent break shows within twice this, and the suite gives it 5 s on a busy machine.
      timing: { echoMs: 1_000 },
    });
  const newChannel = (): string => `suite-${(installations += 1)}`;

  testEventBus({
    name: 'redis bus',
    open: (options) => open(redis.port, newChannel(), options),
    openTwo(options) {
      const channel = newChannel();
      return openTwoBehindProxy(redis.port, (port) => open(port, channel, options));
    },
    delivery: 'hint',
  });
});
