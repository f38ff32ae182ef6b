/** What waits for the log is bounded: what is accepted is answered in time, the rest is refused at once. */
import { expect, test } from 'vitest';
import { OverloadedError } from '../../src/domain/errors.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { createEventManager } from '../../src/manager/event-manager.ts';
import { wrapLog } from '../support/wrapped-log.ts';

const EVENT = {
  taskId: 'survey',
  eventType: 'progress_update',
  component: 'camina',
  stage: 'analysis',
  message: 'on it',
} as const;

test('beyond so many events that wait it is OVERLOADED, and nothing of it is stored; then it goes on', async () => {
  const gate = Promise.withResolvers<void>();
  const memory = openMemoryLog();
  const log = wrapLog(memory, async (call, proceed) => {
    if (call.name === 'append') await gate.promise;
    return proceed();
  });
  await using manager = createEventManager({ log, bus: createMemoryBus({}), maxPendingEvents: 5 });
  const waiting = manager.emitMany(Array.from({ length: 4 }, () => EVENT));
  const last = manager.emit(EVENT);
  const refused = await manager.emit(EVENT).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OverloadedError);
  expect(refused).toMatchObject({ extensions: { code: 'OVERLOADED', retryAfterMs: 500 } });
  expect(manager.pendingEventCount).toBe(5);
  gate.resolve();
  await Promise.all([waiting, last]);
  expect([manager.pendingEventCount, (await manager.getTask('survey'))?.progress.seq]).toEqual([0, 5]);
  // One batch is always taken when nothing waits, however large.
  await manager.emitMany(Array.from({ length: 9 }, () => EVENT));
});
