/**
 * Watch a task without missing anything: the cursor of the last update is kept, and after any break the stream
 * goes on from there. A plain GraphQL client sends its first variables again after a reconnect, and so begins
 * anew; this one does not. Whatever was delivered before is ignored, so each event comes exactly once, in order.
 */
import { TaskUpdatesDocument, type TaskEventFilter, type TaskUpdatesSubscription } from './generated/graphql.ts';
import { resume, type ResumeOptions } from './resume.ts';
import { readField } from './results.ts';

/** One step of a task's stream; tell them apart by `__typename`, and skip one that you do not know. */
export type TaskUpdate = TaskUpdatesSubscription['taskUpdates'];

export interface TaskStream {
  readonly taskId: string;
  /** The cursor to go on from. Without one the stream begins with a snapshot of now. */
  readonly after?: string | undefined;
  /** Begin with the task's first event instead. Ignored with `after`. */
  readonly replay?: boolean | undefined;
  readonly filter?: TaskEventFilter | undefined;
}

export type WatchTaskOptions = TaskStream & ResumeOptions;

/** Ends after `TaskEnded`. Throws what cannot pass: the two errors of `errors.ts`. */
export function watchTask(options: WatchTaskOptions): AsyncIterableIterator<TaskUpdate, void, void> {
  const { taskId, replay, filter } = options;
  let { after } = options;
  let sequence = -1;
  return resume(options, {
    request: () => ({
      query: TaskUpdatesDocument.toString(),
      variables: { taskId, after, replay: after === undefined ? replay : undefined, filter },
    }),
    read(result) {
      const update = readField<TaskUpdatesSubscription, 'taskUpdates'>(result, 'taskUpdates');
      if (isSeen(update, sequence)) return undefined;
      after = update.cursor;
      sequence = update.progress.sequence;
      return update;
    },
    isLast: ({ __typename }) => __typename === 'TaskEnded',
  });
}

/** A gap and an end always say something; so does a snapshot, which moves to wherever the task is now. */
function isSeen(update: TaskUpdate, sequence: number): boolean {
  const mayRepeat = update.__typename === 'TaskEventRecorded' || update.__typename === 'TaskCheckpoint';
  return mayRepeat && update.progress.sequence <= sequence;
}
