import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cursor } from '../../src/domain/cursor.ts';
import { foldEvent } from '../../src/domain/progress.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import type { TaskUpdate } from '../../src/manager/task-updates.ts';
import { waitFor } from '../support/wait-for.ts';
import { event, openBench, step, take, takeAll, TASK, withPart, type Bench, type NoticeFate } from './bench.ts';

const OTHERS = { component: 'naomi' } as const;
const ONLY_CAMINA = { components: ['camina'] } as const;

/** The cursor just after an event, as a watcher would hold it. */
async function cursorAt({ log }: Bench, seq: number): Promise<Cursor> {
  const progress = await log.progressAt(TASK, seq);
  if (progress === undefined) throw new RangeError(`no progress at ${seq}`);
  return { seq, hash: progress.hash };
}

describe('order and completeness', () => {
  test('the first event after a snapshot is the one after it', async () => {
    await using bench = openBench();
    await bench.emitSome(3);
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    expect((await take(stream, 1)).map(step)).toEqual(['snapshot 3']);
    await bench.emitSome(2);
    expect((await take(stream, 2)).map(step)).toEqual(['event 4', 'event 5']);
    await stream.return?.();
  });

  test('a task that is not yet known is waited for, and begun without an event it is a snapshot at 0', async () => {
    await using bench = openBench();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    const first = take(stream, 1);
    await bench.manager.initTask({ taskId: TASK });
    expect((await first).map(step)).toEqual(['snapshot 0']);
    await bench.emit();
    expect((await take(stream, 1)).map(step)).toEqual(['event 1']);
    await stream.return?.();
  });

  test('with replay it begins with the first event, and the progress of each step is the fold up to it', async () => {
    await using bench = openBench();
    await bench.emitSome(450, { progress: 0.5 });
    await bench.emit({ eventType: 'task_completed' });
    const updates = await takeAll(await bench.manager.taskUpdates({ taskId: TASK, replay: true }));
    expect(updates.map(step)).toEqual([...Array.from({ length: 451 }, (_, i) => `event ${i + 1}`), 'ended 451']);
    let progress = await bench.log.progressAt(TASK, 0);
    for (const update of updates) {
      if (update.kind !== 'event' || progress === undefined) continue;
      progress = foldEvent(progress, update.event);
      expect(update.progress).toEqual(progress);
    }
  });

  test('replay is ignored when a cursor is given', async () => {
    await using bench = openBench();
    await bench.emitSome(3);
    const after = await cursorAt(bench, 2);
    const stream = await bench.manager.taskUpdates({ taskId: TASK, after, replay: true });
    expect((await take(stream, 1)).map(step)).toEqual(['event 3']);
    await stream.return?.();
  });

  test('a cursor for a task that is not known is TASK_NOT_FOUND', async () => {
    await using bench = openBench();
    const after = { seq: 0, hash: '0123456789abcdef' };
    await expect(bench.manager.taskUpdates({ taskId: TASK, after })).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect(bench.manager.followerCount).toBe(0);
  });

  test('however notices are lost, repeated and late, and reads are slow, every event comes once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('deliver', 'drop', 'repeat', 'delay'), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 25 }),
        fc.boolean(),
        async (scheduler, fates, count, replay) => {
          let notices = 0;
          const fate: NoticeFate = (deliver) => {
            const chosen = fates[notices++ % fates.length];
            if (chosen === 'drop') return;
            if (chosen === 'delay') void scheduler.schedule(Promise.resolve(), 'notice').then(deliver);
            else deliver();
            if (chosen === 'repeat') deliver();
          };
          const memory = openMemoryLog();
          const turn = (what: string): Promise<void> => scheduler.schedule(Promise.resolve(), what);
          const log = withPart(memory, {
            async read(taskId, range) {
              await turn('before the read');
              const events = await memory.read(taskId, range);
              await turn('after the read');
              return events;
            },
            async head(taskId) {
              await turn('before the head');
              return memory.head(taskId);
            },
          });
          await using bench = openBench({ log, fate, catchUpMs: 2 });
          const updates: TaskUpdate[] = [];
          const reading = (async () => {
            await turn('subscribe');
            for await (const update of await bench.manager.taskUpdates({ taskId: TASK, replay })) {
              updates.push(update);
              await turn('a slow reader');
            }
          })();
          const emitting = (async () => {
            for (let number = 1; number < count; number += 1) {
              await turn('emit');
              await bench.emit();
            }
            await turn('emit the end');
            await bench.emit({ eventType: 'task_completed' });
          })();
          await scheduler.waitFor(Promise.all([reading, emitting]));
          const first = updates[0]?.kind === 'snapshot' ? updates[0].progress.seq : 0;
          expect(updates[0]?.kind === 'snapshot').toBe(!replay);
          const events = Array.from({ length: count - first }, (_, index) => `event ${first + index + 1}`);
          expect(updates.map(step)).toEqual([...(replay ? [] : [`snapshot ${first}`]), ...events, `ended ${count}`]);
          expect(bench.manager.followerCount).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  test('with a bus that loses everything, events arrive with the next catch-up', async () => {
    await using bench = openBench({ fate: () => undefined, catchUpMs: 20 });
    await bench.emit();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    await take(stream, 1);
    await bench.emitSome(2);
    expect((await take(stream, 2, 2_000)).map(step)).toEqual(['event 2', 'event 3']);
    await stream.return?.();
  });

  test('a bus that fails makes no emit fail: it is reported, and the event is there', async () => {
    const broken = new Error('the bus is down');
    await using bench = openBench({ publish: () => Promise.reject(broken), catchUpMs: 20 });
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    const { event: recorded } = await bench.emit();
    expect(recorded.seq).toBe(1);
    expect((await take(stream, 1)).map(step)).toEqual(['snapshot 1']);
    await waitFor(() => bench.errors.includes(broken), { withinMs: 2_000, what: 'the report' });
    await stream.return?.();
  });
});

describe('the end', () => {
  test('a final task ends at the head: a snapshot, then the end', async () => {
    await using bench = openBench();
    await bench.emit({ eventType: 'task_failed' });
    expect((await takeAll(await bench.manager.taskUpdates({ taskId: TASK }))).map(step)).toEqual([
      'snapshot 1',
      'ended 1',
    ]);
    expect(bench.manager.followerCount).toBe(0);
  });

  test('a stage never ends a stream', async () => {
    await using bench = openBench();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    await bench.emit({ stage: 'complete', progress: 1 });
    await bench.emit({ stage: 'failed' });
    await bench.emit();
    await take(stream, 1);
    await bench.emit();
    const [update] = await take(stream, 1);
    expect(update?.progress.status).toBe('running');
    await stream.return?.();
  });

  test('resumed from the end it ends at once; a late event is delivered first, then it ends again', async () => {
    await using bench = openBench();
    await bench.emit();
    await bench.emit({ eventType: 'task_completed' });
    const end = await cursorAt(bench, 2);
    expect((await takeAll(await bench.manager.taskUpdates({ taskId: TASK, after: end }))).map(step)).toEqual([
      'ended 2',
    ]);
    await bench.emit({ message: 'late' });
    const updates = await takeAll(await bench.manager.taskUpdates({ taskId: TASK, after: end }));
    expect(updates.map(step)).toEqual(['event 3', 'ended 3']);
    expect(updates.at(-1)?.progress.status).toBe('completed');
  });

  test('events behind the end that are recorded already come before it', async () => {
    await using bench = openBench();
    await bench.manager.emitMany([
      event(),
      event({ eventType: 'task_completed' }),
      ...Array.from({ length: 300 }, () => event()),
    ]);
    const updates = await takeAll(await bench.manager.taskUpdates({ taskId: TASK, replay: true }));
    expect(updates.at(-1)?.kind).toBe('ended');
    expect(updates.map(({ progress }) => progress.seq)).toEqual([...Array.from({ length: 302 }, (_, i) => i + 1), 302]);
  });
});

describe('a reader that pauses', () => {
  test('on the last event is given what was recorded meanwhile before the end', async () => {
    await using bench = openBench();
    await bench.emit();
    await bench.emit({ eventType: 'task_completed' });
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    await take(stream, 2);
    await bench.emit({ message: 'late' });
    expect((await takeAll(stream)).map(step)).toEqual(['event 3', 'ended 3']);
  });

  test('and is ended by its signal, or by the manager, leaves nothing behind', async () => {
    const bench = openBench();
    await bench.emit();
    const controller = new AbortController();
    const { signal } = controller;
    const streams = [
      await bench.manager.taskUpdates({ taskId: TASK, signal }),
      bench.manager.latestStates({ taskId: TASK, signal }),
      await bench.manager.taskUpdates({ taskId: TASK }),
      bench.manager.boardUpdates({}),
    ];
    for (const stream of streams) await stream.next();
    expect(bench.manager.followerCount).toBe(4);
    controller.abort();
    await waitFor(() => bench.manager.followerCount === 2, { withinMs: 2_000, what: 'two to be gone' });
    await bench[Symbol.asyncDispose]();
    await waitFor(() => bench.manager.followerCount === 0, { withinMs: 2_000, what: 'all to be gone' });
  });
});

describe('filters', () => {
  test('a thousand hidden events in a row are told of by a checkpoint, without waiting for the head', async () => {
    await using bench = openBench();
    await bench.emitSome(2_500, OTHERS);
    await bench.emit();
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true, filter: ONLY_CAMINA });
    expect((await take(stream, 3)).map(step)).toEqual(['checkpoint 1000', 'checkpoint 2000', 'event 2501']);
    await stream.return?.();
  });

  test('on reaching the head with something hidden a checkpoint tells how far, at most once a second', async () => {
    await using bench = openBench();
    const stream = await bench.manager.taskUpdates({ taskId: TASK, filter: ONLY_CAMINA });
    await bench.emit();
    await take(stream, 1);
    const times: number[] = [];
    const [first] = await Promise.all([take(stream, 1), bench.emit(OTHERS)]);
    times.push(performance.now());
    expect(first.map(step)).toEqual(['checkpoint 2']);
    await bench.emit(OTHERS);
    const second = take(stream, 1);
    await bench.emit(OTHERS);
    expect((await second).map(step)).toEqual(['checkpoint 4']);
    times.push(performance.now());
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(980);
    // A frame says as much as a checkpoint would.
    await bench.emit();
    expect((await take(stream, 1)).map(step)).toEqual(['event 5']);
    await stream.return?.();
  });

  test('an empty list matches nothing, and every field that is given must match', async () => {
    await using bench = openBench();
    await bench.emit();
    await bench.emit({ stage: 'review' });
    await bench.emit({ eventType: 'warning', stage: 'review' });
    await bench.emit({ eventType: 'task_completed' });
    const steps = async (filter: NonNullable<Parameters<typeof bench.manager.taskUpdates>[0]['filter']>) =>
      (await takeAll(await bench.manager.taskUpdates({ taskId: TASK, replay: true, filter }))).map(step);
    expect(await steps({ components: [] })).toEqual(['ended 4']);
    expect(await steps({ eventTypes: [] })).toEqual(['ended 4']);
    expect(await steps({ stages: [], components: ['camina'] })).toEqual(['ended 4']);
    expect(await steps({ stages: ['review'] })).toEqual(['event 2', 'event 3', 'ended 4']);
    expect(await steps({ stages: ['review'], eventTypes: ['warning', 'error'] })).toEqual(['event 3', 'ended 4']);
    expect(await steps({ components: ['nobody'] })).toEqual(['ended 4']);
  });

  test('resumed from a checkpoint, what it hid is not read again', async () => {
    const memory = openMemoryLog();
    const readAfter: number[] = [];
    const log = withPart(memory, {
      read: (taskId, range) => {
        readAfter.push(range.after);
        return memory.read(taskId, range);
      },
    });
    await using bench = openBench({ log });
    await bench.emitSome(1_200, OTHERS);
    const first = await bench.manager.taskUpdates({ taskId: TASK, replay: true, filter: ONLY_CAMINA });
    const [checkpoint] = await take(first, 1);
    await first.return?.();
    readAfter.length = 0;
    await bench.emit();
    const after = { seq: checkpoint?.progress.seq ?? -1, hash: checkpoint?.progress.hash ?? '' };
    const second = await bench.manager.taskUpdates({ taskId: TASK, after, filter: ONLY_CAMINA });
    expect((await take(second, 1)).map(step)).toEqual(['event 1201']);
    // The event at the cursor itself is looked at, and nothing before it.
    expect(Math.min(...readAfter)).toBe(999);
    await second.return?.();
  });

  test('the progress of a filtered stream is the fold of all events, hidden ones too', async () => {
    await using bench = openBench();
    await bench.emit({ ...OTHERS, progress: 1 });
    await bench.emit({ progress: 0 });
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true, filter: ONLY_CAMINA });
    const [update] = await take(stream, 1);
    expect(update?.progress).toMatchObject({ seq: 2, overallProgress: 0.5 });
    await stream.return?.();
  });
});

