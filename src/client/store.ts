/**
 * What a stream shows, as a store that screens read: `subscribe` and `getSnapshot`, as React, Svelte and others ask
 * for. The stream is followed while somebody listens, and a moment longer, so that a component that leaves and comes
 * back does not reconnect. Whoever returns later goes on from the last cursor.
 *
 * Updates may come faster than a screen can show them. Each is folded in place, which is cheap; a snapshot is made,
 * and listeners are told, at most `maxRate` times a second.
 */
import { callForeign } from '../util/call-foreign.ts';
import type { ConnectionState, RetryOptions } from './resume.ts';

export interface Store<Snapshot> extends Disposable {
  /** @returns how to leave. Listeners are never told of errors: the snapshot has them. */
  subscribe(listener: () => void): () => void;
  /** The same object until listeners are told of another one. */
  getSnapshot(): Snapshot;
}

export interface StoreOptions {
  /** Ends it for good, as disposing it does; the last snapshot stays. */
  readonly signal?: AbortSignal | undefined;
  /** The most times a second that listeners are told of updates; 60 when left out. The first is told at once. */
  readonly maxRate?: number | undefined;
  /** How long the stream is followed after the last listener has left; 1,000 when left out. */
  readonly graceMs?: number | undefined;
  /** That time is over, and nobody came back. */
  readonly onUnused?: (() => void) | undefined;
}

export interface StreamState {
  readonly connection: ConnectionState;
  /** What cannot pass. The stream begins anew for who comes after all had left. */
  readonly error: Error | undefined;
}

/** What makes one store another than the next. */
export interface StoreSource<Item, State> {
  /** Begins, or goes on after what was folded. */
  watch(options: RetryOptions): AsyncIterable<Item>;
  /** In place. @returns true to have `watch` called again. */
  fold(item: Item): boolean;
  /** A new object, which no later `fold` changes. */
  state(): State;
}

export function createStore<Item, State>(
  createSource: () => StoreSource<Item, State>,
  options: StoreOptions & Pick<RetryOptions, 'onConnection'>,
): Store<State & StreamState> {
  const { signal, maxRate = 60, graceMs = 1_000, onUnused, onConnection } = options;
  const listeners = new Set<{ readonly tell: () => void }>();
  let source = createSource();
  let connection: ConnectionState = { kind: 'connecting' };
  let error: Error | undefined;
  let snapshot: State & StreamState = { ...source.state(), connection, error };
  let watching: AbortController | undefined;
  /** Nothing more can come. */
  let isOver = false;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let isNews = false;

  function tell(): void {
    isNews = false;
    snapshot = { ...source.state(), connection, error };
    for (const listener of listeners) {
      callForeign(listener.tell);
    }
  }

  function onItem(): void {
    isNews = true;
    if (pause !== undefined) return;
    tell();
    pause = setTimeout(
      () => {
        pause = undefined;
        if (isNews) onItem();
      },
      Math.ceil(1_000 / maxRate),
    );
  }

  /** These are rare, so they are told at once, and do not keep the item waiting that comes right after. */
  function setConnection(state: ConnectionState): void {
    onConnection?.(state);
    if (state.kind === connection.kind && state.kind !== 'lost') return;
    connection = state;
    isNews = true;
    if (pause === undefined) tell();
  }

  async function follow(controller: AbortController): Promise<void> {
    const retry = {
      signal: controller.signal,
      onConnection: (state: ConnectionState) => controller.signal.aborted || setConnection(state),
    };
    let again = true;
    try {
      while (again) {
        again = false;
        for await (const item of source.watch(retry)) {
          if (controller.signal.aborted) return;
          again = source.fold(item);
          onItem();
          if (again) break;
        }
      }
      isOver ||= !controller.signal.aborted;
    } catch (thrown) {
      if (controller.signal.aborted) return;
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    if (watching === controller) stop();
  }

  function start(): void {
    clearTimeout(grace);
    if (watching !== undefined || isOver || error !== undefined || signal?.aborted === true) return;
    watching = new AbortController();
    signal?.addEventListener('abort', dispose, { signal: watching.signal });
    void follow(watching);
  }

  function stop(): void {
    if (watching === undefined) return;
    watching.abort();
    watching = undefined;
    setConnection({ kind: 'idle' });
  }

  /** Whoever comes after an error asks anew. */
  function forgive(): void {
    if (error !== undefined) source = createSource();
    error = undefined;
  }

  function leave(): void {
    stop();
    forgive();
    onUnused?.();
  }

  function dispose(): void {
    isOver = true;
    clearTimeout(grace);
    clearTimeout(pause);
    pause = undefined;
    stop();
  }

  return {
    subscribe(tell) {
      const listener = { tell };
      if (listeners.size === 0) forgive();
      listeners.add(listener);
      start();
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        grace = setTimeout(leave, graceMs);
      };
    },
    getSnapshot: () => snapshot,
    [Symbol.dispose]: dispose,
  };
}
