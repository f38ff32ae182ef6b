/**
 * One timer watches over all streams of a transport: it says that an idle stream is alive, and finds readers that
 * took nothing for too long. No timer for each stream, so ten thousand idle watchers cost one wake-up.
 */
export interface Heartbeat extends Disposable {
  add(stream: BeatingStream): Disposable;
  readonly streamCount: number;
}

export interface BeatingStream {
  /** @param late the process was blocked: silence since the last beat proves nothing. */
  beat(late: boolean): void;
  /** Since when a write waits for its reader, by `performance.now()`; undefined while none does. */
  readonly waitingSince: number | undefined;
  /** The reader took nothing for `stallMs`. */
  stalled(): void;
}

export interface HeartbeatOptions {
  readonly keepAliveMs: number;
  readonly stallMs: number;
}

export function createHeartbeat({ keepAliveMs, stallMs }: HeartbeatOptions): Heartbeat {
  const streams = new Set<BeatingStream>();
  // A beat falls on a tick: between two of them a dead peer would stay for longer than was promised.
  const tickMs = keepAliveMs / Math.ceil(keepAliveMs / Math.max(50, stallMs / 6));
  let beatAt = performance.now() + keepAliveMs;
  let tickedAt = performance.now();

  const timer = setInterval(() => {
    const now = performance.now();
    const late = now - tickedAt > 2 * tickMs + 1_000;
    tickedAt = now;
    // A timer may be a little early, and is late by ever more.
    const beats = now >= beatAt - tickMs / 2;
    if (beats) beatAt = now + keepAliveMs;
    for (const stream of streams) {
      const { waitingSince } = stream;
      if (waitingSince !== undefined && now - waitingSince > stallMs && !late) stream.stalled();
      else if (beats) stream.beat(late);
    }
  }, tickMs).unref();

  return {
    add(stream) {
      streams.add(stream);
      return { [Symbol.dispose]: () => void streams.delete(stream) };
    },
    get streamCount() {
      return streams.size;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Counts the writes that a reader has not taken yet, and since when it took none of them. */
export class WriteWatch {
  #pending = 0;
  #since: number | undefined;

  get waitingSince(): number | undefined {
    return this.#since;
  }

  started(): void {
    this.#pending += 1;
    this.#since ??= performance.now();
  }

  finished(): void {
    this.#pending -= 1;
    // Any progress starts the clock anew: a slow reader is not a stalled one.
    this.#since = this.#pending > 0 ? performance.now() : undefined;
  }
}