describe('gaps', () => {
  test('replay of a trimmed log begins with the gap EXPIRED and the state there', async () => {
    await using bench = openBench();
    await bench.emitSome(5, { progress: 0.5 });
    await bench.log.trim(TASK, 3);
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    const updates = await take(stream, 3);
    expect(updates.map(step)).toEqual(['gap:expired 3', 'event 4', 'event 5']);
    expect(updates[0]?.progress.components.get('camina')?.progress).toBe(0.5);
    await stream.return?.();
  });

  test('a follower under which the log is trimmed is told, and goes on from the oldest event kept', async () => {
    await using bench = openBench();
    await bench.emitSome(1_000);
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    const before = await take(stream, 100);
    await bench.log.trim(TASK, 900);
    await bench.emit({ eventType: 'task_completed' });
    const steps = [...before, ...(await takeAll(stream))].map(step);
    const gap = steps.findIndex((one) => one.startsWith('gap'));
    expect(steps.slice(gap)).toEqual([
      'gap:expired 900',
      ...Array.from({ length: 101 }, (_, index) => `event ${901 + index}`),
      'ended 1001',
    ]);
    expect(steps.slice(0, gap)).toEqual(Array.from({ length: gap }, (_, index) => `event ${index + 1}`));
  });

  test('a follower under which the whole log is trimmed is told too, though there is no event left to show it', async () => {
    await using bench = openBench();
    await bench.emitSome(300);
    await bench.emit({ eventType: 'task_completed' });
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    const before = (await take(stream, 200)).map(step);
    expect(before.at(-1)).toBe('event 200');
    await bench.log.trim(TASK, 301);
    expect((await takeAll(stream)).map(step)).toEqual(['gap:expired 301', 'ended 301']);
  });

  test('a follower under which the log is trimmed twice in a row is told of a gap, not that the task is unknown', async () => {
    const memory = openMemoryLog();
    let again = false;
    const log = withPart(memory, {
      async progressAt(taskId, seq) {
        if (again) await memory.trim(taskId, 600);
        again = false;
        return memory.progressAt(taskId, seq);
      },
    });
    await using bench = openBench({ log });
    await bench.emitSome(800);
    const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
    await take(stream, 200);
    await memory.trim(TASK, 500);
    again = true;
    await bench.emit({ eventType: 'task_completed' });
    const updates = await takeAll(stream);
    const [gap, ...rest] = updates.map(step);
    expect(gap).toMatch(/^gap:expired /);
    const at = updates[0]?.progress.seq ?? 0;
    const events = Array.from({ length: 801 - at }, (_, index) => `event ${at + 1 + index}`);
    expect(rest).toEqual([...events, 'ended 801']);
  });

  test('a cursor whose events are trimmed while it is looked up is EXPIRED, not DIVERGED', async () => {
    const memory = openMemoryLog();
    let armed = false;
    const trimNow = async (): Promise<void> => {
      if (!armed) return;
      armed = false;
      await memory.trim(TASK, 8);
    };
    const log = withPart(memory, {
      async progressAt(taskId, seq) {
        await trimNow();
        return memory.progressAt(taskId, seq);
      },
    });
    await using bench = openBench({ log });
    await bench.emitSome(10);
    const after = await cursorAt(bench, 4);
    armed = true;
    const stream = await bench.manager.taskUpdates({ taskId: TASK, after });
    expect((await take(stream, 3)).map(step)).toEqual(['gap:expired 8', 'event 9', 'event 10']);
    await stream.return?.();
  });

  test('a cursor of another history is DIVERGED and goes on from the head', async () => {
    await using bench = openBench();
    await bench.emitSome(5);
    for (const after of [
      { seq: 3, hash: '0123456789abcdef' },
      { seq: 0, hash: '0123456789abcdef' },
      { seq: 6, hash: '0123456789abcdef' },
    ]) {
      const stream = await bench.manager.taskUpdates({ taskId: TASK, after });
      expect((await take(stream, 1)).map(step)).toEqual(['gap:diverged 5']);
      await stream.return?.();
    }
  });
});

