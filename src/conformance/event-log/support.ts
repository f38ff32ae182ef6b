/**
 * What the suite of the log's contract shares: what a driver declares of itself, events to append, and the running
 * hash worked out a second time, from the words of the contract and without the code of any driver.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { Genesis, NewEvent, TaskEvent } from '../../domain/event.ts';
import { foldEvent, initialProgress, type TaskProgress } from '../../domain/progress.ts';
import type { EventLog, LogTraits } from '../../log/event-log.ts';

/** A driver as the suite sees it. What it cannot do it declares here; the suite never asks for its name. */
export interface LogUnderTest {
  readonly name: string;
  readonly traits: LogTraits;
  /** Each call opens a new, empty log of its own. */
  readonly open: (options: LogOptions) => Promise<EventLog>;
  /** Opens the store of a log that was disposed once more. Left out: nothing outlives its log. */
  readonly reopen?: ((log: EventLog, options: LogOptions) => Promise<EventLog>) | undefined;
  /** Opens a second log on the store of one that is open, as another process would. For logs that are not exclusive. */
  readonly openSecond?: ((log: EventLog, options: LogOptions) => Promise<EventLog>) | undefined;
  /** `own`: the time comes from the store, and `LogOptions.now` counts for nothing. */
  readonly clock: 'given' | 'own';
}

export interface LogOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How often the state is kept along a task; it must not show in any answer. */
  readonly snapshotEvery: number;
}

/** A clock that stands still until it is set, and may be set back. */
export interface TestClock {
  time: number;
  readonly now: () => number;
}

/** A moment that lies behind every clock that a driver may have. */
export const LONG_AGO = Date.UTC(2020, 0, 1);

export function createTestClock(time: number = Date.UTC(2026, 0, 1)): TestClock {
  const clock = { time, now: () => clock.time };
  return clock;
}

export function logOptions(options: Partial<LogOptions> = {}): LogOptions {
  return { now: createTestClock().now, snapshotEvery: 1_000, ...options };
}

/**
 * One log for all tests of the surrounding `describe`, which keep out of each other's tasks: opening one may be slow.
 * @param prepare runs once, before the first test.
 */
export function openForAll(
  { open }: LogUnderTest,
  options: LogOptions,
  prepare: (log: EventLog) => Promise<void> = async () => undefined,
): () => EventLog {
  let shared: EventLog | undefined;
  beforeAll(async () => {
    shared = await open(options);
    await prepare(shared);
  });
  afterAll(() => shared?.[Symbol.asyncDispose]());
  return () => {
    if (shared === undefined) throw new Error('The log is opened before the first test, not before.');
    return shared;
  };
}

/** One event; what a test does not speak of does not matter to it. */
export function newEvent(facts: Partial<NewEvent> & Pick<NewEvent, 'eventId'>): NewEvent {
  return {
    taskId: 'task',
    eventType: 'progress_update',
    component: 'worker',
    stage: 'analysis',
    message: 'working',
    ...facts,
  };
}

/** `count` events of one task with the ids `<prefix>1`, `<prefix>2` …, of three components that make progress. */
export function newEvents(taskId: string, count: number, prefix = 'e'): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) =>
    newEvent({
      taskId,
      eventId: `${prefix}${index + 1}`,
      component: `worker-${index % 3}`,
      message: `step ${index + 1}`,
      progress: ((index * 7) % 11) / 10,
    }),
  ).map((event) => ({ ...event, progress: Math.min(event.progress ?? 0, 1) }));
}

/** All events of a task that are kept, in one read. */
export async function readAll(log: EventLog, taskId: string): Promise<readonly TaskEvent[]> {
  return log.read(taskId, { after: 0, limit: 100_000 });
}

export function numbers(events: readonly { readonly seq: number }[]): readonly number[] {
  return events.map(({ seq }) => seq);
}

/** 1, 2, 3 … up to `count`. */
export function oneTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** The state after each event, worked out from the genesis and the events alone; index 0 is before the first. */
export function foldStates(genesis: Genesis, events: readonly TaskEvent[]): readonly TaskProgress[] {
  const states = [initialProgress(genesis, hashAfter('', genesisText(genesis)))];
  for (const event of events) {
    const before = states.at(-1);
    if (before !== undefined) states.push(foldEvent(before, event));
  }
  return states;
}

/** The hash after each event, from the canonical text of each record; index 0 is that of the genesis. */
export function hashChain(genesis: Genesis, events: readonly TaskEvent[]): readonly string[] {
  const hashes = [hashAfter('', genesisText(genesis))];
  for (const event of events) hashes.push(hashAfter(hashes.at(-1) ?? '', eventText(event)));
  return hashes;
}

/** First 8 bytes of SHA-256 over the hash before and the text of the record. */
export function hashAfter(previous: string, text: string): string {
  return createHash('sha256').update(previous).update(text).digest('hex').slice(0, 16);
}

function genesisText({ logId, taskId, title, labels, createdAt, startedAt }: Genesis): string {
  return JSON.stringify({ logId, taskId, title, labels, createdAt, startedAt });
}

function eventText(event: TaskEvent): string {
  const keys = [
    'taskId',
    'seq',
    'eventId',
    'eventType',
    'timestamp',
    'recordedAt',
    'component',
    'stage',
    'message',
    'details',
    'progress',
    'estimatedTimeRemaining',
  ] as const satisfies readonly (keyof TaskEvent)[];
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, event[key]])));
}
