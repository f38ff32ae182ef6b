/**
 * Stores by what they show, so that whoever asks for the same shares one, and its subscription. A store is made for
 * its first listener and let go a moment after its last: rendering alone makes nothing, so what React renders and
 * throws away leaves nothing behind, and on a server nothing is connected.
 */
import type { Store } from '../client/index.ts';

/** Something to read, as `useSyncExternalStore` takes it. */
export interface Shown<Snapshot> {
  subscribe(this: void, listener: () => void): () => void;
  getSnapshot(this: void): Snapshot;
  /** What is shown before anything is known. */
  readonly empty: Snapshot;
}

export interface Pool<Options, Snapshot> {
  /** `key` tells these options from others. */
  show(key: string, options: Options): Shown<Snapshot>;
}

interface Entry<Snapshot> {
  readonly store: Store<Snapshot>;
  /** As good as `empty`: no reason to render again. */
  readonly first: Snapshot;
}

export function createPool<Options, Snapshot>(
  empty: Snapshot,
  createStore: (options: Options, onUnused: () => void) => Store<Snapshot>,
): Pool<Options, Snapshot> {
  const entries = new Map<string, Entry<Snapshot>>();

  function entryOf(key: string, options: Options): Entry<Snapshot> {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const store = createStore(options, () => entries.delete(key));
    const entry = { store, first: store.getSnapshot() };
    entries.set(key, entry);
    return entry;
  }

  return {
    show: (key, options) => ({
      subscribe: (listener) => entryOf(key, options).store.subscribe(listener),
      getSnapshot() {
        const entry = entries.get(key);
        const snapshot = entry?.store.getSnapshot();
        return snapshot === undefined || snapshot === entry?.first ? empty : snapshot;
      },
      empty,
    }),
  };
}
