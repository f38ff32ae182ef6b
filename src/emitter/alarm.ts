/**
 * Waiting that does not keep a Node process alive, unless somebody waits for its end.
 */
export interface Alarm {
  /** Resolves after that time, or when it is rung. One at a time. */
  wait(ms: number): Promise<void>;
  ring(): void;
  /** While held, waiting keeps the process alive. Returns how to let go. */
  hold(): () => void;
  readonly isHeld: boolean;
}

export function createAlarm(): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;
  let holders = 0;
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        timer = setTimeout(wake, ms);
        // A browser's timer is a number.
        if (holders === 0) timer.unref?.();
      }),
    ring: () => wake?.(),
    hold() {
      holders += 1;
      timer?.ref?.();
      return () => {
        holders -= 1;
        if (holders === 0) timer?.unref?.();
      };
    },
    get isHeld() {
      return holders > 0;
    },
  };
}

type Listen = (name: string, listener: () => void) => void;

/** A browser has no process, and what bundlers put in its place has no listeners; Node has no page. */
interface World {
  readonly process?: { readonly once?: Listen; readonly off?: Listen };
  readonly addEventListener?: Listen;
  readonly removeEventListener?: Listen;
}

/** The last moment of a Node process, once, and of a page. Returns how to listen no longer. */
export function atLastMoment(onBeforeExit: () => void, onPageHide: () => void): () => void {
  const world: World = globalThis;
  world.process?.once?.('beforeExit', onBeforeExit);
  world.addEventListener?.('pagehide', onPageHide);
  return () => {
    world.process?.off?.('beforeExit', onBeforeExit);
    world.removeEventListener?.('pagehide', onPageHide);
  };
}
