/**
 * An older copy takes the place of the store under open streams: a failover to a replica that was behind, or a backup
 * put back. Whoever saw what the copy does not have is told so; whoever did not goes on as if nothing had happened.
 */
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import type { ObservationUpdate } from '../../src/manager/observation-updates.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { openBench, step, take, TASK, type Bench } from './bench.ts';

const CATCH_UP_MS = 50;

interface Failing extends Bench {
  /** From now on the copy is the store; `told`: and the log knows that it may be. */
  failOver(how?: { readonly told: boolean }): void;
  /** As another server writes to the copy. */
  readonly copy: EventLog;
}

/** A manager over a store with so many events of the task, and a copy of the store from just then. */
async function openFailing(common: number): Promise<Failing> {
  const cleanup = new AsyncDisposableStack();
  const dir = cleanup.use(await openTempDir());
  const files = [path.join(dir.path, 'store.db'), path.join(dir.path, 'copy.db')] as const;
  const first = await openSqliteLog({ path: files[0] });
  for (let index = 0; index < common; index += 1) await append(first, `common-${index}`);
  await publish(first, 'common');
  await first[Symbol.asyncDispose]();
  await copyFile(...files);
  const store = cleanup.use(await openSqliteLog({ path: files[0] }));
  const copy = cleanup.use(await openSqliteLog({ path: files[1] }));
  let current = store;
  let isTold = true;

  const log: EventLog = {
    traits: { ...store.traits, exclusive: false },
    ready: () => current.ready(),
    initTask: (input) => current.initTask(input),
    append: (batch) => current.append(batch),
    head: (taskId) => current.head(taskId),
    progressAt: (taskId, seq) => current.progressAt(taskId, seq),
    read: (taskId, range) => current.read(taskId, range),
    eventsAt: (places) => current.eventsAt(places),
    tasks: (query) => current.tasks(query),
    async changes(query) {
      if (isTold) return current.changes(query);
      isTold = true;
      const { position } = await current.changes({ limit: 0 });
      return { taskIds: [], deletedIds: [], position, mayHaveDiverged: true };
    },
    trim: (taskId, through) => current.trim(taskId, through),
    delete: (taskId, ifAt) => current.delete(taskId, ifAt),
    publishObservation: (input) => current.publishObservation(input),
    readObservations: (range) => current.readObservations(range),
    observationPlace: (seq) => current.observationPlace(seq),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
  return {
    ...openBench({ log: withTailCache(log), catchUpMs: CATCH_UP_MS }),
    copy,
    failOver({ told } = { told: true }) {
      current = copy;
      isTold = !told;
    },
  };
}

async function append(log: EventLog, eventId: string, taskId = TASK): Promise<void> {
  const event = { taskId, eventId, eventType: 'progress_update', component: 'camina', stage: 'analysis' } as const;
  await log.append([{ ...event, message: '' }]);
}

async function publish(log: EventLog, id: string): Promise<void> {
  await log.publishObservation({ id, content: id, metadata: {} });
}

function observationStep({ kind, cursor, ...update }: ObservationUpdate): string {
  return `${kind}${'reason' in update ? `:${update.reason}` : ''} ${cursor.seq}`;
}

test('a watcher that saw what the copy does not have is told DIVERGED, with the state there, and goes on', async () => {
  await using bench = await openFailing(3);
  const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
  await bench.emitSome(2);
  await take(stream, 5);
  bench.failOver();
  expect((await take(stream, 1)).map(step)).toEqual(['gap:diverged 3']);
  await append(bench.copy, 'other-4');
  expect((await take(stream, 1)).map(step)).toEqual(['event 4']);
  await stream.return?.();
});

test('a watcher whose place the copy has goes on from there, and is told nothing', async () => {
  await using bench = await openFailing(3);
  const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
  expect((await take(stream, 3)).map(step)).toEqual(['event 1', 'event 2', 'event 3']);
  bench.failOver();
  await append(bench.copy, 'other-4');
  expect((await take(stream, 1)).map(step)).toEqual(['event 4']);
  await stream.return?.();
});

test('an event of another history is never delivered as the next one, even before the log knows', async () => {
  await using bench = await openFailing(3);
  const stream = await bench.manager.taskUpdates({ taskId: TASK, replay: true });
  await bench.emitSome(2);
  await take(stream, 5);
  bench.failOver({ told: false });
  for (const seq of [4, 5, 6]) await append(bench.copy, `other-${seq}`);
  expect((await take(stream, 1)).map(step)).toEqual(['gap:diverged 6']);
  await append(bench.copy, 'other-7');
  expect((await take(stream, 1)).map(step)).toEqual(['event 7']);
  await stream.return?.();
});

test('a latest-only view shows the state of the copy', async () => {
  await using bench = await openFailing(3);
  const stream = bench.manager.latestStates({ taskId: TASK });
  await bench.emitSome(2);
  await waitFor(async () => (await take(stream, 1))[0]?.progress.seq === 5, {
    withinMs: 5_000,
    what: 'the state before',
  });
  bench.failOver();
  expect((await take(stream, 1)).map(({ progress }) => progress.seq)).toEqual([3]);
  await stream.return?.();
});

test('the watchers of a task that the copy does not know are told so', async () => {
  await using bench = await openFailing(3);
  await bench.emit({ taskId: 'later' });
  const stream = await bench.manager.taskUpdates({ taskId: 'later' });
  await take(stream, 1);
  bench.failOver();
  await expect(take(stream, 1)).rejects.toMatchObject({ code: 'TASK_DELETED' });
});

test('a watcher of observations is told as well, whether the copy grew past its place or not', async () => {
  await using bench = await openFailing(1);
  const before = bench.manager.observationUpdates({});
  await take(before, 1);
  const first = await bench.manager.publishObservation({ content: 'lost' });
  expect((await take(before, 1)).map(observationStep)).toEqual(['recorded 2']);
  bench.failOver();
  expect((await take(before, 1)).map(observationStep)).toEqual(['gap:diverged 1']);
  await publish(bench.copy, 'other-2');
  await publish(bench.copy, 'other-3');
  expect((await take(before, 2)).map(observationStep)).toEqual(['recorded 2', 'recorded 3']);
  const { seq, hash } = first.observation;
  const later = bench.manager.observationUpdates({ after: { seq, hash } });
  expect((await take(later, 1)).map(observationStep)).toEqual(['gap:diverged 3']);
  await before.return?.();
  await later.return?.();
});

test('a callback goes on with what follows in the copy, and the gap is reported', async () => {
  await using bench = await openFailing(3);
  const got: string[] = [];
  await bench.manager.subscribe(TASK, ({ seq, eventId }) => void got.push(`${seq} ${eventId}`));
  await bench.emit({ eventId: 'lost-4' });
  await waitFor(() => got.length === 1, { withinMs: 5_000, what: 'the event before' });
  bench.failOver();
  for (const seq of [4, 5]) await append(bench.copy, `other-${seq}`);
  await waitFor(() => got.at(-1) === '5 other-5', {
    withinMs: 5_000,
    what: () => `the last event, after ${got.join()}`,
  });
  // Whether it looked while the copy was still behind it decides where it goes on; either is told by one gap.
  expect(got.filter((event) => event !== '4 other-4')).toEqual(['4 lost-4', '5 other-5']);
  expect(bench.errors).toMatchObject([{ code: 'CALLBACK_GAP', taskId: TASK, reason: 'diverged' }]);
});
