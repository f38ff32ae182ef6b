/** A cached log is a log: it passes the suite, whatever its limits, alone on its store and beside others. */
import { describe, expect, test } from 'vitest';
import { StoreCorruptError, StoreFullError, StoreUnavailableError } from '../../src/domain/errors.ts';
import type { EventLog, LogTraits } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { withTailCache, type TailCacheOptions } from '../../src/log/tail-cache.ts';
import { newEvent, newEvents, numbers, oneTo } from '../../src/conformance/event-log/support.ts';
import { testEventLog } from '../../src/conformance/event-log-suite.ts';
import { waitFor } from '../support/wait-for.ts';
import { shareLog, wrapLog, type Around } from '../support/wrapped-log.ts';

const EXCLUSIVE: LogTraits = { durable: 'process', exclusive: true };
const SHARED: LogTraits = { durable: 'process', exclusive: false };
const TINY: TailCacheOptions = { maxTasks: 2, maxEvents: 5, maxEventsPerTask: 3, pageEvents: 2 };

for (const [limits, cacheOptions] of [
  ['roomy', {}],
  ['tiny', TINY],
  ['useless', { maxTasks: 0, maxEvents: 0, maxBytes: 0 }],
] as const) {
  testEventLog({
    name: `${limits} tail cache`,
    traits: EXCLUSIVE,
    open: async (options) => withTailCache(openMemoryLog(options), cacheOptions),
    clock: 'given',
  });

  const stores = new WeakMap<EventLog, EventLog>();
  const openHandle = (store: EventLog): EventLog => {
    const log = withTailCache(shareLog(store), cacheOptions);
    stores.set(log, store);
    return log;
  };
  testEventLog({
    name: `${limits} tail cache beside another`,
    traits: SHARED,
    open: async (options) => openHandle(openMemoryLog(options)),
    openSecond: async (log) => openHandle(stores.get(log) ?? log),
    clock: 'given',
  });
}

/** A memory log that counts the reads and heads it is asked for. */
function openCounted(traits: LogTraits = EXCLUSIVE): { readonly log: EventLog; readonly asked: string[] } {
  const asked: string[] = [];
  const around: Around = ({ name, args }, proceed) => {
    if (name === 'read' || name === 'head') asked.push(`${name} ${String(args[0])}`);
    return proceed();
  };
  return { log: wrapLog(openMemoryLog(), around, traits), asked };
}

