/**
 * Whether the peer of a WebSocket is still there. It is asked with a ping, and any word of it counts; but a ping stands
 * behind all that is on the way to the peer, which may be megabytes in the buffers of two systems. So a peer has the
 * longer the more lies before the ping: one that is slow is not taken for dead.
 *
 * Only the answer to a ping says what has arrived; a peer that says something else may have all of it before it yet.
 */
export interface Liveness {
  /** The peer said something. */
  readonly heard: () => void;
  /** The peer answered the ping that carried this. */
  readonly answered: (ping: string) => void;
  /**
   * Once for each keep-alive interval.
   * @param late the process was blocked: silence since the last beat proves nothing.
   * @returns what a ping should carry now; or `wait`: the last one may still be on its way.
   */
  beat(late: boolean): { readonly ping: string } | 'wait' | 'dead';
}

/** A peer that takes less than this is as good as dead. Bytes for each millisecond: 32 KiB/s. */
const SLOWEST_BYTES_PER_MS = 32;

/** @param bytesWritten what was handed over for the peer so far. */
export function createLiveness(bytesWritten: () => number, now: () => number = () => performance.now()): Liveness {
  /** Before the latest ping, and before the latest one that was answered. */
  let written = bytesWritten();
  let arrived = written;
  let askedAt = 0;
  let isAnswering = true;

  return {
    heard() {
      isAnswering = true;
    },
    answered(ping) {
      isAnswering = true;
      const upTo = Number(ping);
      // A pong may be anything, also what nobody asked for.
      if (upTo > arrived && upTo <= written) arrived = upTo;
    },
    beat(late) {
      const time = now();
      if (!isAnswering) {
        if (time - askedAt < (written - arrived) / SLOWEST_BYTES_PER_MS) return 'wait';
        if (!late) return 'dead';
      }
      isAnswering = false;
      askedAt = time;
      written = bytesWritten();
      return { ping: String(written) };
    },
  };
}
