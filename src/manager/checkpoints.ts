/** A filtered watcher's cursor moves past what it does not see; this says when to tell it so, and no more often. */

/** A hidden stretch as long as this is told of at once, so that a resume never scans more than that again. */
const CHECKPOINT_EVENTS = 1_000;
/** On reaching the head with something hidden, a checkpoint goes out, but not more often than this. */
const CHECKPOINT_INTERVAL_MS = 1_000;

/** When to tell a filtered watcher how far its cursor has come. */
export interface Checkpoints {
  frameSent(): void;
  /** One more event is hidden. True when that must be told at once. */
  hide(): boolean;
  /** At the head: whether to tell now. */
  isDue(): boolean;
  /** How long to wait for news before `isDue` is worth asking again; undefined: for ever. */
  waitMs(): number | undefined;
}

export function createCheckpoints(): Checkpoints {
  let hidden = 0;
  let lastTold = Number.NEGATIVE_INFINITY;
  const tell = (): true => {
    hidden = 0;
    lastTold = performance.now();
    return true;
  };
  const remainingMs = (): number => Math.max(0, lastTold + CHECKPOINT_INTERVAL_MS - performance.now());
  return {
    frameSent: () => (hidden = 0),
    hide: () => (hidden += 1) >= CHECKPOINT_EVENTS && tell(),
    isDue: () => hidden > 0 && remainingMs() === 0 && tell(),
    waitMs: () => (hidden > 0 ? Math.ceil(remainingMs()) : undefined),
  };
}
