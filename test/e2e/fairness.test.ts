/**
 * Nobody can hurt anybody: many watchers that catch up at once have always something to be sent, and still everybody
 * else is answered. Measured by what is asked most often and costs least, while 30 replays of 3,000 events run.
 */
import { expect, test } from 'vitest';
import { startAsker } from '../support/asker.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { startServer } from '../support/server-process.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';

const WATCHERS = 30;
const EVENTS = 3_000;
const BATCH = 1_000;

test.for(['ws', 'sse'] as const)(
  '30 replays over %s at once hold up no other request',
  { timeout: 60_000 },
  async (transport) => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startServer({ store: 'memory:' }));
    const emitter = createEmitter({ url: server.graphqlUrl });
    for (let from = 0; from < EVENTS; from += BATCH) {
      await emitter.emitUntilAcknowledged(Array.from({ length: BATCH }, (_, index) => event(from + index + 1)));
    }
    const watchers = Array.from({ length: WATCHERS }, (_, index) => {
      const options = { name: `${transport} ${index}`, origin: server.origin, taskId: 'hot', replay: true };
      return stack.use(openWatcher(transport, options));
    });
    const asker = stack.use(startAsker(`${server.origin}/healthz`));
    const ends = Promise.all(watchers.map(async ({ ended }) => ended));
    await settlesWithin(ends, { withinMs: 40_000, what: 'the ends' });
    const tookMs = await asker.stop();
    expect(tookMs.length).toBeGreaterThan(5);
    expect(Math.max(...tookMs)).toBeLessThan(1_000);
  },
);

function event(number: number): EmitInput {
  return {
    eventId: `e${number}`,
    taskId: 'hot',
    eventType: number === EVENTS ? 'TASK_COMPLETED' : 'PROGRESS_UPDATE',
    component: `component-${number % 7}`,
    stage: 'ANALYSIS',
    message: 'on it',
    progress: 0.5,
  };
}
