/**
 * Events to batches, by count and by bytes. A batch waits for more only as long as more is at hand: a file gives
 * full batches, and a program that writes a line now and then sees each one sent at once.
 */

export interface BatchOptions {
  readonly maxCount: number;
  readonly maxBytes: number;
}

export interface Sized {
  readonly bytes: number;
}

/** When the source fails, what it gave before comes out first. */
export async function* batchesOf<Item extends Sized>(
  items: AsyncIterable<Item>,
  { maxCount, maxBytes }: BatchOptions,
): AsyncGenerator<readonly Item[], void, void> {
  const iterator = items[Symbol.asyncIterator]();
  let batch: Item[] = [];
  let bytes = 0;
  function take(): readonly Item[] {
    const full = batch;
    batch = [];
    bytes = 0;
    return full;
  }
  try {
    while (true) {
      // Settled either way it is a value, so that nothing is unhandled while the batch before it is on its way.
      const coming = settle(iterator.next());
      if (batch.length > 0 && !(await isAtHand(coming))) yield take();
      const { result, error } = await coming;
      if (result === undefined || result.done === true) {
        if (batch.length > 0) yield take();
        if (result === undefined) throw error;
        return;
      }
      const item = result.value;
      if (batch.length > 0 && (batch.length >= maxCount || bytes + item.bytes > maxBytes)) yield take();
      batch.push(item);
      bytes += item.bytes;
    }
  } finally {
    await iterator.return?.();
  }
}

interface Settled<Value> {
  readonly result?: Value;
  readonly error?: unknown;
}

async function settle<Value>(promise: Promise<Value>): Promise<Settled<Value>> {
  try {
    return { result: await promise };
  } catch (error) {
    return { error };
  }
}

/** Whether the promise settles within this turn of the event loop. */
function isAtHand(promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    void promise.then(() => resolve(true));
    setImmediate(() => resolve(false));
  });
}
