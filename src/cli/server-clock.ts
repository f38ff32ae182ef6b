/**
 * What the time is for the server, as its events tell: each was recorded by the server's clock, and comes at a time of
 * this terminal's. Pure. The difference stays the same for events that come live, and only these tell how far this
 * clock is ahead; for those that are caught up on, in a rush, it falls from one to the next. Where it is below zero,
 * this clock is behind by as much at least, whatever the event.
 */

export interface ServerClock {
  /** How far this machine's clock is ahead of the server's; below zero when it is behind. */
  readonly aheadMs: number;
  /** Since when, by this machine's clock, the difference is what it is. */
  readonly steady?: { readonly sinceMs: number; readonly differenceMs: number } | undefined;
}

/** Until something came live, the clocks are taken to be the same. */
export const SAME_CLOCK: ServerClock = Object.freeze({ aheadMs: 0 });

/** The way takes its time, and not always the same. */
const STEADY_WITHIN_MS = 500;
/** Old events come in a rush that is shorter than this, or their difference changes in it. */
const LIVE_AFTER_MS = 1_000;

/** After one more event, which came at `nowMs` of this machine's clock. */
export function foldClock({ aheadMs, steady }: ServerClock, recordedMs: number, nowMs: number): ServerClock {
  const differenceMs = nowMs - recordedMs;
  const isSteady = steady !== undefined && Math.abs(differenceMs - steady.differenceMs) < STEADY_WITHIN_MS;
  const since = isSteady ? steady : { sinceMs: nowMs, differenceMs };
  const isLive = nowMs - since.sinceMs >= LIVE_AFTER_MS;
  return { aheadMs: Math.min(isLive ? since.differenceMs : aheadMs, differenceMs), steady: since };
}
