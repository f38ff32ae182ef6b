/** What is old goes, what is long is shortened, and nothing else is touched, whoever does it and whatever goes on. */
import { describe, expect, test } from 'vitest';
import { createTestClock, newEvent, newEvents, type TestClock } from '../../src/conformance/event-log/support.ts';
import { StoreCorruptError, StoreUnavailableError } from '../../src/domain/errors.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import { createRetention, type Retention, type RetentionRules } from '../../src/manager/retention.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { openBench, step, take, TASK, withPart } from './bench.ts';

const DAY_MS = 86_400_000;
const RULES: RetentionRules = { keepMs: 7 * DAY_MS, maxEventsPerTask: 0 };
const SOON = { withinMs: 5_000 };

interface Keeper {
  readonly clock: TestClock;
  readonly log: EventLog;
  readonly retention: Retention;
  /** What was told, in order. */
  readonly deleted: string[];
  readonly errors: unknown[];
}

function openKeeper(rules: Partial<RetentionRules> = {}, wrap = (log: EventLog): EventLog => log): Keeper {
  const clock = createTestClock();
  return { clock, ...keep(wrap(openMemoryLog({ now: clock.now })), clock, rules) };
}

function keep(log: EventLog, clock: TestClock, rules: Partial<RetentionRules> = {}): Omit<Keeper, 'clock'> {
  const deleted: string[] = [];
  const errors: unknown[] = [];
  const retention = createRetention({
    log,
    rules: { ...RULES, ...rules },
    now: clock.now,
    onDeleted: (taskIds) => void deleted.push(...taskIds),
    onError: (error) => void errors.push(error),
    sweepEveryMs: 3_600_000,
  });
  return { log, retention, deleted, errors };
}

async function idsIn(log: EventLog): Promise<readonly string[]> {
  return (await log.tasks({ limit: 10_000 })).map(({ genesis }) => genesis.taskId).toSorted();
}

