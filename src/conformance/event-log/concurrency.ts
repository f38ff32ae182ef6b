/** Many producers and readers at once: dense numbers, no hole for any reader, one history for all. */
import { expect, test } from 'vitest';
import type { TaskEvent } from '../../domain/event.ts';
import type { EventLog } from '../../log/event-log.ts';
import { foldStates, hashChain, logOptions, newEvent, numbers, oneTo, readAll } from './support.ts';
import type { LogUnderTest } from './support.ts';

const TASKS = ['shared-1', 'shared-2', 'shared-3'] as const;
const PRODUCERS = 8;
const APPENDS_EACH = 25;

export function testConcurrency(driver: LogUnderTest): void {
  testProducers(driver);
  testReaders(driver);
  const { openSecond } = driver;
  if (openSecond !== undefined) testTwoLogs({ ...driver, openSecond });
}

type SharedDriver = LogUnderTest & { readonly openSecond: NonNullable<LogUnderTest['openSecond']> };

function testProducers({ open }: LogUnderTest): void {
  test(`${PRODUCERS} producers on the same tasks: every event once, numbered without a hole, in one chain`, async () => {
    await using log = await open(logOptions({ snapshotEvery: 50 }));
    const acknowledged = (await Promise.all(oneTo(PRODUCERS).map((producer) => produce(log, producer)))).flat();
    expect(await countOneHistory(log, acknowledged)).toBe(acknowledged.length);
  });

  test("a producer's own events keep the order in which it sent them", async () => {
    await using log = await open(logOptions());
    const sent = oneTo(60).map((index) => log.append([newEvent({ eventId: `e${index}` })]));
    await Promise.all(sent);
    const events = await readAll(log, 'task');
    expect(numbers(events)).toEqual(oneTo(60));
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(60);
  });
}

function testReaders({ open }: LogUnderTest): void {
  test('a reader that follows while appends run sees 1, 2, 3 … and what is there at the end', async () => {
    await using log = await open(logOptions({ snapshotEvery: 50 }));
    const finished = new AbortController();
    const readers = TASKS.flatMap((taskId) =>
      [1, 7, 100].map((limit) => followUntil(log, taskId, limit, finished.signal)),
    );
    await Promise.all(oneTo(PRODUCERS).map((producer) => produce(log, producer)));
    finished.abort();
    for (const [index, seen] of (await Promise.all(readers)).entries()) {
      const taskId = TASKS[Math.floor(index / 3)] ?? '';
      expect(seen).toEqual(await readAll(log, taskId));
    }
  });

  test('the head never goes back, and its state is that of its place', async () => {
    await using log = await open(logOptions());
    const finished = new AbortController();
    const watching = watchHead(log, 'shared-1', finished.signal);
    await Promise.all(oneTo(PRODUCERS).map((producer) => produce(log, producer)));
    finished.abort();
    const heads = await watching;
    const head = await log.head('shared-1');
    if (head === undefined) throw new Error('no head');
    const states = foldStates(head.genesis, await readAll(log, 'shared-1'));
    const places = heads.map(({ seq }) => seq);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    for (const progress of heads) expect(progress).toEqual(states[progress.seq]);
  });
}

function testTwoLogs({ open, openSecond }: SharedDriver): void {
  test('two logs on one store write one history, and each sees the other', async () => {
    await using log = await open(logOptions());
    await using second = await openSecond(log, logOptions());
    const acknowledged = await Promise.all(
      oneTo(PRODUCERS).map((producer) => produce(producer % 2 === 0 ? log : second, producer)),
    );
    expect(await countOneHistory(log, acknowledged.flat())).toBe(acknowledged.flat().length);
    expect(await countOneHistory(second, acknowledged.flat())).toBe(acknowledged.flat().length);
  });

  test('what one log acknowledged, the next read of the other sees', async () => {
    await using log = await open(logOptions());
    await using second = await openSecond(log, logOptions());
    for (const seq of oneTo(20)) {
      const [writer, reader] = seq % 2 === 0 ? [log, second] : [second, log];
      const [result] = await writer.append([newEvent({ eventId: `e${seq}` })]);
      expect(await reader.read('task', { after: seq - 1, limit: 10 })).toEqual([result?.event]);
      expect((await reader.head('task'))?.progress.seq).toBe(seq);
      const [again] = await reader.append([newEvent({ eventId: `e${seq}` })]);
      expect(again).toEqual({ event: result?.event, duplicate: true });
    }
  });
}

/** One after the other: `APPENDS_EACH` batches of this producer, each over several tasks. */
async function produce(log: EventLog, producer: number): Promise<readonly TaskEvent[]> {
  const acknowledged: TaskEvent[] = [];
  for (const round of oneTo(APPENDS_EACH)) {
    const results = await log.append(
      oneTo((producer + round) % 4 || 1).map((index) =>
        newEvent({
          taskId: TASKS[(producer + round + index) % TASKS.length] ?? 'shared-1',
          eventId: `p${producer}-${round}-${index}`,
          component: `producer ${producer}`,
          progress: round / APPENDS_EACH,
        }),
      ),
    );
    acknowledged.push(...results.map(({ event }) => event));
  }
  return acknowledged;
}

/** How many events the log holds, each of them as it was acknowledged, in one chain with the head at its end. */
async function countOneHistory(log: EventLog, acknowledged: readonly TaskEvent[]): Promise<number> {
  let count = 0;
  for (const taskId of TASKS) {
    const events = await readAll(log, taskId);
    expect(numbers(events)).toEqual(oneTo(events.length));
    const ours = acknowledged.filter((event) => event.taskId === taskId);
    expect(events).toEqual(ours.toSorted((one, other) => one.seq - other.seq));
    const head = await log.head(taskId);
    if (head === undefined) throw new Error('no head');
    expect(events.map(({ hash }) => hash)).toEqual(hashChain(head.genesis, events).slice(1));
    expect(head.progress).toEqual(foldStates(head.genesis, events).at(-1));
    count += events.length;
  }
  return count;
}

/** Reads pages until the signal and the head are reached. Every page continues the one before without a hole. */
async function followUntil(
  log: EventLog,
  taskId: string,
  limit: number,
  finished: AbortSignal,
): Promise<readonly TaskEvent[]> {
  const seen: TaskEvent[] = [];
  for (;;) {
    const isLast = finished.aborted;
    const page = await log.read(taskId, { after: seen.length, limit });
    for (const event of page) {
      expect(event.seq).toBe(seen.length + 1);
      seen.push(event);
    }
    if (page.length < limit) {
      if (isLast) return seen;
      await new Promise(setImmediate);
    }
  }
}

async function watchHead(log: EventLog, taskId: string, finished: AbortSignal) {
  const heads = [];
  while (!finished.aborted) {
    const head = await log.head(taskId);
    if (head !== undefined) heads.push(head.progress);
    await new Promise(setImmediate);
  }
  return heads;
}
