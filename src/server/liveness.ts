/**
 * Whether the peer of a WebSocket is still there. It is asked with a ping, and any word of it counts; but a ping stands
 * behind all that is on the way to the peer, which may be megabytes in the buffers of two systems. So a peer has the
 * longer the more lies before the ping: one that is slow is not taken for dead.
 */
export interface Liveness {
  /** The peer said something. */
  readonly heard: () => void;
  /**
   * Once for each keep-alive interval.
   * @param late the process was blocked: silence since the last beat proves nothing.
   * @returns `ask`: send a ping. `wait`: the last one may still be on its way.
   */
  beat(late: boolean): 'ask' | 'wait' | 'dead';
}

/** A peer that takes less than this is as good as dead. Bytes for each millisecond: 32 KiB/s. */
const SLOWEST_BYTES_PER_MS = 32;

/** @param bytesWritten what was handed over for the peer so far. */
export function createLiveness(bytesWritten: () => number): Liveness {
  /** Before the latest ping, and before the latest one that was answered. */
  let written = bytesWritten();
  let answered = written;
  let askedAt = 0;
  let isAnswering = true;

  return {
    heard() {
      isAnswering = true;
      answered = written;
    },
    beat(late) {
      const now = performance.now();
      if (!isAnswering) {
        if (now - askedAt < (written - answered) / SLOWEST_BYTES_PER_MS) return 'wait';
        if (!late) return 'dead';
      }
      isAnswering = false;
      askedAt = now;
      written = bytesWritten();
      return 'ask';
    },
  };
}