describe('tasks whose time is over', () => {
  test('are deleted so long after their last record, whether they ended or not, and no others', async () => {
    const { clock, log, retention, deleted } = openKeeper();
    await log.append([
      newEvent({ taskId: 'ended', eventId: '1', eventType: 'task_completed' }),
      newEvent({ taskId: 'silent', eventId: '1' }),
      newEvent({ taskId: 'active', eventId: '1' }),
    ]);
    await log.initTask({ taskId: 'announced', labels: [] });
    clock.time += 3 * DAY_MS;
    await log.append([newEvent({ taskId: 'active', eventId: '2' }), newEvent({ taskId: 'young', eventId: '1' })]);
    clock.time += 4 * DAY_MS;
    await retention.sweep();
    expect(deleted).toEqual([]);
    clock.time += 1;
    await retention.sweep();
    expect(deleted.toSorted()).toEqual(['announced', 'ended', 'silent']);
    expect(await idsIn(log)).toEqual(['active', 'young']);
    clock.time += 3 * DAY_MS;
    await retention.sweep();
    expect(await idsIn(log)).toEqual([]);
  });

  test('are told by the time of recording: events that are dated long ago are new when they come', async () => {
    const { clock, log, retention, deleted } = openKeeper();
    await log.append([newEvent({ taskId: 'imported', eventId: '1', timestamp: 0 })]);
    await log.append([newEvent({ taskId: 'ended', eventId: '1', eventType: 'task_completed', timestamp: 0 })]);
    await retention.sweep();
    expect(deleted).toEqual([]);
    clock.time += 5 * DAY_MS;
    // After the end, so that the progress does not show it.
    await log.append([newEvent({ taskId: 'ended', eventId: 'late', timestamp: 0 })]);
    clock.time += 5 * DAY_MS;
    await retention.sweep();
    expect(deleted).toEqual(['imported']);
  });

  test('are kept for ever when they are to be', async () => {
    const { clock, log, retention } = openKeeper({ keepMs: 0 });
    await log.append(newEvents('old', 3));
    clock.time += 10_000 * DAY_MS;
    await retention.sweep();
    expect(await idsIn(log)).toEqual(['old']);
  });

  test('are found beyond any number of others that look as old', async () => {
    const { clock, log, retention, deleted } = openKeeper();
    const name = (index: number): string => String(index).padStart(4, '0');
    for (let index = 0; index < 120; index += 1) {
      await log.append([newEvent({ taskId: `dated-${name(index)}`, eventId: '1', timestamp: 1_000 })]);
      await log.append([newEvent({ taskId: `over-${name(index)}`, eventId: '1', timestamp: 999 - (index % 7) })]);
    }
    clock.time += 6 * DAY_MS;
    for (let index = 0; index < 120; index += 1) {
      await log.append([newEvent({ taskId: `dated-${name(index)}`, eventId: '2', timestamp: 1_000 })]);
    }
    clock.time += 2 * DAY_MS;
    await retention.sweep();
    expect(deleted).toHaveLength(120);
    expect((await idsIn(log)).every((taskId) => taskId.startsWith('dated-'))).toBe(true);
  });

  test('one that goes on just when it is judged is kept, with what was recorded', async () => {
    const memory = openMemoryLog({ now: () => clock.time });
    const clock = createTestClock();
    const log = withPart(memory, {
      async read(...args) {
        const page = await memory.read(...args);
        await memory.append([newEvent({ eventId: 'just-now' })]);
        return page;
      },
    });
    const { retention, deleted } = keep(log, clock);
    await memory.append([newEvent({ eventId: 'old' })]);
    clock.time += 8 * DAY_MS;
    await retention.sweep();
    expect(deleted).toEqual([]);
    expect((await memory.read('task', { after: 0, limit: 9 })).map(({ eventId }) => eventId)).toEqual([
      'old',
      'just-now',
    ]);
  });

  test('are deleted once by any number of servers that sweep at the same time', async () => {
    const clock = createTestClock();
    const store = openMemoryLog({ now: clock.now });
    const servers = [1, 2, 3].map(() => keep(store, clock));
    for (let index = 0; index < 130; index += 1) await store.append(newEvents(`old-${index}`, 2));
    clock.time += 8 * DAY_MS;
    await store.append(newEvents('new', 2));
    await Promise.all(servers.map(({ retention }) => retention.sweep()));
    const deleted = servers.flatMap((server) => server.deleted);
    expect([deleted.length, new Set(deleted).size]).toEqual([130, 130]);
    expect(await idsIn(store)).toEqual(['new']);
  });

  test('one that is damaged is reported and left, and the others go', async () => {
    const { clock, log, retention, deleted, errors } = openKeeper({}, (memory) =>
      withPart(memory, {
        read: (taskId, range) =>
          taskId === 'b' ? Promise.reject(new StoreCorruptError('event 1')) : memory.read(taskId, range),
      }),
    );
    for (const taskId of ['a', 'b', 'c']) await log.append(newEvents(taskId, 1));
    clock.time += 8 * DAY_MS;
    await retention.sweep();
    expect(deleted.toSorted()).toEqual(['a', 'c']);
    expect(errors).toMatchObject([{ code: 'STORE_CORRUPT' }]);
  });

  test('a store that goes away ends the sweep; what was deleted before is told, and the next sweep goes on', async () => {
    let deletions = 0;
    const { clock, log, retention, deleted } = openKeeper({}, (memory) =>
      withPart(memory, {
        async delete(...args) {
          deletions += 1;
          if (deletions === 3) throw new StoreUnavailableError('FAILED');
          return memory.delete(...args);
        },
      }),
    );
    for (const taskId of ['a', 'b', 'c', 'd']) await log.append(newEvents(taskId, 1));
    clock.time += 8 * DAY_MS;
    await expect(retention.sweep()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(deleted).toHaveLength(2);
    await retention.sweep();
    expect(deleted.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('disposing ends a sweep after the step that is under way', async () => {
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
    const { promise: gate, resolve: goOn } = Promise.withResolvers<void>();
    const { clock, log, retention, deleted } = openKeeper({}, (memory) =>
      withPart(memory, {
        async delete(...args) {
          asked();
          await gate;
          return memory.delete(...args);
        },
      }),
    );
    for (const taskId of ['a', 'b', 'c']) await log.append(newEvents(taskId, 1));
    clock.time += 8 * DAY_MS;
    const sweeping = retention.sweep();
    await isAsked;
    const disposed = retention[Symbol.asyncDispose]();
    goOn();
    await Promise.all([disposed, sweeping]);
    expect(deleted).toHaveLength(1);
    expect(await idsIn(log)).toHaveLength(2);
  });
});

describe('logs that grow too long', () => {
  test('lose their oldest events in steps, their progress not', async () => {
    const { log, retention, errors } = openKeeper({ maxEventsPerTask: 500 });
    const lengths: number[] = [];
    for (let batch = 0; batch < 300; batch += 1) {
      retention.recorded(await log.append(newEvents('task', 7, `${batch}-`)));
      await retention.trimmed();
      const head = await log.head('task');
      lengths.push((head?.progress.seq ?? 0) - (head?.oldestSeq ?? 0) + 1);
    }
    expect(Math.max(...lengths)).toBeLessThanOrEqual(500 + 7 + 5);
    expect(Math.min(...lengths.slice(100))).toBeGreaterThanOrEqual(500);
    const head = await log.head('task');
    expect([head?.progress.seq, head?.progress.components.size, errors]).toEqual([2_100, 3, []]);
  });

  test('one that is far too long when it is first looked at is brought down in small steps', async () => {
    const trims: number[] = [];
    const { log, retention } = openKeeper({ maxEventsPerTask: 200 }, (memory) =>
      withPart(memory, {
        async trim(taskId, through) {
          trims.push(through);
          await memory.trim(taskId, through);
        },
      }),
    );
    await log.append(newEvents('task', 999));
    retention.recorded(await log.append([newEvent({ eventId: 'last' })]));
    await retention.trimmed();
    expect((await log.head('task'))?.oldestSeq).toBe(801);
    expect(trims.slice(0, 3)).toEqual([2, 4, 6]);
  });

  test('are left alone when all is to be kept', async () => {
    const { log, retention } = openKeeper({ maxEventsPerTask: 0 });
    retention.recorded(await log.append(newEvents('task', 1_000)));
    await retention.trimmed();
    expect((await log.head('task'))?.oldestSeq).toBe(1);
  });

  test('those that watch go on as if nothing had happened, over a real store', async () => {
    await using dir = await openTempDir();
    const log = withTailCache(await openSqliteLog({ path: `${dir.path}/store.db` }));
    const retention = { keepMs: 0, maxEventsPerTask: 200 };
    await using bench = openBench({ log, retention });
    await bench.emit();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    expect((await take(stream, 1)).map(step)).toEqual(['snapshot 1']);
    for (let seq = 2; seq <= 900; seq += 1) {
      const emitted = bench.emit();
      expect((await take(stream, 1)).map(step)).toEqual([`event ${seq}`]);
      await emitted;
    }
    await waitFor(async () => ((await log.head(TASK))?.oldestSeq ?? 0) > 690, { ...SOON, what: 'the trim' });
    const [first] = await take(await bench.manager.taskUpdates({ taskId: TASK, replay: true }), 1);
    expect(first).toMatchObject({ kind: 'gap', reason: 'expired' });
    await stream.return?.();
  });
});

test('a manager sweeps by itself, and tells those who watch', async () => {
  const clock = createTestClock();
  const log = openMemoryLog({ now: clock.now });
  const counts: number[] = [];
  const onDeleted = (count: number): void => void counts.push(count);
  await using bench = openBench({ log, retention: { ...RULES, now: clock.now, sweepEveryMs: 10, onDeleted } });
  await bench.emit();
  await bench.emit({ taskId: 'other' });
  const stream = await bench.manager.taskUpdates({ taskId: TASK });
  const board = bench.manager.boardUpdates({ maxRate: 60 });
  await take(stream, 1);
  await take(board, 1);
  clock.time += 7 * DAY_MS;
  await bench.emit({ taskId: 'other' });
  await take(board, 1);
  clock.time += 1;
  await expect(take(stream, 1)).rejects.toMatchObject({ code: 'TASK_DELETED' });
  expect(await take(board, 1)).toMatchObject([{ changed: [], removed: [TASK] }]);
  expect(counts).toEqual([1]);
  expect(bench.errors).toEqual([]);
  await board.return?.();
});
