/** What every resolver may use. One per operation; it holds no transport. */
import type { Viewer } from '../domain/viewer.ts';
import type { EventVerbs } from '../manager/event-manager.ts';

export interface SchemaContext {
  /** As the viewer has it: it refuses what is not granted. */
  readonly manager: EventVerbs;
  /** Left out: whoever may do everything. */
  readonly viewer?: Viewer | undefined;
  /** Gives out tokens; left out where there is no secret to sign them with. */
  readonly tokens?: TokenIssuer | undefined;
  /**
   * Where an `EventSource` says it stopped, if it reconnected: its `Last-Event-ID`, unchecked. It beats the
   * arguments `after` and `replay` of the streams that can be resumed.
   */
  readonly lastEventId?: string | undefined;
}

/** Signs a token that bears those grants. */
export type TokenIssuer = (order: {
  readonly grants: readonly string[];
  readonly expiresInSeconds: number;
  /** The credentials of whoever gives it out: the token ends with them. */
  readonly givenBy: readonly string[];
}) => Promise<{ readonly token: string; readonly id: string; readonly expiresAt: number }>;

/** What a field tells of itself, in its `extensions.value`. */
export interface ValueExtension {
  /** The value, where its source has it with it; undefined where it has not: then the resolver finds it. */
  readonly ofSource: (source: unknown) => unknown;
}

/** What a subscription field tells its transport, in the field's `extensions.stream`. */
export interface StreamExtension {
  /**
   * Of a stream that can be resumed: what an `EventSource` should hand back as its `Last-Event-ID` after an item of the
   * source, whatever the client selected.
   */
  readonly eventIdOf?: (item: unknown) => string;
  /** The sources of its watchers give the same objects, so what is made of one can be remembered for the others. */
  readonly sharesItems?: boolean;
  /** When what the item tells of was recorded, milliseconds since 1970. */
  readonly recordedAtOf?: (item: unknown) => number | undefined;
  /** Why the stream could not go on where it was, if that is what the item tells. */
  readonly gapOf?: (item: unknown) => string | undefined;
  /** Roughly what an item keeps in memory for as long as it is remembered. */
  readonly itemBytes?: (item: unknown) => number;
}