describe('what is read from memory', () => {
  test('all readers of an event get the same object: the one that the append handed out', async () => {
    await using log = withTailCache(openMemoryLog());
    await log.append(newEvents('task', 3));
    await log.read('task', { after: 3, limit: 10 });
    const [result] = await log.append([newEvent({ eventId: 'new' })]);
    const pages = await Promise.all([3, 3, 0, 2].map(async (after) => log.read('task', { after, limit: 10 })));
    for (const page of pages) expect(page.at(-1)).toBe(result?.event);
  });

  test('events from before the cache are shared between their readers too', async () => {
    const inner = openMemoryLog();
    await inner.append(newEvents('task', 30));
    // As from a disk: each read of the store makes new objects.
    const fromDisk: Around = async (_, proceed) => structuredClone(await proceed());
    await using log = withTailCache(wrapLog(inner, fromDisk));
    const [one, other] = await Promise.all([5, 20].map(async (after) => log.read('task', { after, limit: 100 })));
    const again = await log.read('task', { after: 10, limit: 15 });
    expect(numbers(one ?? [])).toEqual(oneTo(30).slice(5));
    expect(again).toHaveLength(15);
    for (const event of again) {
      expect(one?.includes(event)).toBe(true);
      expect(other === undefined || event.seq <= 20 || other.includes(event)).toBe(true);
    }
  });

  test('alone on its store, a read at the head asks nobody, and neither does head', async () => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner);
    await log.append(newEvents('task', 3));
    await log.read('task', { after: 3, limit: 10 });
    asked.length = 0;
    for (const seq of oneTo(20)) {
      await log.append([newEvent({ eventId: `new-${seq}` })]);
      expect(numbers(await log.read('task', { after: seq + 2, limit: 10 }))).toEqual([seq + 3]);
      expect(await log.read('task', { after: seq + 3, limit: 10 })).toEqual([]);
      expect((await log.head('task'))?.progress.seq).toBe(seq + 3);
    }
    expect(asked).toEqual([]);
  });

  test('beside others, a thousand readers at the head ask twice at most', async () => {
    const { log: inner, asked } = openCounted(SHARED);
    await using log = withTailCache(inner);
    await inner.append(newEvents('task', 3));
    await log.read('task', { after: 3, limit: 10 });
    await inner.append([newEvent({ eventId: 'of another server' })]);
    asked.length = 0;
    const pages = await Promise.all(oneTo(1000).map(async () => log.read('task', { after: 3, limit: 10 })));
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(new Set(pages.map((page) => page[0])).size).toBe(1);
    expect(pages.every((page) => page.length === 1)).toBe(true);
  });

  test('beside others, a reader that asks while a question is under way is answered by the next one', async () => {
    const answers: PromiseWithResolvers<void>[] = [];
    const store = openMemoryLog();
    const slow: Around = async ({ name }, proceed) => {
      const result = await proceed();
      if (name !== 'read') return result;
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      await answer.promise;
      return result;
    };
    await using log = withTailCache(wrapLog(shareLog(store), slow));
    await store.append(newEvents('task', 3));
    const early = log.read('task', { after: 3, limit: 10 });
    await waitFor(() => answers.length === 1, { withinMs: 1_000, what: 'the first question' });
    await store.append([newEvent({ eventId: 'of another server' })]);
    const late = log.read('task', { after: 3, limit: 10 });
    answers[0]?.resolve();
    await waitFor(() => answers.length === 2, { withinMs: 1_000, what: 'the second question' });
    answers[1]?.resolve();
    await early;
    expect(numbers(await late)).toEqual([4]);
  });

  test('beside others, a reader far ahead of what is held gets all there is', async () => {
    const store = openMemoryLog();
    await using log = withTailCache(shareLog(store));
    await store.append(newEvents('task', 3));
    await log.read('task', { after: 3, limit: 10 });
    await store.append(newEvents('task', 900, 'more-'));
    expect(await log.read('task', { after: 400, limit: 700 })).toHaveLength(503);
    expect(await log.read('task', { after: 3, limit: 1_000 })).toHaveLength(900);
  });

  test('beside others, appends that are answered out of order do not cost what is held', async () => {
    const { log: inner, asked } = openCounted(SHARED);
    const turns: (() => void)[] = [];
    const reversed: Around = async ({ name }, proceed) => {
      const result = await proceed();
      if (name === 'append') await new Promise<void>((resolve) => turns.push(resolve));
      return result;
    };
    await using log = withTailCache(wrapLog(inner, reversed));
    await inner.append(newEvents('task', 3));
    const [held] = await log.read('task', { after: 2, limit: 10 });
    const appends = oneTo(3).map((index) => log.append([newEvent({ eventId: `new-${index}` })]));
    await waitFor(() => turns.length === 3, { withinMs: 1_000, what: 'three appends' });
    for (const [index, answer] of turns.toReversed().entries()) {
      answer();
      await appends[2 - index];
    }
    asked.length = 0;
    const page = await log.read('task', { after: 2, limit: 10 });
    expect(numbers(page)).toEqual([3, 4, 5, 6]);
    expect(page[0]).toBe(held);
    expect(asked).toEqual(['read task']);
  });

  test('a task that was trimmed is read from its oldest event on without asking, too', async () => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner);
    await log.append(newEvents('task', 10));
    await log.trim('task', 6);
    await log.read('task', { after: 0, limit: 100 });
    asked.length = 0;
    for (const after of [0, 3, 6, 7]) {
      const page = await log.read('task', { after, limit: 100 });
      expect(page[0]?.seq).toBe(Math.max(after, 6) + 1);
    }
    expect(asked).toEqual([]);
  });

  test('beside others, a full page of what is known asks nobody', async () => {
    const { log: inner, asked } = openCounted(SHARED);
    await using log = withTailCache(inner);
    await log.append(newEvents('task', 10));
    await log.read('task', { after: 0, limit: 10 });
    asked.length = 0;
    expect(numbers(await log.read('task', { after: 2, limit: 5 }))).toEqual([3, 4, 5, 6, 7]);
    expect(asked).toEqual([]);
  });

  test('verdicts on cursors rest on the log itself: progressAt always asks it', async () => {
    const calls: string[] = [];
    const inner = wrapLog(openMemoryLog(), ({ name }, proceed) => {
      calls.push(name);
      return proceed();
    });
    await using log = withTailCache(inner);
    await log.append(newEvents('task', 3));
    await log.read('task', { after: 0, limit: 10 });
    calls.length = 0;
    await log.progressAt('task', 3);
    expect(calls).toEqual(['progressAt']);
  });
});

