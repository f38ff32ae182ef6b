/** Which tasks changed since a position: how lost notices are found. */
import { expect, test } from 'vitest';
import type { EventLog } from '../../log/event-log.ts';
import { logOptions, newEvent, newEvents, oneTo } from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testChanges({ open }: LogUnderTest): void {
  test('without a position there are no ids, and with that of now there are none either', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('before', 3));
    const now = await log.changes({ limit: 100 });
    expect(now.taskIds).toEqual([]);
    const since = await log.changes({ after: now.position, limit: 100 });
    expect(since.taskIds).toEqual([]);
    expect((await log.changes({ after: since.position, limit: 100 })).taskIds).toEqual([]);
  });

  test('an empty log has a position, too', async () => {
    await using log = await open(logOptions());
    const { position } = await log.changes({ limit: 100 });
    await log.append([newEvent({ taskId: 'first', eventId: 'e' })]);
    expect((await log.changes({ after: position, limit: 100 })).taskIds).toEqual(['first']);
  });

  test('tasks that were begun, appended to or trimmed are named, each once', async () => {
    await using log = await open(logOptions());
    await log.append(['quiet', 'grown', 'trimmed'].flatMap((taskId) => newEvents(taskId, 3)));
    const { position } = await log.changes({ limit: 100 });
    await log.initTask({ taskId: 'begun', labels: [] });
    await log.append(newEvents('begun-by-event', 2));
    for (const index of oneTo(3)) await log.append(newEvents('grown', 2, `more-${index}-`));
    await log.trim('trimmed', 2);
    const { taskIds } = await log.changes({ after: position, limit: 100 });
    expect(taskIds.toSorted()).toEqual(['begun', 'begun-by-event', 'grown', 'trimmed']);
  });

  test('what was refused is no change', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'used' })]);
    const { position } = await log.changes({ limit: 100 });
    await expect(log.append([newEvent({ eventId: 'used', message: 'other' })])).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
    });
    expect((await log.changes({ after: position, limit: 100 })).taskIds).toEqual([]);
  });

  test('pages of changes join to all of them', async () => {
    await using log = await open(logOptions());
    const start = await log.changes({ limit: 100 });
    const changed = oneTo(25).map((index) => `task-${index}`);
    for (const taskId of changed) await log.append([newEvent({ taskId, eventId: 'e' })]);
    const found = await collectChanges(log, start.position, 4);
    expect(found.taskIds.toSorted()).toEqual(changed.toSorted());
    await log.append([newEvent({ taskId: 'task-7', eventId: 'again' })]);
    expect((await collectChanges(log, found.position, 4)).taskIds).toEqual(['task-7']);
  });

  test.each([1, 2, 3])(
    'a task that changes between two pages is not lost, nor is another (pages of %d)',
    async (limit) => {
      await using log = await open(logOptions());
      const start = await log.changes({ limit: 100 });
      for (const taskId of ['a', 'b', 'c', 'd']) await log.append([newEvent({ taskId, eventId: '1' })]);
      const first = await log.changes({ after: start.position, limit: 2 });
      expect(first.taskIds).toHaveLength(2);
      for (const taskId of ['a', 'd']) await log.append([newEvent({ taskId, eventId: '2' })]);
      const rest = await collectChanges(log, first.position, limit);
      const seenAfterwards = new Set(rest.taskIds);
      expect(seenAfterwards.has('a')).toBe(true);
      expect(seenAfterwards.has('d')).toBe(true);
      expect(new Set([...first.taskIds, ...rest.taskIds])).toEqual(new Set(['a', 'b', 'c', 'd']));
    },
  );

  test('no change is missed while appends run', async () => {
    await using log = await open(logOptions());
    let { position } = await log.changes({ limit: 100 });
    const seen = new Set<string>();
    const appends = oneTo(120).map((index) =>
      log.append([newEvent({ taskId: `t${index % 40}`, eventId: `e${index}` })]),
    );
    const finished = new AbortController();
    const done = Promise.all(appends).finally(() => finished.abort());
    while (!finished.signal.aborted) {
      const page = await log.changes({ after: position, limit: 7 });
      for (const taskId of page.taskIds) seen.add(taskId);
      ({ position } = page);
      if (page.taskIds.length === 0) await new Promise(setImmediate);
    }
    await done;
    for (const taskId of (await collectChanges(log, position, 7)).taskIds) seen.add(taskId);
    expect(seen.size).toBe(40);
  });
}

/** All pages from `position` on, until one is empty. A page never names a task twice. */
async function collectChanges(
  log: EventLog,
  after: string,
  limit: number,
): Promise<{ readonly taskIds: readonly string[]; readonly position: string }> {
  const taskIds: string[] = [];
  let position = after;
  for (;;) {
    const page = await log.changes({ after: position, limit });
    expect(page.taskIds.length).toBeLessThanOrEqual(limit);
    expect(new Set(page.taskIds).size).toBe(page.taskIds.length);
    ({ position } = page);
    if (page.taskIds.length === 0) return { taskIds, position };
    taskIds.push(...page.taskIds);
  }
}
