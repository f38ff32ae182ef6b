/** The log in memory passes the suite of the contract; it keeps nothing, so nothing is reopened. */
import { expect, test } from 'vitest';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { newEvent } from '../../src/conformance/event-log/support.ts';
import { testEventLog } from '../../src/conformance/event-log-suite.ts';

testEventLog({
  name: 'memory log',
  traits: { durable: 'process', exclusive: true },
  open: async (options) => openMemoryLog(options),
  clock: 'given',
});

test('a position from long ago still tells each task that changed once, latest last', async () => {
  await using log = openMemoryLog();
  await log.append([newEvent({ taskId: 'quiet', eventId: 'e' })]);
  const { position } = await log.changes({ limit: 0 });
  for (let n = 0; n < 5_000; n += 1) await log.append([newEvent({ taskId: `task-${n % 7}`, eventId: `e${n}` })]);
  const first = await log.changes({ after: position, limit: 4 });
  const second = await log.changes({ after: first.position, limit: 100 });
  // 5,000 is 2 more than a multiple of 7.
  expect([...first.taskIds, ...second.taskIds]).toEqual([2, 3, 4, 5, 6, 0, 1].map((n) => `task-${n}`));
  expect(await log.changes({ after: second.position, limit: 100 })).toEqual({ ...second, taskIds: [] });
});

test('asking what changed since a moment ago costs the same, however many tasks there are', async () => {
  const measure = async (tasks: number): Promise<number> => {
    await using log = openMemoryLog();
    for (let n = 0; n < tasks; n += 1) await log.initTask({ taskId: `task-${n}`, labels: [] });
    const { position } = await log.changes({ limit: 0 });
    const start = performance.now();
    for (let n = 0; n < 300; n += 1) await log.changes({ after: position, limit: 10 });
    return performance.now() - start;
  };
  await measure(100);
  const few = await measure(100);
  expect(await measure(100_000)).toBeLessThan(few * 20 + 20);
});
