/**
 * THE CONTRACT of a bus: the pub/sub bridge between the parts of a process, and between processes. It carries hints
 * ("look again"), never the truth: a notice may be lost, late or repeated, and no promise to a watcher may rest on it.
 *
 * - A handler gets every notice published after its `subscribe` resolved, while the bus lives and nothing is lost.
 * - A handler that throws or rejects is reported and hurts no other handler and no publisher.
 * - Subscribing and unsubscribing inside a handler is safe. The same handler on the same topic counts once.
 * - Nobody waits for another process: within this one handlers are called whether or not others can be reached, and
 *   `publish`, `subscribe` and `unsubscribe` resolve at once, so none of them needs a signal to be given up by.
 * - A way to others that broke is found again by itself. Notices of that time are lost; what was lost is the log's to say.
 * - Topic names and payloads are never joined into one string: topics that look alike stay apart.
 */
export interface EventBus<Topics extends object> extends AsyncDisposable {
  /** Resolves when the notice is taken, not when it was handled or sent. Starts a bus that is not running. */
  publish<Topic extends keyof Topics>(topic: Topic, notice: Topics[Topic]): Promise<void>;
  subscribe<Topic extends keyof Topics>(topic: Topic, handler: Handler<Topics[Topic]>): Promise<void>;
  unsubscribe<Topic extends keyof Topics>(topic: Topic, handler: Handler<Topics[Topic]>): Promise<void>;
  /** Doing either again changes nothing. A stopped bus keeps its subscriptions and may be started again. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** How many handlers are subscribed, over all topics. */
  readonly subscriptionCount: number;
  /** How the way to other processes stands. A bus within one process has none, and leaves this out. */
  status?(): BusStatus;
}

export type Handler<Notice> = (notice: Notice) => void | Promise<void>;

/** The way to other processes, at this moment; the counts are since the bus was opened. */
export interface BusStatus {
  /** A notice of our own came back over the whole way lately. */
  readonly isConnected: boolean;
  /** Notices handed to `publish`. */
  readonly published: number;
  /** Parts of notices that other processes were surely or maybe not told of. */
  readonly failed: number;
  /** Messages of other processes that were handed to our handlers. */
  readonly received: number;
  /** Messages that made no sense and were dropped. */
  readonly malformed: number;
  /** How often a way that stood was lost. */
  readonly breaks: number;
}

/** A setting is to blame: trying again changes nothing. One line that never shows a secret. */
export class BusUnusableError extends Error {
  override readonly name = 'BusUnusableError';
  readonly code = 'BUS_UNUSABLE';
}

/** What Drumline itself publishes. */
export interface DrumlineTopics {
  /** These tasks were begun, appended to, trimmed or deleted. */
  tasksChanged: { readonly taskIds: readonly string[] };
  /** The stream of observations grew. */
  observationsChanged: Readonly<Record<never, never>>;
  /** Notices may have been lost: ask the log what changed, now rather than at the next catch-up. */
  lookAgain: Readonly<Record<never, never>>;
}
