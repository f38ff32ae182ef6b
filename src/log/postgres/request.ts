/**
 * One caller who waits for something to be written, and how a group of them is. Everyone is answered in time, whatever
 * the database does: "surely not stored" as long as the commit was not sent, "unknown" from then on.
 */
import { StoreUnavailableError } from '../../domain/errors.ts';
import type { Ask } from './connection.ts';

/** What one caller wants to be written. */
export interface LaneRequest<Command, Result> {
  readonly command: Command;
  /** The tasks it concerns, each once. */
  readonly taskIds: readonly string[];
  /** Records and characters that it may add. */
  readonly records: number;
  readonly characters: number;
  /** Its commit is on its way. */
  readonly isSent: boolean;
  /** Its caller was answered and expects nothing any more. */
  readonly isOver: boolean;
  markSent(isSent: boolean): void;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/** How a group is written. */
export interface GroupWriter<Command, Result> {
  /**
   * @param onSend called with those whose commit goes out, just before it does; whoever is over by then is left out.
   * @returns an outcome for each of those, when all of them are durable. What it throws befell all of them.
   */
  write(
    ask: Ask,
    group: readonly LaneRequest<Command, Result>[],
    onSend: (members: readonly LaneRequest<Command, Result>[]) => void,
  ): Promise<ReadonlyMap<LaneRequest<Command, Result>, Outcome<Result>>>;
  /** A transaction over these tasks failed: what was remembered of them may be wrong. */
  forget(taskIds: readonly string[]): void;
}

/** A caller has its answer by then. */
const ANSWER_MS = 1_800;

/** Settles at most once, and in time. */
export function createRequest<Command, Result>(
  facts: Pick<LaneRequest<Command, Result>, 'command' | 'taskIds' | 'records' | 'characters'>,
  settle: Pick<LaneRequest<Command, Result>, 'resolve' | 'reject'>,
): LaneRequest<Command, Result> {
  let isSent = false;
  let isOver = false;
  const finish = (act: () => void): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    act();
  };
  const reject = (error: unknown): void => finish(() => settle.reject(error));
  const timer = setTimeout(() => reject(new StoreUnavailableError(isSent ? 'UNKNOWN' : 'FAILED')), ANSWER_MS);
  return {
    ...facts,
    get isSent() {
      return isSent;
    },
    get isOver() {
      return isOver;
    },
    markSent(now) {
      isSent = now;
    },
    resolve: (result) => finish(() => settle.resolve(result)),
    reject,
  };
}
