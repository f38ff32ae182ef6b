/**
 * While an answer that came late is asked for again, streams wait: else a task that changes faster than a query is
 * answered would make each answer late. Not for long, for a query may hang.
 */
export interface Hold {
  /** Until it is disposed, or its time is up. */
  take(): Disposable;
  /** When those who hold now do so no more. */
  released(): Promise<void>;
}

export function createHold(maxMs = 1_000): Hold {
  const held = new Set<Promise<void>>();
  return {
    take() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const release = (): void => {
        clearTimeout(timer);
        held.delete(promise);
        resolve();
      };
      const timer = setTimeout(release, maxMs);
      held.add(promise);
      return { [Symbol.dispose]: release };
    },
    async released() {
      await Promise.all(held);
    },
  };
}
