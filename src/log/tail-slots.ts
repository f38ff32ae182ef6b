/**
 * The tails of the tasks that are read, within limits over all of them together: when those are passed, the task that
 * was read least recently goes. A place is taken before its tail is loaded, so that what is recorded meanwhile is not
 * missed, and a place that was given up stays given up: whoever still holds it asks `isCurrent`.
 */
import type { TaskEvent } from '../domain/event.ts';
import type { TaskHead } from './event-log.ts';
import type { Tail } from './tail.ts';

export interface TailLimits {
  /** Tasks whose tail is held. */
  readonly maxTasks: number;
  /** Events held, over all tasks and of one task. */
  readonly maxEvents: number;
  readonly maxEventsPerTask: number;
  /** Roughly, over all tasks. */
  readonly maxBytes: number;
}

export interface Slot {
  readonly taskId: string;
  /** Undefined while it is loaded. */
  tail: Tail | undefined;
  /** Recorded while the tail was loaded. */
  readonly early: TaskEvent[];
  /** Settles, never rejects, when the tail is there or the place was given up. */
  loaded: Promise<void>;
  /** Reads on at the end of the tail. */
  askForNews: () => Promise<boolean>;
  /** The head as the log has it. */
  askForHead: () => Promise<TaskHead | undefined>;
  /** A read of events before those held, while it runs. */
  filling: Promise<void> | undefined;
}

export interface TailSlots {
  /** Without counting as a use. */
  get(taskId: string): Slot | undefined;
  /** The place of the task, a new one if it has none; counts as a use. */
  use(taskId: string): Slot;
  isCurrent(slot: Slot): boolean;
  /** A tail grew: make room. */
  rebalance(slot: Slot): void;
  drop(taskId: string): void;
  clear(): void;
}

/** @param begin starts loading the tail of a new place. */
export function createTailSlots(limits: TailLimits, begin: (slot: Slot) => void): TailSlots {
  // Insertion order is order of use.
  const slots = new Map<string, Slot>();
  const counted = new Map<Slot, { readonly events: number; readonly bytes: number }>();
  let latest: Slot | undefined;
  let events = 0;
  let bytes = 0;

  function count(slot: Slot): void {
    const before = counted.get(slot);
    const now = { events: slot.tail?.size ?? 0, bytes: slot.tail?.bytes ?? 0 };
    events += now.events - (before?.events ?? 0);
    bytes += now.bytes - (before?.bytes ?? 0);
    counted.set(slot, now);
  }

  function drop(taskId: string): void {
    const slot = slots.get(taskId);
    if (slot === undefined) return;
    slots.delete(taskId);
    const weight = counted.get(slot);
    events -= weight?.events ?? 0;
    bytes -= weight?.bytes ?? 0;
    counted.delete(slot);
  }

  const isFull = (): boolean => slots.size > limits.maxTasks || events > limits.maxEvents || bytes > limits.maxBytes;

  function makeRoom(): void {
    for (const taskId of slots.keys()) {
      if (!isFull() || slots.size <= 1) return;
      drop(taskId);
    }
  }

  const isCurrent = (slot: Slot): boolean => slots.get(slot.taskId) === slot;

  function rebalance(slot: Slot): void {
    if (!isCurrent(slot)) return;
    while ((slot.tail?.size ?? 0) > limits.maxEventsPerTask) slot.tail?.shrink();
    count(slot);
    // Not even begun in vain: to find the first, a map passes over all that were taken away before it.
    if (isFull()) makeRoom();
    // Alone, and still too much: its events go, oldest first, and its head stays.
    while (isCurrent(slot) && isFull() && slot.tail?.shrink() === true) count(slot);
  }

  return {
    get: (taskId) => slots.get(taskId),
    use(taskId) {
      // One that was used last stands at the end already.
      if (latest?.taskId === taskId && isCurrent(latest)) return latest;
      const known = slots.get(taskId);
      const slot = known ?? emptySlot(taskId);
      slots.delete(taskId);
      slots.set(taskId, slot);
      latest = slot;
      if (known === undefined) {
        rebalance(slot);
        begin(slot);
      }
      return slot;
    },
    isCurrent,
    rebalance,
    drop,
    clear() {
      for (const taskId of slots.keys()) drop(taskId);
    },
  };
}

function emptySlot(taskId: string): Slot {
  return {
    taskId,
    tail: undefined,
    early: [],
    loaded: Promise.resolve(),
    askForNews: () => Promise.resolve(false),
    askForHead: () => Promise.resolve(undefined),
    filling: undefined,
  };
}
