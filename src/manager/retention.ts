/**
 * What is kept, and for how long, so that a store does not grow for ever. Two rules: a task is deleted when nothing was
 * recorded of it for its time, and a log that is longer than its bound loses its oldest events.
 *
 * - Time is the server's: a task whose producers date its events long ago is as new as its last record.
 * - Nothing that is recorded meanwhile is lost: a task is deleted only while its head is where it was judged.
 * - Several servers may sweep one store: whoever comes second finds nothing to do.
 * - Emits are not held up: each step is small, one is under way at a time, and as long as it took nothing is done.
 *
 * Long logs need no search: whoever records an event knows how many there are.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { StoreCorruptError } from '../domain/errors.ts';
import type { AppendResult, EventLog, TaskHead } from '../log/event-log.ts';

export interface RetentionRules {
  /** How long a task is kept after its last record, milliseconds; 0: for ever. */
  readonly keepMs: number;
  /** How many events of one task are kept, give or take one step; 0: all. */
  readonly maxEventsPerTask: number;
}

export interface RetentionDeps {
  readonly log: Pick<EventLog, 'tasks' | 'head' | 'read' | 'delete' | 'trim'>;
  readonly rules: RetentionRules;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onDeleted: (taskIds: readonly string[]) => void;
  /** Something was left for the next time. */
  readonly onError: (error: unknown) => void;
  readonly sweepEveryMs: number;
}

export interface Retention extends AsyncDisposable {
  /** These were recorded: where a log grew too long, it is trimmed soon. */
  recorded(results: readonly AppendResult[]): void;
  /** Delete the tasks whose time is over. Resolves when there are none left. */
  sweep(): Promise<void>;
  /** Sweep every so often from now on. */
  start(): void;
  /** Settles when no trim is under way. */
  trimmed(): Promise<void>;
}

const PAGE_TASKS = 50;
/** What one step trims at most. */
const STEP_EVENTS = 1_000;

export function createRetention(deps: RetentionDeps): Retention {
  const { log, now, onDeleted, onError, sweepEveryMs } = deps;
  const { keepMs, maxEventsPerTask } = deps.rules;
  const stepEvents = Math.min(STEP_EVENTS, Math.ceil(maxEventsPerTask / 100));
  const closing = new AbortController();
  const { signal } = closing;
  const tooLong = new Set<string>();
  let trimming: Promise<void> | undefined;
  let sweeping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** As long as it took, others have the store to themselves. */
  async function givingWay<Result>(step: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    const result = await step();
    const tookMs = performance.now() - startedAt;
    await delay(tookMs, undefined, { signal, ref: false }).catch(() => undefined);
    return result;
  }

  async function deleteOver(): Promise<void> {
    const cutoff = now() - keepMs;
    for (let before = cutoff; !signal.aborted;) {
      const heads = await log.tasks({ order: 'updated', updatedBefore: before, limit: PAGE_TASKS });
      const deleted = await deleteAmong(heads, cutoff);
      const last = heads.at(-1)?.progress.lastUpdate;
      if (last === undefined || heads.length < PAGE_TASKS) return;
      // Those that are left of one moment are passed over together, or the same page would come again.
      before = deleted > 0 || last + 1 < before ? last + 1 : last;
    }
  }

  /** @returns how many of them were deleted. */
  async function deleteAmong(heads: readonly TaskHead[], cutoff: number): Promise<number> {
    const deleted: string[] = [];
    try {
      for (const head of heads) {
        if (signal.aborted) break;
        if (await givingWay(() => deleteIfOver(head, cutoff))) deleted.push(head.genesis.taskId);
      }
    } finally {
      if (deleted.length > 0) onDeleted(deleted);
    }
    return deleted.length;
  }

  async function deleteIfOver(head: TaskHead, cutoff: number): Promise<boolean> {
    const { genesis, progress } = head;
    try {
      return (await lastRecordedAt(head)) < cutoff && (await log.delete(genesis.taskId, progress));
    } catch (error) {
      // Damage is the operator's to look at; it does not keep the others.
      if (!(error instanceof StoreCorruptError)) throw error;
      onError(error);
      return false;
    }
  }

  async function lastRecordedAt({ genesis, progress, oldestSeq }: TaskHead): Promise<number> {
    if (progress.seq < oldestSeq) return genesis.createdAt;
    const [last] = await log.read(genesis.taskId, { after: progress.seq - 1, limit: 1 });
    // It is not there any more: somebody is faster.
    return last?.recordedAt ?? Number.POSITIVE_INFINITY;
  }

  function trimSoon(): void {
    if (trimming !== undefined || tooLong.size === 0 || signal.aborted) return;
    trimming = trimLongest().finally(() => {
      trimming = undefined;
      trimSoon();
    });
  }

  async function trimLongest(): Promise<void> {
    for (const taskId of tooLong) {
      tooLong.delete(taskId);
      await trimOne(taskId).catch(onError);
    }
  }

  async function trimOne(taskId: string): Promise<void> {
    const head = await log.head(taskId);
    if (head === undefined) return;
    const last = head.progress.seq - maxEventsPerTask;
    for (let through = head.oldestSeq - 1; through < last && !signal.aborted;) {
      through = Math.min(through + stepEvents, last);
      await givingWay(() => log.trim(taskId, through));
    }
  }

  function sweep(): Promise<void> {
    if (keepMs === 0) return Promise.resolve();
    sweeping ??= deleteOver().finally(() => (sweeping = undefined));
    return sweeping;
  }

  /** At moments that differ from server to server. */
  function sweepLater(): void {
    if (signal.aborted) return;
    timer = setTimeout(
      () => void sweep().catch(onError).finally(sweepLater),
      sweepEveryMs * (0.75 + Math.random() / 2),
    ).unref();
  }

  return {
    recorded(results) {
      if (maxEventsPerTask === 0) return;
      for (const { event } of results) {
        if (event.seq > maxEventsPerTask && event.seq % stepEvents === 0) tooLong.add(event.taskId);
      }
      trimSoon();
    },
    sweep,
    start() {
      if (keepMs > 0) sweepLater();
    },
    async trimmed() {
      await trimming;
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      closing.abort();
      await Promise.allSettled([sweeping, trimming]);
    },
  };
}
