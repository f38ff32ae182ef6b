/** The settings of what is kept reach the server's own sweep. */
import { afterEach, expect, test, vi } from 'vitest';
import { createTestClock } from '../../src/conformance/event-log/support.ts';
import { codesOf, startApp, type Answer, type AppOptions, type TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';

const HOUR_MS = 3_600_000;
const SOON = { withinMs: 5_000 };

afterEach(() => vi.useRealTimers());

/** Only the timers of what was started here are ours to move. */
function startWithTimers(options: AppOptions): Promise<TestApp> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return startApp(options);
}

test('after the hours of the setting a task is gone, and its streams are told', async () => {
  const clock = createTestClock();
  await using server = await startWithTimers({ now: clock.now, settings: { retentionHours: '2' } });
  await server.emit({ taskId: 'old' });
  const query = 'subscription { taskUpdates(taskId: "old") { cursor } }';
  await using stream = await server.sse({ query });
  clock.time += HOUR_MS;
  await server.emit({ taskId: 'young' });
  clock.time += HOUR_MS + 1;
  await vi.advanceTimersByTimeAsync(90_000);
  vi.useRealTimers();
  await waitFor(async () => (await server.app.log.head('old')) === undefined, { ...SOON, what: 'the sweep' });
  expect(await server.app.log.head('young')).toBeDefined();
  await stream.nextResult();
  expect(codesOf(await stream.nextResult<Answer>())).toEqual(['TASK_DELETED']);
});

test('0 hours: for ever', async () => {
  const clock = createTestClock();
  await using server = await startWithTimers({ now: clock.now, settings: { retentionHours: '0' } });
  await server.emit({ taskId: 'old' });
  clock.time += 100_000 * HOUR_MS;
  await vi.advanceTimersByTimeAsync(300_000);
  vi.useRealTimers();
  expect(await server.app.log.head('old')).toBeDefined();
});

test('a log of more events than the setting says loses the oldest', async () => {
  await using server = await startApp({ settings: { maxEventsPerTask: '100' } });
  const { manager, log } = server.app;
  const event = {
    taskId: 'long',
    eventType: 'progress_update',
    component: 'c',
    stage: 'analysis',
    message: '',
  } as const;
  for (let batch = 0; batch < 3; batch += 1) await manager.emitMany(Array.from({ length: 100 }, () => event));
  await waitFor(async () => (await log.head('long'))?.oldestSeq === 201, { ...SOON, what: 'the trim' });
  expect((await log.head('long'))?.progress.seq).toBe(300);
});
