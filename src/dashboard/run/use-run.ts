/** The run of one task, for as long as its page is there; and what the page has to know beside it. */
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { TaskEvent } from '../../client/index.ts';
import { TaskEventsFromDocument, TaskHeadingDocument } from '../../client/generated/graphql.ts';
import { persist } from '../shell/persist.ts';
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

export interface Heading {
  readonly title: string | undefined;
  readonly labels: readonly string[];
  /** When its last event was recorded, as of when the page was opened. */
  readonly saidAtMs: number | undefined;
}

const NO_HEADING: Heading = { title: undefined, labels: [], saidAtMs: undefined };

/**
 * The stream does not carry it: it is not part of the progress.
 * @param isKnown whether there is such a task
 */
export function useHeading(taskId: string, isKnown: boolean, generation: number): Heading {
  const { ask } = useServer();
  const [heading, setHeading] = useState(NO_HEADING);
  useEffect(() => {
    if (!isKnown) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    void persist(() => ask(TaskHeadingDocument, { id: taskId }, signal), { signal })
      .then(({ task }) => {
        const said = task?.lastEvent?.recordedAt;
        const saidAtMs = said === undefined ? undefined : Date.parse(said);
        setHeading({ title: task?.title ?? undefined, labels: task?.labels ?? [], saidAtMs });
      })
      // Without it the page is whole, too.
      .catch(() => undefined);
    return () => leaving.abort();
  }, [ask, taskId, isKnown, generation]);
  return heading;
}

/** One event in full. */
export function useEvent(run: Run, taskId: string, sequence: number | undefined): TaskEvent | undefined {
  const { ask } = useServer();
  const [event, setEvent] = useState<TaskEvent>();
  const { generation } = run.store.getSnapshot();
  useEffect(() => {
    setEvent(sequence === undefined ? undefined : run.events.get(sequence));
    if (sequence === undefined || run.events.get(sequence) !== undefined) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    const variables = { taskId, afterSequence: sequence - 1, first: 1 };
    void persist(() => ask(TaskEventsFromDocument, variables, signal), { signal })
      .then(({ taskEvents }) => setEvent(taskEvents?.nodes[0]))
      .catch(() => undefined);
    return () => leaving.abort();
  }, [ask, run, taskId, sequence, generation]);
  return event?.sequence === sequence ? event : undefined;
}