describe('what changes tells of, before its append is acknowledged', () => {
  /** A log whose appends are recorded at once and acknowledged when `acknowledge` is called. */
  function openSlow() {
    const acknowledged = Promise.withResolvers<void>();
    let isSlow = false;
    const inner = openMemoryLog();
    const slow: Around = async ({ name }, proceed) => {
      const result = await proceed();
      if (isSlow && name === 'append') await acknowledged.promise;
      return result;
    };
    return {
      log: withTailCache(wrapLog(inner, slow)),
      acknowledge: acknowledged.resolve,
      delayAppends(): void {
        isSlow = true;
      },
    };
  }

  test.each([1, 700])('is in the head and in what is read: %i events', async (count) => {
    const { log, acknowledge, delayAppends } = openSlow();
    await using _ = log;
    await log.append(newEvents('task', 3));
    await log.read('task', { after: 3, limit: 10 });
    const { position } = await log.changes({ limit: 0 });
    delayAppends();
    const append = log.append(newEvents('task', count, 'late-'));
    const changes = await log.changes({ after: position, limit: 10 });
    expect(changes.taskIds).toEqual(['task']);
    expect((await log.head('task'))?.progress.seq).toBe(3 + count);
    expect(await log.read('task', { after: 3, limit: 1_000 })).toHaveLength(count);
    acknowledge();
    await append;
    expect((await log.head('task'))?.progress.seq).toBe(3 + count);
    expect(numbers(await log.read('task', { after: 0, limit: 1_000 }))).toEqual(oneTo(3 + count));
  });

  test('is in it also when the task was being loaded', async () => {
    const { log, acknowledge, delayAppends } = openSlow();
    await using _ = log;
    await log.append(newEvents('task', 3));
    const { position } = await log.changes({ limit: 0 });
    delayAppends();
    const early = log.read('task', { after: 3, limit: 10 });
    const append = log.append([newEvent({ eventId: 'late' })]);
    await log.changes({ after: position, limit: 10 });
    expect((await log.head('task'))?.progress.seq).toBe(4);
    expect(numbers(await log.read('task', { after: 3, limit: 10 }))).toEqual([4]);
    acknowledge();
    await Promise.all([early, append]);
  });
});