describe('leaving', () => {
  test('whoever leaves is forgotten at once, in whatever it waited for', async () => {
    await using bench = openBench();
    const unknown = await bench.manager.taskUpdates({ taskId: 'never' });
    const first = unknown.next();
    await bench.emit();
    const known = await bench.manager.taskUpdates({ taskId: TASK });
    await take(known, 1);
    const second = known.next();
    const controller = new AbortController();
    const signalled = await bench.manager.taskUpdates({ taskId: TASK, signal: controller.signal });
    await take(signalled, 1);
    const third = signalled.next();
    await waitFor(() => bench.manager.followerCount === 3, { withinMs: 2_000, what: 'three followers' });
    controller.abort();
    await Promise.all([unknown.return?.(), known.return?.()]);
    for (const pending of [first, second, third]) expect((await pending).done).toBe(true);
    expect(bench.manager.followerCount).toBe(0);
  });

  test('a log that fails ends only the stream that asked, with its error, and leaves nothing behind', async () => {
    const memory = openMemoryLog();
    let fails = false;
    const read: typeof memory.read = (taskId, range) =>
      fails ? Promise.reject(new Error('disk on fire')) : memory.read(taskId, range);
    await using bench = openBench({ log: withPart(memory, { read }) });
    await bench.emit();
    const stream = await bench.manager.taskUpdates({ taskId: TASK });
    await take(stream, 1);
    fails = true;
    await bench.emit();
    await expect(stream.next()).rejects.toThrow('disk on fire');
    expect(bench.manager.followerCount).toBe(0);
  });
});
