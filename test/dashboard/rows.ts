/** Tasks as the server tells of them, and the board's rows of them. */
import type { TaskRow } from '../../src/client/index.ts';
import { foldRows, NO_ROWS, type BoardRow, type BoardRows } from '../../src/dashboard/board/row.ts';

export const NOON = Date.UTC(2026, 10, 23, 12);

export interface TaskFacts extends Partial<Pick<TaskRow, 'title' | 'labels'>>, Partial<TaskRow['progress']> {
  readonly id: string;
  /** Of the last event: `type message`. */
  readonly said?: string;
  /** After noon: when that was recorded. */
  readonly saidMs?: number;
  /** After noon. */
  readonly startedMs?: number;
}

export function taskOf(facts: TaskFacts): TaskRow {
  const {
    id,
    title = null,
    labels = [],
    said = 'PROGRESS_UPDATE Going on',
    saidMs = 0,
    startedMs = 0,
    ...rest
  } = facts;
  const [eventType = '', ...words] = said.split(' ');
  const recordedAt = new Date(NOON + saidMs).toISOString();
  const progress: TaskRow['progress'] = {
    taskId: id,
    status: 'RUNNING',
    stage: 'ANALYSIS',
    startedAt: new Date(NOON + startedMs).toISOString(),
    lastUpdate: recordedAt,
    overallProgress: 0.5,
    displayProgress: 0.5,
    sequence: 1,
    ...rest,
  };
  const component = 'camina';
  const lastEvent = { component, eventType: eventType as never, message: words.join(' '), recordedAt };
  const createdAt = progress.startedAt;
  return { id, title, labels, createdAt, progress, lastEvent: progress.sequence === 0 ? null : lastEvent };
}

/** One update after the other, each so many milliseconds after noon. */
export function boardOf(...updates: readonly (readonly [atMs: number, ...tasks: readonly TaskFacts[]])[]): BoardRows {
  return updates.reduce<BoardRows>((before, [atMs, ...facts]) => {
    const tasks = new Map(before.tasks);
    for (const each of facts) tasks.set(each.id, taskOf(each));
    return foldRows(before, tasks, NOON + atMs);
  }, NO_ROWS);
}

export function rowsOf(...facts: readonly TaskFacts[]): readonly BoardRow[] {
  return [...boardOf([0, ...facts]).rows.values()];
}

export function idsOf(rows: readonly BoardRow[]): string {
  return rows.map(({ id }) => id).join(' ');
}