describe('limits', () => {
  test('the task that was read least recently goes first', async () => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner, { maxTasks: 2 });
    await log.append(['a', 'b', 'c'].map((taskId) => newEvent({ taskId, eventId: 'e' })));
    for (const taskId of ['a', 'b', 'a', 'c']) await log.read(taskId, { after: 1, limit: 10 });
    asked.length = 0;
    for (const taskId of ['a', 'c']) await log.read(taskId, { after: 1, limit: 10 });
    expect(asked).toEqual([]);
    await log.read('b', { after: 1, limit: 10 });
    expect(asked).toEqual(['head b']);
  });

  test.each<[string, TailCacheOptions, number]>([
    ['events of one task', { maxEventsPerTask: 4 }, 4],
    ['events', { maxEvents: 4 }, 4],
    // One event with one component weighs about 800 bytes, and so does its task.
    ['bytes', { maxBytes: 4_500 }, 4],
  ])('the oldest events of the only task go when there are too many %s', async (_, options, kept) => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner, options);
    await log.append([newEvent({ eventId: 'first' })]);
    await log.read('task', { after: 1, limit: 10 });
    for (const index of oneTo(20)) await log.append([newEvent({ eventId: `e${index}` })]);
    asked.length = 0;
    expect(numbers(await log.read('task', { after: 21 - kept, limit: 10 }))).toHaveLength(kept);
    expect((await log.head('task'))?.progress.seq).toBe(21);
    expect(asked).toEqual([]);
    expect(numbers(await log.read('task', { after: 1, limit: 30 }))).toHaveLength(20);
    expect(asked).not.toEqual([]);
  });

  test('the room of a task that went is used again', async () => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner, { maxEvents: 6 });
    for (const index of oneTo(20)) {
      await log.append(newEvents(`task-${index}`, 3));
      await log.read(`task-${index}`, { after: 0, limit: 10 });
    }
    asked.length = 0;
    for (const index of [19, 20]) expect(await log.read(`task-${index}`, { after: 0, limit: 10 })).toHaveLength(3);
    expect(asked).toEqual([]);
  });

  test('large events weigh more: by bytes, few of them are held', async () => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner, { maxBytes: 100_000 });
    await log.append([newEvent({ eventId: 'first' })]);
    await log.read('task', { after: 1, limit: 10 });
    const details = { text: 'x'.repeat(20_000) };
    for (const index of oneTo(10)) await log.append([newEvent({ eventId: `e${index}`, details })]);
    asked.length = 0;
    expect(await log.read('task', { after: 9, limit: 10 })).toHaveLength(2);
    expect(asked).toEqual([]);
    expect(await log.read('task', { after: 8, limit: 10 })).toHaveLength(3);
    expect(asked).toEqual(['read task']);
  });
});

