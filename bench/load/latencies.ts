/** How long events took from just before they were emitted until a watcher had them. */
import { percentile } from '../lib/stats.ts';

export interface Latencies {
  /** The event with this number is about to be emitted. */
  emitting(sequence: number): void;
  arrived(sequence: number): void;
  /** In milliseconds; NaN when nothing arrived. */
  percentile(share: number): number;
  /** Forget what arrived so far. */
  restart(): void;
}

export function createLatencies(): Latencies {
  const sentAt = new Map<number, number>();
  let values: number[] = [];
  return {
    emitting: (sequence) => void sentAt.set(sequence, performance.now()),
    arrived(sequence) {
      const since = sentAt.get(sequence);
      if (since !== undefined) values.push(performance.now() - since);
    },
    percentile: (share) => percentile(Float64Array.from(values).toSorted(), share),
    restart() {
      values = [];
    },
  };
}
