/** The tasks as the board has them: each with its pulse, counted from when the page was opened. */
import { useState } from 'react';
import { useTasks } from '../../react/index.ts';
import type { TasksState } from '../../client/index.ts';
import { useServer } from '../shell/server.ts';
import { foldRows, NO_ROWS, type BoardRow } from './row.ts';

export interface Board extends Pick<TasksState, 'connection' | 'error'> {
  readonly rows: ReadonlyMap<string, BoardRow>;
  /** Once all that there is has come; a break later does not take it back. */
  readonly wasReady: boolean;
  readonly isTruncated: boolean;
}

/** More often than an eye follows would only cost. */
export const MAX_RATE = 4;
/** As many as a server sends. */
export const MAX_TASKS = 10_000;

export function useBoard(): Board {
  const { connection, error, view } = useTasks(undefined, { first: MAX_TASKS, maxRate: MAX_RATE });
  const { clockAheadMs } = useServer();
  const [{ tasks, rows }, setBoard] = useState(NO_ROWS);
  const [wasReady, setReady] = useState(false);
  if (view.isReady && !wasReady) setReady(true);
  if (tasks !== view.tasks) setBoard((before) => foldRows(before, view.tasks, Date.now() - clockAheadMs));
  return { connection, error, rows, wasReady, isTruncated: view.isTruncated };
}
