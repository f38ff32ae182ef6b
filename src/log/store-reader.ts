/**
 * A store as whoever examines it sees it: read and never written, also while servers own it. Nothing that was damaged
 * is made again in silence: `onDamage` hears of it, and what cannot be made again throws `StoreCorruptError`.
 */
import type { EventLog } from './event-log.ts';

export interface StoreReader
  extends Pick<EventLog, 'head' | 'progressAt' | 'read' | 'readObservations'>, AsyncDisposable {
  readonly facts: StoreFacts;
  /** What its heads say there is, for a measure of progress. */
  size(): Promise<StoreSize>;
  /** Task ids in the order of their numbers in the store, which never change. */
  taskIds(query: { readonly after: number; readonly limit: number }): Promise<readonly NumberedTask[]>;
}

export interface StoreFacts {
  /** Of its tables. */
  readonly version: number;
  /** What a server of this version writes; it brings an older store up to date when it starts. */
  readonly currentVersion: number;
  /** A server has it open; undefined where that cannot be told. */
  readonly isInUse: boolean | undefined;
}

export interface StoreSize {
  readonly tasks: number;
  readonly events: number;
}

export interface NumberedTask {
  readonly number: number;
  readonly taskId: string;
}

/** Told of each derived state (a head, a component) that is not what the events say; a server makes it again. */
export type OnDerivedDamage = (what: string, taskId: string) => void;
