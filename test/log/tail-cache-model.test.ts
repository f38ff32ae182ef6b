/**
 * The tail cache under every order of things that a store may bring about. First step by step against the log it
 * holds: whatever was done, both answer the same. Then with all calls under way at once and their answers delayed and
 * reordered: a reader never misses what was acknowledged before it asked, and sees one history.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import type { TaskEvent } from '../../src/domain/event.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { withTailCache, type TailCacheOptions } from '../../src/log/tail-cache.ts';
import { newEvent, numbers, readAll } from '../../src/conformance/event-log/support.ts';
import { shareLog, wrapLog, type Around } from '../support/wrapped-log.ts';

const TASKS = ['a', 'b', 'c'] as const;
const Task = fc.constantFrom(...TASKS);
const Limits: fc.Arbitrary<TailCacheOptions> = fc.record(
  {
    maxTasks: fc.integer({ min: 0, max: 3 }),
    maxEvents: fc.integer({ min: 0, max: 12 }),
    maxEventsPerTask: fc.integer({ min: 0, max: 8 }),
    maxBytes: fc.integer({ min: 0, max: 20_000 }),
  },
  { requiredKeys: [] },
);

interface Step {
  readonly run: (log: EventLog, inner: EventLog, index: number) => Promise<void>;
}

const Append = fc.record({ tasks: fc.array(Task, { minLength: 1, maxLength: 4 }), foreign: fc.boolean() });
const Read = fc.record({ task: Task, after: fc.integer({ min: 0, max: 25 }), limit: fc.integer({ min: 0, max: 9 }) });

function steps(isShared: boolean): fc.Arbitrary<readonly Step[]> {
  const append = Append.map(({ tasks, foreign }): Step => ({
    run: async (log, inner, index) => {
      const batch = tasks.map((taskId, place) =>
        newEvent({ taskId, eventId: `${index}-${place}`, component: `c${(index + place) % 4}`, progress: place / 4 }),
      );
      await (foreign && isShared ? inner : log).append(batch);
    },
  }));
  const repeat = Append.map(({ tasks }): Step => ({
    run: async (log, inner, index) => {
      const known = (await Promise.all(tasks.map((task) => readAll(inner, task)))).flat().slice(-3);
      const results = await log.append([
        ...known.map(({ seq: _seq, recordedAt: _recordedAt, hash: _hash, previousHash: _before, ...event }) => event),
        newEvent({ taskId: 'a', eventId: `repeat-${index}` }),
      ]);
      expect(results.map(({ duplicate }) => duplicate)).toEqual([...known.map(() => true), false]);
    },
  }));
  const read = Read.map(({ task, after, limit }): Step => ({
    run: async (log, inner) => {
      expect(await log.read(task, { after, limit })).toEqual(await inner.read(task, { after, limit }));
    },
  }));
  const head = Task.map((task): Step => ({
    run: async (log, inner) => expect(await log.head(task)).toEqual(await inner.head(task)),
  }));
  const trim = Read.map(({ task, after }): Step => ({
    run: async (log, inner) => {
      const { progress } = (await inner.head(task)) ?? {};
      await log.trim(task, Math.min(after, progress?.seq ?? 0));
    },
  }));
  const remove = fc.record({ task: Task, foreign: fc.boolean() }).map(({ task, foreign }): Step => ({
    run: async (log, inner) => {
      await (foreign && isShared ? inner : log).delete(task);
      // What others deleted is noticed with the head.
      expect(await log.head(task)).toBeUndefined();
    },
  }));
  const weighted = fc.oneof(
    { arbitrary: append, weight: 4 },
    { arbitrary: repeat, weight: 1 },
    { arbitrary: read, weight: 6 },
    { arbitrary: head, weight: 2 },
    { arbitrary: trim, weight: 1 },
    { arbitrary: remove, weight: 1 },
  );
  return fc.array(weighted, { minLength: 5, maxLength: 60 });
}

test.each([
  ['alone on its store', false],
  ['beside others', true],
])('%s, it answers as its log does, whatever was done and however little it may hold', async (_, isShared) => {
  await fc.assert(
    fc.asyncProperty(Limits, steps(isShared), async (limits, sequence) => {
      await using inner = openMemoryLog();
      await using log = withTailCache(isShared ? shareLog(inner) : inner, limits);
      for (const [index, { run }] of sequence.entries()) await run(log, inner, index);
    }),
    { numRuns: 300 },
  );
  expect.hasAssertions();
});

/** What was done to a log and what was seen of it, while everything is under way at once. */
interface Chaos {
  readonly log: EventLog;
  readonly writers: readonly EventLog[];
  readonly isShared: boolean;
  /** By task: the highest number that is acknowledged, up to where it is being trimmed, and up to where it is. */
  readonly acknowledged: Map<string, number>;
  readonly trimming: Map<string, number>;
  readonly trimmed: Map<string, number>;
  readonly seen: Set<TaskEvent>;
  readonly problems: string[];
}

function raise(map: Map<string, number>, key: string, value: number): void {
  map.set(key, Math.max(map.get(key) ?? 0, value));
}

