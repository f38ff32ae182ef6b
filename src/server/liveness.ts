/**
 * Whether the peer of a WebSocket is still there. It is asked with a ping, and any word of it counts; but a ping stands
 * behind all that is on the way to the peer, which may be megabytes in the buffers of two systems. So a peer has the
 * longer the more lies before the ping: one that is slow is not taken for dead.
 *
 * Only the answer to a ping says what has arrived; a peer that says something else may have all of it before it yet.
 */
export class Liveness {
  readonly #bytesWritten: () => number;
  readonly #now: () => number;
  /** Before the latest ping, and before the latest one that was answered. */
  #written: number;
  #arrived: number;
  #askedAt = 0;
  #isAnswering = true;

  /** @param bytesWritten what was handed over for the peer so far. */
  constructor(bytesWritten: () => number, now: () => number = monotonicNow) {
    this.#bytesWritten = bytesWritten;
    this.#now = now;
    this.#written = bytesWritten();
    this.#arrived = this.#written;
  }

  /** The peer said something. */
  heard(): void {
    this.#isAnswering = true;
  }

  /** The peer answered the ping that carried this. */
  answered(ping: string): void {
    this.#isAnswering = true;
    const upTo = Number(ping);
    // A pong may be anything, also what nobody asked for.
    if (upTo > this.#arrived && upTo <= this.#written) this.#arrived = upTo;
  }

  /**
   * Once for each keep-alive interval.
   * @param late the process was blocked: silence since the last beat proves nothing.
   * @returns what a ping should carry now; or `wait`: the last one may still be on its way.
   */
  beat(late: boolean): { readonly ping: string } | 'wait' | 'dead' {
    const time = this.#now();
    if (!this.#isAnswering) {
      if (time - this.#askedAt < (this.#written - this.#arrived) / SLOWEST_BYTES_PER_MS) return 'wait';
      if (!late) return 'dead';
    }
    this.#isAnswering = false;
    this.#askedAt = time;
    this.#written = this.#bytesWritten();
    return { ping: String(this.#written) };
  }
}

/** A peer that takes less than this is as good as dead. Bytes for each millisecond: 32 KiB/s. */
const SLOWEST_BYTES_PER_MS = 32;

function monotonicNow(): number {
  return performance.now();
}

/** A tenth more or less, so that clients which came at once do not come back at once. */
export function ageWithJitter(maxAgeMs: number, random: () => number): number {
  return maxAgeMs * (0.9 + 0.2 * random());
}
