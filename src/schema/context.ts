/** What every resolver may use. One per operation; it holds no transport. */
import type { EventManager } from '../manager/event-manager.ts';

export interface SchemaContext {
  readonly manager: EventManager;
  /**
   * Where an `EventSource` says it stopped, if it reconnected: its `Last-Event-ID`, unchecked. It beats the
   * arguments `after` and `replay` of the streams that can be resumed.
   */
  readonly lastEventId?: string | undefined;
}

/**
 * What a resumable subscription field tells its transport, in the field's `extensions.stream`: what an `EventSource`
 * should hand back as its `Last-Event-ID` after an item of the source, whatever the client selected.
 */
export interface StreamExtension {
  readonly eventIdOf: (item: unknown) => string;
}
