/**
 * Tasks for a list. Of a viewer who may read a few tasks that are named, those are read by their ids: going through
 * all that there are would take long, and tell how many.
 */
import { comparePlaces, compareUpdates, isAfterPlace, matchesTask } from '../domain/task.ts';
import type { EventLog, TaskHead, TaskQuery } from '../log/event-log.ts';

/** More are looked for among all. */
const MAX_NAMED = 1_000;

export async function listTasks(log: Pick<EventLog, 'tasks' | 'head'>, query: TaskQuery): Promise<readonly TaskHead[]> {
  const { within, after, order = 'started', limit } = query;
  if (within === undefined || within.prefixes.length > 0 || within.taskIds.size > MAX_NAMED) return log.tasks(query);
  const heads = await Promise.all(Array.from(within.taskIds, async (taskId) => log.head(taskId)));
  return heads
    .filter((head) => head !== undefined)
    .filter((head) => matchesTask(head, query) && (after === undefined || isAfterPlace(head, after)))
    .toSorted(order === 'started' ? comparePlaces : compareUpdates)
    .slice(0, limit);
}
