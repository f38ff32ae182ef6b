/** A task as it stands, and what a query of tasks means: the order, the place where a page ended, the conditions. */
import type { TaskPlace } from './cursor.ts';
import type { Genesis, ProgressStage } from './event.ts';
import type { TaskProgress, TaskStatus } from './progress.ts';
import { isInSet, type TaskSet } from './viewer.ts';

/** A task as it stands. Its place is `progress.seq`. */
export interface TaskHead {
  readonly genesis: Genesis;
  readonly progress: TaskProgress;
  /** The first event still kept; `progress.seq + 1` when none is. */
  readonly oldestSeq: number;
}

/** Every condition that is given must hold; an empty list matches nothing. */
export interface TaskConditions {
  readonly statuses?: readonly TaskStatus[] | undefined;
  readonly stages?: readonly ProgressStage[] | undefined;
  readonly taskIdPrefix?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Exclusive bounds, milliseconds since 1970. */
  readonly startedAfter?: number | undefined;
  readonly startedBefore?: number | undefined;
  /** Only these, whatever else is asked for: what the viewer may read. */
  readonly within?: TaskSet | undefined;
  readonly updatedBefore?: number | undefined;
}

/** startedAt descending, then task id ascending by code unit: ids are ASCII, so every store agrees. */
export function comparePlaces(one: TaskHead, other: TaskHead): number {
  return other.progress.startedAt - one.progress.startedAt || compareIds(one, other);
}

/** lastUpdate descending, then task id ascending. */
export function compareUpdates(one: TaskHead, other: TaskHead): number {
  return other.progress.lastUpdate - one.progress.lastUpdate || compareIds(one, other);
}

export function isAfterPlace({ progress }: TaskHead, place: TaskPlace): boolean {
  if (progress.startedAt !== place.startedAt) return progress.startedAt < place.startedAt;
  return progress.taskId > place.taskId;
}

/** Every condition that is given must hold; a list holds when any of its members does. */
export function matchesTask({ genesis, progress }: TaskHead, conditions: TaskConditions): boolean {
  const { statuses, stages, taskIdPrefix, labels, startedAfter, startedBefore, updatedBefore, within } = conditions;
  return (
    (statuses === undefined || statuses.includes(progress.status)) &&
    (stages === undefined || stages.includes(progress.stage)) &&
    (taskIdPrefix === undefined || progress.taskId.startsWith(taskIdPrefix)) &&
    (labels === undefined || labels.some((label) => genesis.labels.includes(label))) &&
    (startedAfter === undefined || progress.startedAt > startedAfter) &&
    (startedBefore === undefined || progress.startedAt < startedBefore) &&
    (updatedBefore === undefined || progress.lastUpdate < updatedBefore) &&
    (within === undefined || isInSet(within, progress.taskId))
  );
}

function compareIds(one: TaskHead, other: TaskHead): number {
  if (one.progress.taskId === other.progress.taskId) return 0;
  return one.progress.taskId < other.progress.taskId ? -1 : 1;
}