/** Appends one batch after the other; what fails may be recorded or not. */
async function write({ writers, acknowledged }: Chaos, writer: number, batches: readonly (readonly string[])[]) {
  for (const [round, tasks] of batches.entries()) {
    const log = writers[(writer + round) % writers.length];
    const batch = tasks.map((taskId, place) => newEvent({ taskId, eventId: `${writer}-${round}-${place}` }));
    const results = (await log?.append(batch).catch(() => undefined)) ?? [];
    for (const { event } of results) raise(acknowledged, event.taskId, event.seq);
  }
}

/** Reads a page and the head. What was acknowledged before the question must be in the answer. */
async function look(chaos: Chaos, taskId: string, back: number, limit: number): Promise<void> {
  const { log, isShared, acknowledged, trimming, trimmed, seen, problems } = chaos;
  const known = acknowledged.get(taskId) ?? 0;
  const gone = trimmed.get(taskId) ?? 0;
  const after = Math.max(0, known - back);
  const page = await log.read(taskId, { after, limit });
  const first = page[0]?.seq ?? Math.max(after, gone) + 1;
  const last = page.at(-1)?.seq ?? first - 1;
  const asked = `${taskId} after ${after}, at most ${limit}: ${numbers(page).join(' ')}`;
  if (last - first + 1 !== page.length) problems.push(`a hole in ${asked}`);
  if (first > Math.max(after, trimming.get(taskId) ?? 0) + 1) problems.push(`begins too late: ${asked}`);
  if (first <= gone && !isShared) problems.push(`${gone} was forgotten before ${asked}`);
  if (page.length < limit && last < known) problems.push(`${known} was acknowledged before ${asked}`);
  for (const event of page) seen.add(event);
  const knownThen = acknowledged.get(taskId) ?? 0;
  const headSeq = (await log.head(taskId))?.progress.seq ?? 0;
  if (headSeq < knownThen) problems.push(`${knownThen} was acknowledged before the head was ${headSeq}`);
}

async function trimSome({ log, acknowledged, trimming, trimmed }: Chaos, reads: readonly { task: string }[]) {
  for (const { task } of reads) {
    const through = Math.max(0, (acknowledged.get(task) ?? 0) - 2);
    raise(trimming, task, through);
    await log.trim(task, through);
    raise(trimmed, task, through);
  }
}

const Plan = fc.record({
  limits: Limits,
  writers: fc.array(fc.array(fc.array(Task, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 4,
  }),
  readers: fc.array(fc.array(Read, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
  trims: fc.array(Read, { maxLength: 2 }),
  /** What becomes of the appends, in turn. */
  fates: fc.array(fc.constantFrom('fine', 'fine', 'fine', 'failed', 'lost', 'unknown'), { minLength: 3, maxLength: 9 }),
});

function delayed(scheduler: fc.Scheduler, fates: readonly string[]): Around {
  let appends = 0;
  return async ({ name }, proceed) => {
    const fate = name === 'append' ? fates[appends++ % fates.length] : 'fine';
    await scheduler.schedule(Promise.resolve());
    if (fate === 'failed') throw new StoreUnavailableError('FAILED');
    if (fate === 'lost') throw new StoreUnavailableError('UNKNOWN');
    const result = await proceed();
    await scheduler.schedule(Promise.resolve());
    if (fate === 'unknown') throw new StoreUnavailableError('UNKNOWN');
    return result;
  };
}

test.each([
  ['alone on its store', false],
  ['beside others', true],
])('%s, with answers late and out of order, a reader misses nothing that was acknowledged', async (_, isShared) => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), Plan, async (scheduler, { limits, writers, readers, trims, fates }) => {
      await using store = openMemoryLog();
      const open = (): EventLog =>
        withTailCache(wrapLog(isShared ? shareLog(store) : store, delayed(scheduler, fates)), limits);
      const log = open();
      const chaos: Chaos = {
        log,
        writers: isShared ? [log, open()] : [log],
        isShared,
        acknowledged: new Map(),
        trimming: new Map(),
        trimmed: new Map(),
        seen: new Set(),
        problems: [],
      };
      const work = Promise.all([
        ...writers.map((batches, writer) => write(chaos, writer, batches)),
        ...readers.map(async (reads) => {
          for (const { task, after, limit } of reads) await look(chaos, task, after % 7, limit + 1);
        }),
        trimSome(chaos, trims),
      ]);
      await scheduler.waitFor(work);
      await scheduler.waitFor(Promise.all(TASKS.map((task) => look(chaos, task, 3, 50))));
      const after = new Map(await historyOf(store, TASKS));
      for (const { taskId, seq, hash } of chaos.seen) {
        const recorded = after.get(`${taskId} ${seq}`) ?? hash;
        if (recorded !== hash) chaos.problems.push(`${taskId} ${seq} was seen as ${hash} and is ${recorded}`);
      }
      for (const task of TASKS) {
        const heads = Promise.all([log.head(task), store.head(task)]);
        await scheduler.waitFor(heads);
        const [cached, recorded] = await heads;
        expect(cached).toEqual(recorded);
      }
      expect(chaos.problems).toEqual([]);
    }),
    { numRuns: 500 },
  );
  expect.hasAssertions();
});

/** The hash of each event that is kept, by its task and number. */
async function historyOf(log: EventLog, tasks: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const pages = await Promise.all(tasks.map((task) => readAll(log, task)));
  return pages.flat().map(({ taskId, seq, hash }) => [`${taskId} ${seq}`, hash]);
}
