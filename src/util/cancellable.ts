/**
 * An async iterator that can be left at any moment. A plain `async function*` that waits is not: `return()` queues
 * behind the pending `next()`, and what the generator holds is never released. Here `return()` aborts first, so a
 * generator that waits only on things which end with its signal runs its `finally` at once.
 */
export function cancellable<Item>(
  source: (signal: AbortSignal) => AsyncGenerator<Item, void, void>,
  outer?: AbortSignal,
): AsyncIterableIterator<Item, void, void> {
  const controller = new AbortController();
  const generator = source(controller.signal);
  let hasBegun = false;

  function abort(): void {
    outer?.removeEventListener('abort', abort);
    controller.abort();
    // A generator that stands at a `yield` hears of no signal.
    generator.return().catch(() => undefined);
  }

  /** Only now: a stream that nobody ever reads is held by nobody. */
  function begin(): void {
    if (hasBegun) return;
    hasBegun = true;
    if (outer?.aborted === true) abort();
    else outer?.addEventListener('abort', abort, { once: true });
  }

  return {
    async next() {
      begin();
      try {
        const result = await generator.next();
        if (result.done === true) abort();
        return result;
      } catch (error) {
        abort();
        throw error;
      }
    },
    async return() {
      abort();
      return generator.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
