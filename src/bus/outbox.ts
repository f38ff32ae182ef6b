/**
 * What other processes are still to be told. The first notice after a pause leaves with its turn of the event loop;
 * those that follow within a few milliseconds, or while the last are still on their way, leave together. So a server
 * at full load sends a few hundred messages a second however many events it records, and an idle one adds no delay.
 *
 * It never grows without bound: a way that is down takes nothing, and one that is slow takes so much and no more.
 */
import { packFrames } from './frame.ts';

export interface Outbox {
  add(topic: string, parts: readonly unknown[]): void;
  /** The way is down: what waits and what is under way counts as failed. */
  fail(): void;
  /** What waits is not wanted any more. */
  clear(): void;
  /** Parts that others were surely or maybe not told of. */
  readonly failed: number;
}

export interface OutboxOptions {
  readonly from: string;
  readonly isUp: () => boolean;
  readonly send: (frames: readonly string[]) => Promise<unknown>;
  readonly maxFrameBytes: number;
  /** Between two sends, milliseconds. */
  readonly windowMs?: number;
  readonly maxParts?: number;
}

const WINDOW_MS = 3;
const MAX_PARTS = 20_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { from, isUp, send, maxFrameBytes, windowMs = WINDOW_MS, maxParts = MAX_PARTS } = options;
  let waiting = new Map<string, Set<string>>();
  let count = 0;
  let failed = 0;
  let lastSentAt = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | undefined;
  /** How many parts are under way. */
  let underWay: { readonly count: number } | undefined;

  function add(topic: string, parts: readonly unknown[]): void {
    if (!isUp()) {
      failed += parts.length;
      return;
    }
    const texts = waiting.get(topic) ?? new Set<string>();
    waiting.set(topic, texts);
    for (const part of parts) {
      const text = JSON.stringify(part);
      if (texts.has(text)) continue;
      if (count >= maxParts) {
        failed += 1;
        continue;
      }
      texts.add(text);
      count += 1;
    }
    schedule();
  }

  function schedule(): void {
    if (cancelTimer !== undefined || underWay !== undefined || count === 0) return;
    const restMs = lastSentAt + windowMs - performance.now();
    if (restMs <= 0) {
      const immediate = setImmediate(flush);
      cancelTimer = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(flush, restMs);
      cancelTimer = () => clearTimeout(timer);
    }
  }

  function take(): ReturnType<typeof packFrames> & { readonly count: number } {
    const taken = { ...packFrames(from, waiting, maxFrameBytes), count };
    waiting = new Map();
    count = 0;
    return taken;
  }

  function flush(): void {
    cancelTimer = undefined;
    lastSentAt = performance.now();
    const { frames, tooLarge, count: taken } = take();
    failed += tooLarge;
    if (frames.length === 0) return;
    const current = { count: taken - tooLarge };
    underWay = current;
    const settled = (failures: number): void => {
      // `fail` and `clear` have accounted for it, and gone on without it.
      if (underWay !== current) return;
      underWay = undefined;
      failed += failures;
      schedule();
    };
    send(frames).then(
      () => settled(0),
      () => settled(current.count),
    );
  }

  function clear(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    underWay = undefined;
    waiting = new Map();
    count = 0;
  }

  return {
    add,
    fail() {
      failed += count + (underWay?.count ?? 0);
      clear();
    },
    clear,
    get failed() {
      return failed;
    },
  };
}
