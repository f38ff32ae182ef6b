/** A task is deleted under those who follow it: each is told, on every server, and nobody is told of another task. */
import { describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import { shareLog } from '../support/wrapped-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { openBench, step, take, TASK, withPart, type Bench } from './bench.ts';

const SOON = { withinMs: 5_000 };
const DELETED = { code: 'TASK_DELETED' };

/** Two servers over one store. No notice gets from one to the other. */
async function openServers(): Promise<AsyncDisposable & { readonly here: Bench; readonly there: Bench }> {
  const store = openMemoryLog();
  const open = (): Bench => openBench({ log: withTailCache(shareLog(store)), catchUpMs: 20 });
  await using stack = new AsyncDisposableStack();
  const here = stack.use(open());
  const there = stack.use(open());
  const resources = stack.move();
  return { here, there, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

describe('here, at once', () => {
  // Notices that are lost do not help here, and the catch-up comes after an hour.
  test.each<[string, () => EventLog]>([
    ['a log in memory', openMemoryLog],
    ['a tail cache', () => withTailCache(openMemoryLog())],
    ['a tail cache of a shared log', () => withTailCache(shareLog(openMemoryLog()))],
  ])('over %s, streams that have seen the task fail, and those that wait for it go on waiting', async (_, open) => {
    await using bench = openBench({ log: open() });
    const waiting = await bench.manager.taskUpdates({ taskId: 'not-yet' });
    const first = take(waiting, 1);
    await bench.emitSome(3);
    const updates = await bench.manager.taskUpdates({ taskId: TASK });
    const replaying = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    const filtered = await bench.manager.taskUpdates({ taskId: TASK, filter: { components: ['nobody'] } });
    const states = bench.manager.latestStates({ taskId: TASK });
    await take(updates, 1);
    await take(replaying, 3);
    await take(filtered, 1);
    await take(states, 1);
    const failures = [updates, replaying, filtered, states].map((stream) =>
      expect(stream.next()).rejects.toMatchObject(DELETED),
    );
    expect(await bench.manager.deleteTask(TASK)).toBe(true);
    await Promise.all(failures);
    expect(await bench.manager.deleteTask('not-yet')).toBe(false);
    await bench.emit({ taskId: 'not-yet' });
    expect((await first).map(step)).toEqual(['snapshot 1']);
    await waiting.return?.();
    expect(bench.manager.followerCount).toBe(0);
    expect(bench.manager.missedNoticeCount).toBe(0);
  });

  test('a stream that fell behind is told when it reads on', async () => {
    await using bench = openBench();
    await bench.emitSome(500);
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    await take(stream, 1);
    await bench.manager.deleteTask(TASK);
    await expect(take(stream, 500)).rejects.toMatchObject(DELETED);
  });

  test('a stream of a task that is over, and was told so, is complete all the same', async () => {
    await using bench = openBench();
    await bench.emit({ eventType: 'task_completed' });
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    expect((await take(stream, 2)).map(step)).toEqual(['snapshot 1', 'ended 1']);
    await bench.manager.deleteTask(TASK);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('its cursors are TASK_NOT_FOUND, and those of it another history when it was begun anew', async () => {
    await using bench = openBench();
    await bench.emitSome(2);
    const { event } = await bench.emit();
    await bench.manager.deleteTask(TASK);
    await expect(bench.manager.taskUpdates({ taskId: TASK, after: event })).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
    await bench.emitSome(4);
    const stream = await bench.manager.taskUpdates({ taskId: TASK, after: event });
    expect((await take(stream, 1)).map(step)).toEqual(['gap:diverged 4']);
    await stream.return?.();
  });

  test('a stream that begins just when the task is deleted waits for the next one', async () => {
    const memory = openMemoryLog();
    let isSeen = false;
    const log = withPart(memory, {
      async head(taskId) {
        const head = await memory.head(taskId);
        if (!isSeen) isSeen = await memory.delete(taskId);
        return head;
      },
    });
    await using bench = openBench({ log });
    await bench.emit();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    const first = take(stream, 1);
    await waitFor(() => isSeen, { ...SOON, what: 'the stream to look' });
    await bench.emitSome(2);
    expect((await first).map(step)).toEqual(['snapshot 2']);
    await stream.return?.();
  });
});

describe('on another server, by its catch-up', () => {
  test('streams fail, boards remove the task, callbacks are told and quiet', async () => {
    await using servers = await openServers();
    const { here, there } = servers;
    await here.emitSome(2);
    await here.emit({ taskId: 'other' });
    const updates = await there.manager.taskUpdates({ taskId: TASK });
    const states = there.manager.latestStates({ taskId: TASK });
    const board = there.manager.boardUpdates({ maxRate: 60 });
    const seen: number[] = [];
    await there.manager.subscribe(TASK, ({ seq }) => void seen.push(seq));
    await take(updates, 1);
    await take(states, 1);
    await take(board, 1);
    await here.manager.deleteTask(TASK);
    await expect(take(updates, 1)).rejects.toMatchObject(DELETED);
    await expect(take(states, 1)).rejects.toMatchObject(DELETED);
    expect(await take(board, 1)).toMatchObject([{ changed: [], removed: [TASK] }]);
    await waitFor(() => there.errors.length > 0, { ...SOON, what: 'the callback to be told' });
    expect(there.errors).toMatchObject([DELETED]);
    await board.return?.();
    expect(there.manager.followerCount).toBe(0);
    await there.emit();
    expect(seen).toEqual([]);
  });

  test.each([1, 2, 5])(
    'begun anew with %d events before it looked, the stream is told of another history',
    async (count) => {
      await using servers = await openServers();
      const { here, there } = servers;
      await here.emitSome(2);
      const stream = await there.manager.taskUpdates({ taskId: TASK });
      expect((await take(stream, 1)).map(step)).toEqual(['snapshot 2']);
      await here.log.delete(TASK);
      await here.emitSome(count);
      expect((await take(stream, 1)).map(step)).toEqual([`gap:diverged ${count}`]);
      await here.emit();
      expect((await take(stream, 1)).map(step)).toEqual([`event ${count + 1}`]);
      await stream.return?.();
    },
  );

  test('begun anew before it looked, a board shows the new task, and a callback goes on behind a gap', async () => {
    await using servers = await openServers();
    const { here, there } = servers;
    await here.emitSome(3);
    const board = there.manager.boardUpdates({ maxRate: 60 });
    await take(board, 1);
    const seen: number[] = [];
    await there.manager.subscribe(TASK, ({ seq }) => void seen.push(seq));
    await here.log.delete(TASK);
    await here.emit();
    const [update] = await take(board, 1);
    expect(update?.changed.map(({ progress }) => progress.seq)).toEqual([1]);
    await board.return?.();
    // Whether the first was recorded before or after the callback looked.
    await waitFor(
      async () => {
        await here.emit();
        return seen.length > 0;
      },
      { ...SOON, what: 'an event of the new task' },
    );
    expect(there.errors).toMatchObject([{ code: 'CALLBACK_GAP', reason: 'diverged' }]);
  });

  test('what it remembers of the deleted task is not taken for the new one, though nobody watches there', async () => {
    await using servers = await openServers();
    const { here, there } = servers;
    await here.emitSome(300);
    await there.manager.readEvents(TASK, { first: 200 });
    await here.manager.deleteTask(TASK);
    expect(await there.manager.readEvents(TASK, { first: 200 })).toBeUndefined();
    await here.emitSome(250);
    const [expected, found] = [
      await here.log.read(TASK, { after: 0, limit: 200 }),
      await there.manager.readEvents(TASK, { first: 200 }),
    ];
    expect(found?.items.map(({ hash }) => hash)).toEqual(expected.map(({ hash }) => hash));
  });
});

test('a store that is away while a task is deleted elsewhere: the stream is told when it is back', async () => {
  const memory = openMemoryLog();
  let isAway = false;
  const whileThere = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    if (isAway) throw new StoreUnavailableError('FAILED');
    return ask();
  };
  const log = withPart(memory, {
    head: (taskId) => whileThere(async () => memory.head(taskId)),
    read: (...args) => whileThere(async () => memory.read(...args)),
    progressAt: (...args) => whileThere(() => memory.progressAt(...args)),
    changes: (query) => whileThere(() => memory.changes(query)),
  });
  await using bench = openBench({ log, catchUpMs: 20 });
  await bench.emit();
  const stream = await bench.manager.taskUpdates({ taskId: TASK });
  await take(stream, 1);
  isAway = true;
  await memory.delete(TASK);
  const next = take(stream, 1);
  await waitFor(() => bench.errors.length > 1, { ...SOON, what: 'two looks in vain' });
  isAway = false;
  await expect(next).rejects.toMatchObject(DELETED);
});
