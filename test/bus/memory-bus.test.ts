/** The bus within one process passes the suite, exactly; and a notice is handed over as it is. */
import { expect, test } from 'vitest';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { testEventBus, type SuiteTopics } from '../../src/conformance/event-bus-suite.ts';
import { waitFor } from '../support/wait-for.ts';

testEventBus({
  name: 'memory bus',
  open: async (options) => createMemoryBus<SuiteTopics>(options),
  delivery: 'exact',
});

test('publish returns before any handler is called', async () => {
  await using bus = createMemoryBus<SuiteTopics>();
  let handled = 0;
  await bus.subscribe('numbers', () => void (handled += 1));
  await bus.publish('numbers', { n: 1 });
  expect(handled).toBe(0);
  await waitFor(() => handled === 1, { withinMs: 1_000, what: 'the notice' });
});

test('a handler gets the object that was published', async () => {
  await using bus = createMemoryBus<SuiteTopics>();
  const notice = { n: 1 };
  const seen: unknown[] = [];
  await bus.subscribe('numbers', (received) => void seen.push(received));
  await bus.publish('numbers', notice);
  await waitFor(() => seen.length === 1, { withinMs: 1_000, what: 'the notice' });
  expect(seen[0]).toBe(notice);
});

test('what a notice costs does not grow with how many wait', async () => {
  await using bus = createMemoryBus<SuiteTopics>();
  let handled = 0;
  await bus.subscribe('numbers', () => void (handled += 1));
  for (let n = 0; n < 300_000; n += 1) void bus.publish('numbers', { n });
  const start = performance.now();
  await waitFor(() => handled === 300_000, { withinMs: 60_000, what: 'all notices' });
  // A fraction of a second; a hundred times as long when each costs more the more there are.
  expect(performance.now() - start).toBeLessThan(4_000);
}, 60_000);

test('two buses in one process never meet', async () => {
  await using one = createMemoryBus<SuiteTopics>();
  await using other = createMemoryBus<SuiteTopics>();
  const seen: string[] = [];
  await one.subscribe('numbers', () => void seen.push('one'));
  await other.subscribe('numbers', () => void seen.push('other'));
  await one.publish('numbers', { n: 1 });
  await waitFor(() => seen.length > 0, { withinMs: 1_000, what: 'the notice' });
  expect(seen).toEqual(['one']);
});