describe('after a failed append', () => {
  /** A log whose next append runs `instead`; when that does not throw, the append is made. */
  function openFailing(): {
    readonly inner: EventLog;
    readonly log: EventLog;
    failNext(instead: (proceed: () => Promise<unknown>) => Promise<unknown>): void;
  } {
    const inner = openMemoryLog();
    let fail: ((proceed: () => Promise<unknown>) => Promise<unknown>) | undefined;
    const failing = wrapLog(inner, async ({ name }, proceed) => {
      if (name !== 'append' || fail === undefined) return proceed();
      const instead = fail;
      fail = undefined;
      await instead(proceed);
      return proceed();
    });
    return {
      inner,
      log: withTailCache(failing),
      failNext(instead) {
        fail = instead;
      },
    };
  }

  test('what was recorded nevertheless is read', async () => {
    const { log, failNext } = openFailing();
    await using _ = log;
    await log.append(newEvents('task', 3));
    expect(await log.read('task', { after: 3, limit: 10 })).toEqual([]);
    failNext(async (proceed) => {
      await proceed();
      throw new StoreUnavailableError('UNKNOWN');
    });
    await expect(log.append([newEvent({ eventId: 'unknown' })])).rejects.toMatchObject({ outcome: 'UNKNOWN' });
    expect(numbers(await log.read('task', { after: 3, limit: 10 }))).toEqual([4]);
    expect((await log.head('task'))?.progress.seq).toBe(4);
  });

  test.each([new StoreUnavailableError('UNKNOWN'), new Error('unforeseen')])(
    'of which nobody knows the outcome (%s), what is recorded only later is read, however many succeed in between',
    async (error) => {
      const { inner, log, failNext } = openFailing();
      await using _ = log;
      await log.append(newEvents('task', 3));
      await log.read('task', { after: 3, limit: 10 });
      failNext(async () => {
        throw error;
      });
      await expect(log.append([newEvent({ eventId: 'unknown' })])).rejects.toBe(error);
      await log.append([newEvent({ taskId: 'other', eventId: 'e' })]);
      expect(await log.read('task', { after: 3, limit: 10 })).toEqual([]);
      await inner.append([newEvent({ eventId: 'unknown' })]);
      expect(numbers(await log.read('task', { after: 3, limit: 10 }))).toEqual([4]);
      expect((await log.head('task'))?.progress.seq).toBe(4);
    },
  );

  test.each([new StoreFullError(), new StoreUnavailableError('FAILED'), new StoreCorruptError('a row')])(
    'that surely failed (%s), what is held stays, and the head is known',
    async (error) => {
      const { log: inner, asked } = openCounted();
      let isDown = false;
      const failing = wrapLog(inner, async ({ name }, proceed) => {
        if (isDown && name === 'append') throw error;
        return proceed();
      });
      await using log = withTailCache(failing);
      await log.append(newEvents('task', 3));
      await log.read('task', { after: 3, limit: 10 });
      isDown = true;
      await expect(log.append([newEvent({ eventId: 'no' })])).rejects.toBe(error);
      isDown = false;
      asked.length = 0;
      expect(await log.read('task', { after: 3, limit: 10 })).toEqual([]);
      await log.append([newEvent({ eventId: 'yes' })]);
      expect(numbers(await log.read('task', { after: 3, limit: 10 }))).toEqual([4]);
      expect((await log.head('task'))?.progress.seq).toBe(4);
      expect(asked).toEqual([]);
    },
  );

  test.each([new StoreFullError(), new StoreUnavailableError('FAILED'), new Error('unforeseen')])(
    'reading goes on while appends fail (%s)',
    async (error) => {
      const { log, failNext } = openFailing();
      await using _ = log;
      await log.append(newEvents('task', 3));
      failNext(async () => {
        throw error;
      });
      await expect(log.append([newEvent({ eventId: 'no' })])).rejects.toBe(error);
      expect(numbers(await log.read('task', { after: 1, limit: 10 }))).toEqual([2, 3]);
      expect((await log.head('task'))?.progress.seq).toBe(3);
    },
  );

  test('a refusal is no failure: what is held stays', async () => {
    const { log: inner, asked } = openCounted();
    await using log = withTailCache(inner);
    await log.append(newEvents('task', 3));
    await log.read('task', { after: 3, limit: 10 });
    await expect(log.append([newEvent({ eventId: 'e1', message: 'other' })])).rejects.toMatchObject({
      code: 'EVENT_ID_CONFLICT',
    });
    asked.length = 0;
    expect(await log.read('task', { after: 3, limit: 10 })).toEqual([]);
    expect(asked).toEqual([]);
  });

  test('a read that fails rejects, and the next one works', async () => {
    let isDown = false;
    const inner = wrapLog(openMemoryLog(), (_, proceed) =>
      isDown ? Promise.reject(new StoreUnavailableError('FAILED')) : proceed(),
    );
    await using log = withTailCache(inner);
    await log.append(newEvents('task', 3));
    isDown = true;
    await expect(log.read('task', { after: 0, limit: 10 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    isDown = false;
    expect(numbers(await log.read('task', { after: 0, limit: 10 }))).toEqual([1, 2, 3]);
  });
});

describe('a history that is not ours', () => {
  test('is never joined to what is held: the answer is the one of the log', async () => {
    const ours = openMemoryLog();
    const theirs = openMemoryLog();
    let store = ours;
    const inner: EventLog = {
      ...wrapLog(ours, (_, proceed) => proceed(), SHARED),
      read: (taskId, range) => store.read(taskId, range),
      head: (taskId) => store.head(taskId),
    };
    await using log = withTailCache(inner);
    await ours.append(newEvents('task', 5));
    await theirs.append(newEvents('task', 8));
    expect(numbers(await log.read('task', { after: 0, limit: 10 }))).toEqual([1, 2, 3, 4, 5]);
    store = theirs;
    expect(await log.read('task', { after: 5, limit: 10 })).toEqual(await theirs.read('task', { after: 5, limit: 10 }));
    expect(await log.read('task', { after: 0, limit: 10 })).toEqual(await theirs.read('task', { after: 0, limit: 10 }));
  });
});
