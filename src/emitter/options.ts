/** What an emitter can be told, what it answers, and its own error. */
import type { EmitEventInput } from '../client/generated/graphql.ts';
import type { PostOptions } from '../client/request.ts';
import type { HeadersSource } from '../client/transport.ts';

export interface EmitterOptions extends Pick<PostOptions, 'timeoutMs'> {
  /** Of the GraphQL endpoint, http(s). */
  readonly url: string;
  /** A function is asked before the first request, and again when the server took what it gave no longer. */
  readonly headers?: HeadersSource | undefined;
  /** The same for a bearer token alone. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Aborted: what waits is refused with its reason, and nothing more is taken. */
  readonly signal?: AbortSignal | undefined;
  /** At most 1,000, which is the server's bound. */
  readonly maxBatchEvents?: number;
  /** Of the events as JSON. */
  readonly maxBatchBytes?: number;
  /** While events come faster than answers, batches leave no sooner than this one after the other. */
  readonly lingerMs?: number;
  /** What may wait for its answer, in events and in bytes of JSON. */
  readonly maxQueuedEvents?: number;
  readonly maxQueuedBytes?: number;
  /** What becomes of an event beyond that: it waits as well (`ready` says when there is room), or is EMITTER_FULL. */
  readonly whenFull?: 'wait' | 'refuse';
  /** Hears of each event that will not be recorded, and why, also when nobody awaits its `emit`. */
  readonly onRefused?: ((error: unknown, event: EmitEventInput) => void) | undefined;
  /** Hears why a batch is sent again, and when. */
  readonly onRetry?: ((error: Error, retryInMs: number) => void) | undefined;
  /** The longest wait before a try, unless the server asks for more. */
  readonly retryCapMs?: number;
  /** How long a Node process with nothing else to do goes on trying to get rid of what waits. */
  readonly exitWithinMs?: number;
  readonly random?: () => number;
}

/** The event is durable. */
export interface RecordedEvent {
  readonly taskId: string;
  readonly eventId: string;
  readonly sequence: number;
  /** An earlier try had recorded it. */
  readonly duplicate: boolean;
}

/** The emitter did not take an event: there is no room for it, or it came too late. */
export class EmitterError extends Error {
  override readonly name = 'EmitterError';
  readonly code: 'EMITTER_FULL' | 'EMITTER_CLOSED';

  constructor(code: EmitterError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
