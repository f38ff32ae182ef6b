/** The run of one task, for as long as its page is there; and what the page has to know beside it. */
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { TaskEvent } from '../../client/index.ts';
import { TaskEventsFromDocument, TaskHeaderDocument } from '../../client/generated/graphql.ts';
import { useServer } from '../shell/server.ts';
import { createRun, type Run, type RunState } from './run.ts';

export function useRun(taskId: string): { readonly run: Run; readonly state: RunState } {
  const { connection, ask, clockAheadMs } = useServer();
  const run = useMemo(
    () => createRun({ connection, ask, taskId, nowMs: () => Date.now() - clockAheadMs }),
    [connection, ask, taskId, clockAheadMs],
  );
  const state = useSyncExternalStore(run.store.subscribe, run.store.getSnapshot);
  useSyncExternalStore(run.pages.subscribe, run.pages.getSnapshot);
  return { run, state };
}

export interface Header {
  readonly title: string | undefined;
  readonly labels: readonly string[];
}

const NO_HEADER: Header = { title: undefined, labels: [] };

/** The stream does not carry it: it is not part of the progress. @param isKnown whether there is such a task. */
export function useHeader(taskId: string, isKnown: boolean): Header {
  const { ask } = useServer();
  const [header, setHeader] = useState(NO_HEADER);
  useEffect(() => {
    if (!isKnown) return;
    const leaving = new AbortController();
    void ask(TaskHeaderDocument, { id: taskId }, leaving.signal)
      .then(({ task }) => setHeader({ title: task?.title ?? undefined, labels: task?.labels ?? [] }))
      // Without it the page is whole, too.
      .catch(() => undefined);
    return () => leaving.abort();
  }, [ask, taskId, isKnown]);
  return header;
}

/** One event in full. */
export function useEvent(run: Run, taskId: string, sequence: number | undefined): TaskEvent | undefined {
  const { ask } = useServer();
  const [event, setEvent] = useState<TaskEvent>();
  useEffect(() => {
    if (sequence === undefined) return;
    const known = run.events.get(sequence);
    if (known !== undefined) return setEvent(known);
    const leaving = new AbortController();
    void ask(TaskEventsFromDocument, { taskId, afterSequence: sequence - 1, first: 1 }, leaving.signal)
      .then(({ taskEvents }) => setEvent(taskEvents?.nodes[0]))
      .catch(() => undefined);
    return () => leaving.abort();
  }, [ask, run, taskId, sequence]);
  return event?.sequence === sequence ? event : undefined;
}
