/**
 * Many callers, one piece of work. A call joins a run that has not begun yet, never one that is under way, so what a
 * caller is given was looked up after it asked. At most one run is under way and at most one waits for it.
 */
export function createJoinNext<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let current: Promise<Result> | undefined;
  let next: Promise<Result> | undefined;

  function start(): Promise<Result> {
    next = undefined;
    const running = run();
    const clear = (): void => {
      if (current === running) current = undefined;
    };
    current = running;
    running.then(clear, clear);
    return running;
  }

  return () => {
    if (current === undefined && next === undefined) return start();
    next ??= current?.then(start, start) ?? start();
    return next;
  };
}

/** The same for many pieces of work, each by its key. Nothing is kept of one that nobody waits for. */
export function createJoinNextByKey<Result>(): (key: string, run: () => Promise<Result>) => Promise<Result> {
  const joins = new Map<string, { readonly join: () => Promise<Result>; callers: number }>();
  return async (key, run) => {
    const entry = joins.get(key) ?? { join: createJoinNext(run), callers: 0 };
    joins.set(key, entry);
    entry.callers += 1;
    try {
      return await entry.join();
    } finally {
      entry.callers -= 1;
      if (entry.callers === 0) joins.delete(key);
    }
  };
}
