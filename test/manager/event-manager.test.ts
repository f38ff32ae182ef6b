import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EmitEventInput } from '../../src/domain/event.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { event, openBench, take, TASK, withPart } from './bench.ts';

describe('writing', () => {
  test('bad input is refused with the place of each problem, and nothing of the batch is stored', async () => {
    await using bench = openBench();
    const inputs = [event(), event({ progress: 2 }), event({ taskId: '' })];
    await expect(bench.manager.emitMany(inputs)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['inputs', 1, 'progress'] }, { path: ['inputs', 2, 'taskId'] }],
    });
    await expect(bench.manager.emit(event({ progress: Number.NaN }))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['input', 'progress'] }],
    });
    // What a caller without types may pass.
    const unknownKey = { ...event(), colour: 'red' } as EmitEventInput;
    await expect(bench.manager.emit(unknownKey)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await bench.manager.getTask(TASK)).toBeUndefined();
  });

  test.each([[0], [1_001]])('a batch of %i events is refused', async (count) => {
    await using bench = openBench();
    const inputs = Array.from({ length: count }, () => event());
    await expect(bench.manager.emitMany(inputs)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['inputs'] }],
    });
  });

  test('an id used before with other content is EVENT_ID_CONFLICT, and names the event', async () => {
    await using bench = openBench();
    await bench.emit({ eventId: 'e1' });
    await expect(bench.emit({ eventId: 'e1', message: 'else' })).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
      issues: [{ path: ['input', 'eventId'] }],
    });
    await expect(bench.manager.emitMany([event(), event({ eventId: 'e1', message: 'else' })])).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
      issues: [{ path: ['inputs', 1, 'eventId'] }],
    });
    expect((await bench.manager.getTask(TASK))?.progress.seq).toBe(1);
    const again = await bench.emit({ eventId: 'e1' });
    expect([again.duplicate, again.event.seq]).toEqual([true, 1]);
  });

  test('events without an id get one each', async () => {
    await using bench = openBench();
    const [one, other] = await bench.manager.emitMany([event(), event()]);
    expect(one?.event.eventId).not.toBe(other?.event.eventId);
    expect(one?.duplicate).toBe(false);
  });

  test('initTask on a known task changes nothing', async () => {
    await using bench = openBench();
    const first = await bench.manager.initTask({ taskId: TASK, title: 'One', labels: ['a'] });
    const again = await bench.manager.initTask({ taskId: TASK, title: 'Two' });
    expect([first.created, again.created, again.head.genesis.title]).toEqual([true, false, 'One']);
  });
});

describe('reading', () => {
  test('getTaskState has the shape of the original dictionary, and holds a component named __proto__', async () => {
    await using bench = openBench();
    expect(await bench.manager.getTaskState(TASK)).toBeUndefined();
    const timestamp = '2026-01-02T03:04:05.678Z';
    await bench.emit({ timestamp, progress: 0.5 });
    await bench.emit({ timestamp, component: '__proto__', eventType: 'warning' });
    const state = await bench.manager.getTaskState(TASK);
    expect(JSON.parse(JSON.stringify(state))).toEqual(
      JSON.parse(
        `{"stage":"analysis","started_at":"${timestamp}","last_update":"${timestamp}","components":` +
          '{"camina":{"status":"progress_update","progress":0.5},"__proto__":{"status":"warning","progress":0}},' +
          '"overall_progress":0.25}',
      ),
    );
  });

  test('getTaskProgress gives the state now, or at any event that is kept', async () => {
    await using bench = openBench();
    await bench.emit({ progress: 0.25 });
    await bench.emit({ progress: 0.75 });
    expect((await bench.manager.getTaskProgress(TASK))?.overallProgress).toBe(0.75);
    expect((await bench.manager.getTaskProgress(TASK, 1))?.overallProgress).toBe(0.25);
    expect((await bench.manager.getTaskProgress(TASK, 0))?.seq).toBe(0);
    expect(await bench.manager.getTaskProgress(TASK, 3)).toBeUndefined();
    expect(await bench.manager.getTaskProgress('none')).toBeUndefined();
  });

  test('tasks page by start, latest first, and by id among equals', async () => {
    await using bench = openBench();
    const timestamp = '2026-01-01T00:00:00Z';
    await bench.emit({ taskId: 'b', timestamp });
    await bench.emit({ taskId: 'a', timestamp });
    await bench.emit({ taskId: 'c', timestamp: '2026-01-01T00:00:01Z' });
    const first = await bench.manager.readTasks({ first: 2 });
    expect(first.items.map(({ progress }) => progress.taskId)).toEqual(['c', 'a']);
    expect([first.hasNextPage, first.hasPreviousPage]).toEqual([true, false]);
    const last = first.items.at(-1)?.progress;
    const after = { startedAt: last?.startedAt ?? 0, taskId: last?.taskId ?? '' };
    const second = await bench.manager.readTasks({ first: 2, after });
    expect(second.items.map(({ progress }) => progress.taskId)).toEqual(['b']);
    expect([second.hasNextPage, second.hasPreviousPage]).toEqual([false, true]);
  });
});

describe('listening for lost notices', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('one query at a time: a store that does not answer is not asked again and again', async () => {
    const memory = openMemoryLog();
    let asked = 0;
    let hangs = false;
    const log = withPart(memory, {
      changes: (query) => {
        if (!hangs) return memory.changes(query);
        asked += 1;
        return new Promise(() => undefined);
      },
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using bench = openBench({ log, catchUpMs: 1_000 });
    await bench.emit();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    await take(stream, 1);
    hangs = true;
    vi.advanceTimersByTime(10_000);
    expect(asked).toBe(1);
    await stream.return?.();
  });

  test('nobody listens, nobody asks; a listener that comes later still misses nothing', async () => {
    const memory = openMemoryLog();
    let asked = 0;
    const log = withPart(memory, {
      changes: (query) => {
        asked += 1;
        return memory.changes(query);
      },
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using bench = openBench({ log, fate: () => undefined, catchUpMs: 1_000 });
    const first = await bench.manager.taskUpdates({ taskId: TASK });
    await bench.emit();
    await take(first, 1);
    await first.return?.();
    const before = asked;
    vi.advanceTimersByTime(10_000);
    expect(asked).toBe(before);
    const second = await bench.manager.taskUpdates({ taskId: TASK });
    await take(second, 1);
    await bench.emit();
    const next = take(second, 1);
    vi.advanceTimersByTime(1_000);
    await next;
    await second.return?.();
  });

  test('a bus that cannot be joined fails that stream; the next one tries again', async () => {
    const memory = openMemoryLog();
    let fails = true;
    const log = withPart(memory, {
      changes: (query) => (fails ? Promise.reject(new Error('not now')) : memory.changes(query)),
    });
    await using bench = openBench({ log });
    await bench.emit();
    const first = await bench.manager.taskUpdates({ taskId: TASK });
    await expect(first.next()).rejects.toThrow('not now');
    expect(bench.manager.followerCount).toBe(0);
    fails = false;
    const second = await bench.manager.taskUpdates({ taskId: TASK });
    await settlesWithin(take(second, 1), { withinMs: 2_000, what: 'the snapshot' });
    await second.return?.();
  });
});
