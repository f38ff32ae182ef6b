/**
 * What changed, of a log that one process owns. Rows that are there tell when they changed; of a task that was deleted
 * no row is left, so deletions are remembered here, in the order in which they came. No position outlives the log
 * object that gave it, so neither do they.
 */
import type { Changes, ChangesQuery } from './event-log.ts';

export interface ChangeSource {
  /** The count of the latest change of a task that is there. */
  last(): number;
  /** Tasks that are there and changed after the given count, in order, each once. */
  after(count: number, limit: number): readonly { readonly taskId: string; readonly count: number }[];
}

export interface ChangeReader {
  read(query: ChangesQuery): Changes;
  noteDeleted(taskId: string): void;
}

/** Deletions remembered: whoever asks for older ones is told that anything may have happened. */
const MAX_DELETIONS = 10_000;

export function createChanges(source: ChangeSource): ChangeReader {
  let deleted: string[] = [];
  /** How many came before the first of those. */
  let forgotten = 0;

  function read({ after, limit }: ChangesQuery): Changes {
    if (after === undefined) {
      const position = format(source.last(), forgotten + deleted.length);
      return { taskIds: [], deletedIds: [], position, mayHaveDiverged: false };
    }
    const place = parse(after);
    const start = Math.max(place.deletions, forgotten);
    const taskIds = new Set<string>();
    const isFull = (next: string): boolean => taskIds.size >= limit && !taskIds.has(next);
    let deletions = start;
    for (const taskId of deleted.slice(start - forgotten)) {
      if (isFull(taskId)) break;
      taskIds.add(taskId);
      deletions += 1;
    }
    const deletedIds = [...taskIds];
    let { count } = place;
    // One that was begun anew since is there as well. Room is filled up, for a page that is short is the last.
    for (const change of source.after(count, limit)) {
      if (isFull(change.taskId)) break;
      taskIds.add(change.taskId);
      ({ count } = change);
    }
    return {
      taskIds: [...taskIds],
      deletedIds,
      position: format(count, deletions),
      mayHaveDiverged: place.deletions < forgotten,
    };
  }

  return {
    read,
    noteDeleted(taskId) {
      deleted.push(taskId);
      if (deleted.length < 2 * MAX_DELETIONS) return;
      forgotten += deleted.length - MAX_DELETIONS;
      deleted = deleted.slice(-MAX_DELETIONS);
    },
  };
}

function format(count: number, deletions: number): string {
  return `${count} ${deletions}`;
}

function parse(position: string): { readonly count: number; readonly deletions: number } {
  const [count = 0, deletions = 0] = position.split(' ').map(Number);
  return { count, deletions };
}
