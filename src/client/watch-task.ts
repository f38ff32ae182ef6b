/**
 * Watch a task without missing anything: the cursor of the last update is kept, and after any break the stream
 * goes on from there. A plain GraphQL client sends its first variables again after a reconnect, and so begins
 * anew; this one does not. Whatever was delivered before is ignored, so each event comes exactly once, in order.
 */
import { createAutoResetEvent } from '../util/auto-reset-event.ts';
import { cancellable } from '../util/cancellable.ts';
import { retryDelayMs } from '../util/retry-delay.ts';
import { ConnectionFailedError, isPassing, OperationFailedError } from './errors.ts';
import { TaskUpdatesDocument, type TaskEventFilter, type TaskUpdatesSubscription } from './generated/graphql.ts';
import { openSubscription, type ConnectionParams, type Subscription } from './subscription.ts';

/** One step of a task's stream; tell them apart by `__typename`, and skip one that you do not know. */
export type TaskUpdate = TaskUpdatesSubscription['taskUpdates'];

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** Broken: the next try comes in `retryInMs`. Nothing is lost. */
  | { readonly kind: 'lost'; readonly error: Error; readonly retryInMs: number };

export interface WatchTaskOptions {
  /** Of the GraphQL endpoint, e.g. http://127.0.0.1:4000/graphql */
  readonly url: string;
  readonly taskId: string;
  /** The cursor to go on from. Without one the stream begins with a snapshot of now. */
  readonly after?: string | undefined;
  /** Begin with the task's first event instead. Ignored with `after`. */
  readonly replay?: boolean | undefined;
  readonly filter?: TaskEventFilter | undefined;
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal | undefined;
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
  /** Who asks, e.g. `{ authorization: 'Bearer …' }`. As a function it is asked again when a token has expired. */
  readonly connectionParams?: ConnectionParams | undefined;
  /** How long to go on trying before there ever was a connection; then after one was lost. Default: for ever. */
  readonly firstConnectWithinMs?: number | undefined;
  readonly reconnectWithinMs?: number | undefined;
  /** The longest wait before a try. */
  readonly retryCapMs?: number | undefined;
  readonly random?: () => number;
  readonly nowMs?: () => number;
}

/** Ends after `TaskEnded`. Throws what cannot pass: the two errors of `errors.ts`. */
export function watchTask(options: WatchTaskOptions): AsyncIterableIterator<TaskUpdate, void, void> {
  return cancellable((signal) => follow(options, signal), options.signal);
}

async function* follow(options: WatchTaskOptions, signal: AbortSignal): AsyncGenerator<TaskUpdate, void, void> {
  const place: Place = { after: options.after, sequence: -1 };
  const retry = createRetry(options, signal);
  while (!signal.aborted) {
    try {
      for await (const update of oneConnection(options, place, { signal, retry })) {
        place.after = update.cursor;
        place.sequence = update.progress.sequence;
        yield update;
        if (update.__typename === 'TaskEnded') return;
      }
    } catch (error) {
      if (!(error instanceof Error) || !(isPassing(error) || isRenewable(error, options))) throw error;
      await retry.wait(error);
    }
  }
}

/** With another token it goes on. */
function isRenewable(error: Error, { connectionParams }: WatchTaskOptions): boolean {
  return (
    typeof connectionParams === 'function' && error instanceof OperationFailedError && error.code === 'TOKEN_EXPIRED'
  );
}

/** What one connection brings that is new. Ends when it should be opened again; throws when it broke. */
async function* oneConnection(
  options: WatchTaskOptions,
  place: Readonly<Place>,
  { signal, retry }: { readonly signal: AbortSignal; readonly retry: Retry },
): AsyncGenerator<TaskUpdate, void, void> {
  options.onConnection?.({ kind: 'connecting' });
  using subscription = subscribe(options, place, signal, retry.onConnected);
  while (true) {
    const result = await subscription.next();
    if ('end' in result) {
      // Only TaskEnded ends a task's stream: a bare `complete` is a server that goes away politely.
      if (result.end === 'completed') throw new ConnectionFailedError('The server ended the stream early.');
      return;
    }
    retry.onUpdate();
    if (!isSeen(result.data.taskUpdates, place)) yield result.data.taskUpdates;
  }
}

interface Place {
  after: string | undefined;
  sequence: number;
}

/** A gap and an end always say something; so does a snapshot, which moves to wherever the task is now. */
function isSeen(update: TaskUpdate, place: Place): boolean {
  const mayRepeat = update.__typename === 'TaskEventRecorded' || update.__typename === 'TaskCheckpoint';
  return mayRepeat && update.progress.sequence <= place.sequence;
}

function subscribe(
  options: WatchTaskOptions,
  place: Readonly<Place>,
  signal: AbortSignal,
  onConnected: () => void,
): Subscription<TaskUpdatesSubscription> {
  const { url, taskId, replay, filter, connectionParams } = options;
  const variables = { taskId, after: place.after, replay: place.after === undefined ? replay : undefined, filter };
  return openSubscription({ url, document: TaskUpdatesDocument, variables, signal, onConnected, connectionParams });
}

/**
 * An update proves that the stream works. So does a connection that outlived the longest wait, for a task may be
 * silent for hours. A server that accepts and drops gives neither, and is not asked ever faster.
 */
interface Retry {
  onConnected(): void;
  onUpdate(): void;
  /** Resolves when it is time to try again; throws the error when there was time enough. */
  wait(error: Error): Promise<void>;
}

function createRetry(options: WatchTaskOptions, signal: AbortSignal): Retry {
  const { random = Math.random, nowMs = () => performance.now(), retryCapMs = 30_000 } = options;
  const pause = createAutoResetEvent(signal);
  let failures = 0;
  let downSinceMs: number | undefined = nowMs();
  let upSinceMs: number | undefined;
  let patienceMs = options.firstConnectWithinMs ?? Infinity;
  return {
    onConnected() {
      downSinceMs = undefined;
      upSinceMs = nowMs();
      patienceMs = options.reconnectWithinMs ?? Infinity;
      options.onConnection?.({ kind: 'connected' });
    },
    onUpdate() {
      failures = 0;
    },
    async wait(error) {
      if (upSinceMs !== undefined && nowMs() - upSinceMs >= retryCapMs) failures = 0;
      upSinceMs = undefined;
      downSinceMs ??= nowMs();
      if (nowMs() - downSinceMs >= patienceMs) throw error;
      const retryInMs = retryDelayMs(failures, { random, capMs: retryCapMs });
      failures += 1;
      options.onConnection?.({ kind: 'lost', error, retryInMs });
      await pause.wait(retryInMs);
    },
  };
}
