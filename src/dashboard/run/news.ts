/** That something has changed, for screens: told at once when all was quiet, else a moment later and once for all. */

export interface News {
  subscribe(this: void, listener: () => void): () => void;
  /** Another number after each telling. */
  getSnapshot(this: void): number;
  tell(this: void): void;
}

/** Twenty times a second is as often as an eye follows. */
const PAUSE_MS = 50;

export function createNews(): News {
  const listeners = new Set<() => void>();
  let count = 0;
  let isPausing = false;
  let isDue = false;

  function tell(): void {
    if (isPausing) {
      isDue = true;
      return;
    }
    isDue = false;
    count += 1;
    for (const listener of listeners) listener();
    isPausing = true;
    setTimeout(() => {
      isPausing = false;
      if (isDue) tell();
    }, PAUSE_MS);
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => count,
    tell,
  };
}
