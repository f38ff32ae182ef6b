/**
 * A flag that one loop waits for: any number of `set` calls before or during the wait end one wait. Coalescing is
 * the point: "something is newer" needs saying once. The signal sets it too, so no wait outlives its owner.
 */
export interface AutoResetEvent {
  set(): void;
  /** Resolves when set, when the signal aborts, or after `timeoutMs`. Only one caller may wait at a time. */
  wait(timeoutMs?: number): Promise<void>;
}

export function createAutoResetEvent(signal: AbortSignal): AutoResetEvent {
  let isSet = false;
  let wake: (() => void) | undefined;

  function set(): void {
    isSet = true;
    wake?.();
  }
  signal.addEventListener('abort', set, { once: true });

  return {
    set,
    async wait(timeoutMs) {
      if (!isSet && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      isSet = false;
    },
  };
}
