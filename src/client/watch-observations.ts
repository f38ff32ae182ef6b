/** Watch what is said about the whole system or one task, with nothing missed: the cursor is kept, as for a task. */
import { ObservationUpdatesDocument, type ObservationUpdatesSubscription } from './generated/graphql.ts';
import { resume, type ResumeOptions } from './resume.ts';
import { readField } from './results.ts';

/** One step of the stream; tell them apart by `__typename`, and skip one that you do not know. */
export type ObservationUpdate = ObservationUpdatesSubscription['observations'];

export interface ObservationStream {
  /** Only what is said of this task. */
  readonly taskId?: string | undefined;
  /** The cursor to go on from. Without one the stream begins now, or with the last so many. */
  readonly after?: string | undefined;
  /** Without `after`: how many of those that were said before to begin with, at most 1,000. */
  readonly last?: number | undefined;
}

export type WatchObservationsOptions = ObservationStream & ResumeOptions;

/** Never ends by itself. Throws what cannot pass: the two errors of `errors.ts`. */
export function watchObservations(
  options: WatchObservationsOptions,
): AsyncIterableIterator<ObservationUpdate, void, void> {
  const { taskId, last } = options;
  let { after } = options;
  return resume(options, {
    request: () => ({ query: ObservationUpdatesDocument.toString(), variables: { taskId, after, last } }),
    read(result) {
      const update = readField<ObservationUpdatesSubscription, 'observations'>(result, 'observations');
      // The place where one stands is said again after a reconnect.
      if (update.__typename === 'ObservationCheckpoint' && update.cursor === after) return undefined;
      after = update.cursor;
      return update;
    },
  });
}
