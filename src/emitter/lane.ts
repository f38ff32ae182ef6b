/**
 * Events of some tasks, in order: a batch leaves when the one before it is answered. The first leaves at once; what
 * comes while it is on its way goes together.
 */
import { createAlarm } from './alarm.ts';
import type { DeliveryWays, Entry } from './delivery.ts';
import type { EmitterOptions } from './options.ts';

export interface Lane {
  add(entry: Entry): void;
  /** Ends the waiting, whatever it is for. */
  ring(): void;
  /** Until the result is called, no more is waited for, and waiting for a try keeps a Node process alive. */
  hurry(): () => void;
}

export function createLane(
  deliver: (batch: readonly Entry[], ways: DeliveryWays) => Promise<void>,
  { maxBatchEvents = 1_000, maxBatchBytes = 512 * 1024, lingerMs = 20 }: EmitterOptions,
  signal: AbortSignal,
): Lane {
  const alarm = createAlarm();
  const waiting: Entry[] = [];
  let waitingBytes = 0;
  let isRunning = false;
  let isLingering = false;

  const isBatchFull = (): boolean => waiting.length >= maxBatchEvents || waitingBytes >= maxBatchBytes;

  function take(): readonly Entry[] {
    let size = 0;
    let count = 0;
    for (const { bytes } of waiting) {
      if (count === maxBatchEvents || (count > 0 && size + bytes > maxBatchBytes)) break;
      size += bytes;
      count += 1;
    }
    waitingBytes -= size;
    return waiting.splice(0, count);
  }

  async function run(): Promise<void> {
    isRunning = true;
    await Promise.resolve(); // What else is emitted in this turn goes along.
    while (waiting.length > 0 && !signal.aborted) {
      const sinceMs = performance.now();
      let came = 0;
      const onAnswer = (): void => void (came = waiting.length);
      await deliver(take(), { signal, pause: alarm.wait, onAnswer });
      const lingersMs = sinceMs + lingerMs - performance.now();
      // What came while a batch was on its way tells that more is coming; what comes of the answer does not.
      if (came === 0 || lingersMs <= 0 || isBatchFull() || alarm.isHeld) continue;
      isLingering = true;
      await alarm.wait(lingersMs);
      isLingering = false;
    }
    isRunning = false;
  }

  return {
    add(entry) {
      waiting.push(entry);
      waitingBytes += entry.bytes;
      if (!isRunning) void run();
      else if (isLingering && isBatchFull()) alarm.ring();
    },
    ring: alarm.ring,
    hurry() {
      if (isLingering) alarm.ring();
      return alarm.hold();
    },
  };
}
