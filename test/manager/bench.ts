/** A manager over the log in memory and a bus whose notices a test may lose, repeat or hold back. */
import type { DrumlineTopics, EventBus, Handler } from '../../src/bus/event-bus.ts';
import type { EmitEventInput } from '../../src/domain/event.ts';
import type { AppendResult, EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { createEventManager, type EventManager, type RetentionOptions } from '../../src/manager/event-manager.ts';
import type { TaskUpdate } from '../../src/manager/task-updates.ts';
import { settlesWithin } from '../support/wait-for.ts';

/** What becomes of one notice for one handler: call `deliver` never, once, or more often; now or later. */
export type NoticeFate = (deliver: () => void) => void;

export interface Bench extends AsyncDisposable {
  readonly log: EventLog;
  readonly manager: EventManager;
  /** What was given to `onError`. */
  readonly errors: readonly unknown[];
  emit(patch?: Partial<EmitEventInput>): Promise<AppendResult>;
  /** So many events of the task in as few appends as may be, with ids of their own. */
  emitSome(count: number, patch?: Partial<EmitEventInput>): Promise<void>;
}

export interface BenchOptions {
  readonly log?: EventLog;
  readonly fate?: NoticeFate;
  readonly publish?: () => Promise<void>;
  /** So rarely by default that no test passes only because of it. */
  readonly catchUpMs?: number;
  readonly retention?: RetentionOptions;
}

export const TASK = 'survey';

export function openBench(options: BenchOptions = {}): Bench {
  const { log = openMemoryLog(), fate = (deliver) => deliver(), publish, catchUpMs = 3_600_000, retention } = options;
  const errors: unknown[] = [];
  const bus = createTestBus(fate, publish);
  const onError = (error: unknown): void => void errors.push(error);
  const manager = createEventManager({ log, bus, catchUpMs, onError, ...(retention && { retention }) });
  return {
    log,
    manager,
    errors,
    emit: (patch) => manager.emit(event(patch)),
    async emitSome(count, patch) {
      for (let left = count; left > 0; left -= 1_000) {
        await manager.emitMany(Array.from({ length: Math.min(left, 1_000) }, () => event(patch)));
      }
    },
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

/** An event that nothing is wrong with. */
export function event(patch: Partial<EmitEventInput> = {}): EmitEventInput {
  return {
    taskId: TASK,
    eventType: 'progress_update',
    component: 'camina',
    stage: 'analysis',
    message: 'on it',
    ...patch,
  };
}

function createTestBus(fate: NoticeFate, publish?: () => Promise<void>): EventBus<DrumlineTopics> {
  const handlers: { [Topic in keyof DrumlineTopics]: Set<Handler<DrumlineTopics[Topic]>> } = {
    tasksChanged: new Set(),
    observationsChanged: new Set(),
    lookAgain: new Set(),
  };
  return {
    async publish(topic, notice) {
      await publish?.();
      for (const handler of handlers[topic]) fate(() => void handler(notice));
    },
    subscribe: async (topic, handler) => void handlers[topic].add(handler),
    unsubscribe: async (topic, handler) => void handlers[topic].delete(handler),
    start: async () => undefined,
    stop: async () => undefined,
    get subscriptionCount() {
      return Object.values(handlers).reduce((sum, { size }) => sum + size, 0);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The next so many items; fails when they do not come soon. */
export async function take<Item>(
  stream: AsyncIterator<Item, void, void>,
  count: number,
  withinMs = 5_000,
): Promise<Item[]> {
  const items: Item[] = [];
  while (items.length < count) {
    const what = `item ${items.length + 1} of ${count}`;
    const result = await settlesWithin(stream.next(), { withinMs, what });
    if (result.done === true) throw new Error(`the stream ended before ${what}`);
    items.push(result.value);
  }
  return items;
}

/** All items up to the stream's own end. */
export async function takeAll<Item>(stream: AsyncIterator<Item, void, void>, withinMs = 5_000): Promise<Item[]> {
  const items: Item[] = [];
  for (;;) {
    const result = await settlesWithin(stream.next(), { withinMs, what: 'the next item, or the end' });
    if (result.done === true) return items;
    items.push(result.value);
  }
}

/** `snapshot 0`, `event 1`, `gap:expired 7`, …: what kind of step, and where it stands. */
export function step(update: TaskUpdate): string {
  const reason = update.kind === 'gap' ? `:${update.reason}` : '';
  return `${update.kind}${reason} ${update.progress.seq}`;
}

/** The log with one of its functions replaced, as a store with a fault or a delay would be. */
export function withPart(log: EventLog, part: Partial<EventLog>): EventLog {
  return { ...log, ...part };
}
