/** The stream of observations: numbered, hashed and idempotent like a task's log, and no task of its own. */
import { expect, test } from 'vitest';
import type { NewObservation, Observation } from '../../domain/observation.ts';
import type { EventLog } from '../../log/event-log.ts';
import { createTestClock, hashAfter, logOptions, LONG_AGO, numbers, oneTo } from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testObservations(driver: LogUnderTest): void {
  testStream(driver);
  testRepeats(driver);
}

function newObservation(facts: Partial<NewObservation> & Pick<NewObservation, 'id'>): NewObservation {
  return { content: 'looks good', metadata: {}, ...facts };
}

function publishMany(log: EventLog, count: number): Promise<unknown> {
  return Promise.all(oneTo(count).map((index) => log.publishObservation(newObservation({ id: `o${index}` }))));
}

function testStream({ open }: LogUnderTest): void {
  test('observations are numbered 1, 2, 3 … and read back as they were published', async () => {
    await using log = await open(logOptions());
    const full = newObservation({
      id: 'full',
      timestamp: LONG_AGO,
      content: 'all \u0000 \ud800 given 🚀',
      taskId: 'a-task',
      metadata: { b: 1, a: [null, { deep: 'é' }] },
    });
    const first = await log.publishObservation(full);
    const second = await log.publishObservation(newObservation({ id: 'least' }));
    expect([first.duplicate, second.duplicate]).toEqual([false, false]);
    const { recordedAt, hash } = first.observation;
    expect(first.observation).toEqual({ ...full, seq: 1, recordedAt, hash });
    expect(Object.keys(first.observation.metadata)).toEqual(['b', 'a']);
    expect(second.observation).toMatchObject({ seq: 2, timestamp: second.observation.recordedAt, metadata: {} });
    expect(second.observation.taskId).toBeUndefined();
    expect(await log.readObservations({ after: 0, limit: 10 })).toEqual([first.observation, second.observation]);
  });

  test('publishing at once gives each its own number, without a hole', async () => {
    await using log = await open(logOptions());
    await publishMany(log, 40);
    expect(numbers(await log.readObservations({ after: 0, limit: 100 }))).toEqual(oneTo(40));
  });

  test('they are read in pages, from just after a place', async () => {
    await using log = await open(logOptions());
    await publishMany(log, 7);
    expect(numbers(await log.readObservations({ after: 0, limit: 3 }))).toEqual([1, 2, 3]);
    expect(numbers(await log.readObservations({ after: 5, limit: 3 }))).toEqual([6, 7]);
    expect(await log.readObservations({ after: 7, limit: 3 })).toEqual([]);
    expect(await log.readObservations({ after: 70, limit: 3 })).toEqual([]);
  });

  test('the running hash is the chain over the canonical records', async () => {
    await using log = await open(logOptions());
    await log.publishObservation(newObservation({ id: 'a', metadata: { z: 1, a: 2 }, taskId: 't' }));
    await publishMany(log, 3);
    const seed = await log.observationPlace(0);
    expect(seed?.hash).toMatch(/^[0-9a-f]{16}$/);
    let hash = seed?.hash ?? '';
    for (const observation of await log.readObservations({ after: 0, limit: 10 })) {
      hash = hashAfter(hash, observationText(observation));
      expect(observation.hash).toBe(hash);
      expect(await log.observationPlace(observation.seq)).toEqual({ seq: observation.seq, hash, oldestSeq: 1 });
    }
    expect(await log.observationPlace()).toEqual({ seq: 4, hash, oldestSeq: 1 });
  });

  test('an empty stream has a place; beyond the head and below 0 there is none', async () => {
    await using log = await open(logOptions());
    const start = await log.observationPlace();
    expect(start).toMatchObject({ seq: 0, oldestSeq: 1 });
    expect(await log.observationPlace(0)).toEqual(start);
    expect(await log.observationPlace(1)).toBeUndefined();
    await publishMany(log, 1);
    expect(await log.observationPlace(0)).toEqual(start);
    for (const seq of [-1, 2, 2 ** 31]) expect(await log.observationPlace(seq)).toBeUndefined();
  });

  test('streams of two logs have different hashes from the start', async () => {
    await using log = await open(logOptions());
    await using other = await open(logOptions());
    expect((await log.observationPlace())?.hash).not.toBe((await other.observationPlace())?.hash);
  });

  test('recordedAt never decreases along the stream', async () => {
    const clock = createTestClock();
    await using log = await open(logOptions({ now: clock.now }));
    for (const step of [5, -3_600_000, 20, -1]) {
      clock.time += step;
      await log.publishObservation(newObservation({ id: `o${step}` }));
    }
    const times = (await log.readObservations({ after: 0, limit: 9 })).map(({ recordedAt }) => recordedAt);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  test('an observation on a task begins no task and changes none', async () => {
    await using log = await open(logOptions());
    const { position } = await log.changes({ limit: 100 });
    await log.publishObservation(newObservation({ id: 'o', taskId: 'ghost' }));
    expect(await log.head('ghost')).toBeUndefined();
    expect(await log.tasks({ limit: 100 })).toEqual([]);
    expect((await log.changes({ after: position, limit: 100 })).taskIds).toEqual([]);
  });
}

function testRepeats({ open }: LogUnderTest): void {
  test('the same id with the same content gives the first one, whatever the order of keys', async () => {
    await using log = await open(logOptions());
    const first = await log.publishObservation(newObservation({ id: 'o', metadata: { a: 1, b: 2 }, taskId: 't' }));
    for (const timestamp of [undefined, LONG_AGO]) {
      const again = newObservation({ id: 'o', metadata: { b: 2, a: 1 }, taskId: 't', timestamp });
      expect(await log.publishObservation(again)).toEqual({ observation: first.observation, duplicate: true });
    }
    expect(await log.observationPlace()).toMatchObject({ seq: 1 });
  });

  test.each<[string, Partial<NewObservation>]>([
    ['content', { content: 'looks bad' }],
    ['task', { taskId: 'other' }],
    ['no task', { taskId: undefined }],
    ['metadata', { metadata: { a: 1 } }],
    ['timestamp', { timestamp: LONG_AGO + 1 }],
  ])('the same id with another %s is refused', async (_, change) => {
    await using log = await open(logOptions());
    const first = newObservation({ id: 'o', taskId: 'task', timestamp: LONG_AGO });
    await log.publishObservation(first);
    await expect(log.publishObservation({ ...first, ...change })).rejects.toMatchObject({ code: 'EVENT_ID_CONFLICT' });
    expect(await log.observationPlace()).toMatchObject({ seq: 1 });
  });

  test('one observation published many times at once is stored once', async () => {
    await using log = await open(logOptions());
    const results = await Promise.all(oneTo(20).map(() => log.publishObservation(newObservation({ id: 'o' }))));
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(numbers(await log.readObservations({ after: 0, limit: 100 }))).toEqual([1]);
  });

  test('ids of observations and of events have nothing to do with each other', async () => {
    await using log = await open(logOptions());
    await log.publishObservation(newObservation({ id: 'same', taskId: 'task' }));
    const [result] = await log.append([
      {
        taskId: 'task',
        eventId: 'same',
        eventType: 'warning',
        component: 'c',
        stage: 'review',
        message: 'not an observation',
      },
    ]);
    expect(result).toMatchObject({ duplicate: false, event: { seq: 1 } });
  });
}

function observationText({ id, seq, timestamp, recordedAt, content, taskId, metadata }: Observation): string {
  return JSON.stringify({ id, seq, timestamp, recordedAt, content, taskId, metadata });
}
