/** Streams outlast a store that does not answer: they wait, and go on from where they were. */
import { expect, test } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import { openBench, step, take, TASK, type Bench } from './bench.ts';

interface Outage extends Bench {
  isDown: boolean;
  /** Questions that were not answered. */
  unanswered: number;
}

function openOutage(): Outage {
  const store = openMemoryLog();
  const ask = <Answer>(question: () => Answer): Answer | Promise<never> => {
    if (!outage.isDown) return question();
    outage.unanswered += 1;
    return Promise.reject(new StoreUnavailableError('FAILED'));
  };
  const log: EventLog = {
    ...store,
    traits: { ...store.traits, exclusive: false },
    head: (taskId) => ask(() => store.head(taskId)),
    progressAt: (taskId, seq) => ask(() => store.progressAt(taskId, seq)),
    read: (taskId, range) => ask(() => store.read(taskId, range)),
    eventsAt: (places) => ask(() => store.eventsAt(places)),
    tasks: (query) => ask(() => store.tasks(query)),
    changes: (query) => ask(() => store.changes(query)),
    readObservations: (range) => ask(() => store.readObservations(range)),
    observationPlace: (seq) => ask(() => store.observationPlace(seq)),
  };
  const outage = Object.assign(openBench({ log: withTailCache(log) }), { isDown: false, unanswered: 0 });
  return outage;
}

/** Has something asked while the store is down. */
async function during<Result>(outage: Outage, happens: () => Result): Promise<Awaited<Result>> {
  outage.isDown = true;
  const before = outage.unanswered;
  const result = await happens();
  await expect.poll(() => outage.unanswered, { timeout: 5_000 }).toBeGreaterThan(before);
  outage.isDown = false;
  return result;
}

type Open = (outage: Outage) => Promise<AsyncIterableIterator<object, void, void>>;

const STREAMS: readonly (readonly [string, Open])[] = [
  ['of a task', ({ manager }: Outage) => manager.taskUpdates({ taskId: TASK })],
  ['of latest states', async ({ manager }: Outage) => manager.latestStates({ taskId: TASK })],
  ['of a board', async ({ manager }: Outage) => manager.boardUpdates({})],
  ['of observations', async ({ manager }: Outage) => manager.observationUpdates({})],
];

test.each(STREAMS)('a stream %s goes on after an outage', async (_, open) => {
  await using bench = openOutage();
  await bench.emit();
  const stream = await open(bench);
  await take(stream, 1);
  // Asked when the store is down already: a question before that would be answered with what comes meanwhile.
  const { next } = await during(bench, async () => {
    const asked = take(stream, 1);
    await bench.emit();
    await bench.manager.publishObservation({ content: 'now' });
    return { next: asked };
  });
  expect(await next).toHaveLength(1);
  await stream.return?.();
});

test.each(STREAMS)('a stream %s that is opened during an outage begins after it', async (_, open) => {
  await using bench = openOutage();
  await bench.emit();
  bench.isDown = true;
  const stream = await open(bench);
  const first = take(stream, 1);
  await during(bench, async () => undefined);
  expect(await first).toHaveLength(1);
  await stream.return?.();
});

test('a watcher that comes back during an outage goes on from its cursor', async () => {
  await using bench = openOutage();
  const [{ event }] = [await bench.emit()];
  bench.isDown = true;
  const stream = await bench.manager.taskUpdates({ taskId: TASK, after: event });
  const next = take(stream, 1);
  await during(bench, () => bench.emit());
  expect((await next).map(step)).toEqual(['event 2']);
  await stream.return?.();
});

test('it is told that its task is not known as soon as somebody can tell', async () => {
  await using bench = openOutage();
  const { event } = await bench.emit();
  bench.isDown = true;
  const stream = await bench.manager.taskUpdates({ taskId: 'nobody', after: event });
  const refusal = take(stream, 1).catch((error: unknown) => error);
  await during(bench, async () => undefined);
  expect(await refusal).toMatchObject({ code: 'TASK_NOT_FOUND' });
});

test('a stream that is left during an outage lets go of everything, and asks no more', async () => {
  await using bench = openOutage();
  await bench.emit();
  const stream = await bench.manager.taskUpdates({ taskId: TASK });
  await take(stream, 1);
  const { pending } = await during(bench, async () => {
    const asked = stream.next();
    await bench.emit();
    return { pending: asked };
  });
  bench.isDown = true;
  await stream.return?.();
  await pending;
  expect(bench.manager.followerCount).toBe(0);
});
