/**
 * The state that a page shows: now's, or the one just after any event, as the server folds it. While the playhead is
 * dragged, one question is on its way at a time, and the next is about where the playhead is by then.
 */
import { useEffect, useRef, useState } from 'react';
import { isPassing, type ComponentView, type TaskView } from '../../client/index.ts';
import { TaskProgressAtDocument } from '../../client/generated/graphql.ts';
import { useServer, type Server } from '../shell/server.ts';

export interface Shown {
  readonly progress: TaskView['progress'];
  /** In the order in which they first reported. */
  readonly components: ReadonlyMap<string, ComponentView>;
}

export interface Past {
  /** Of the event that was asked for last and answered; undefined before there was an answer. */
  readonly shown: Shown | undefined;
  /** It is not the one that is asked for now. */
  readonly isLate: boolean;
  readonly error: Error | undefined;
}

const NOW: Past = Object.freeze({ shown: undefined, isLate: false, error: undefined });

/** `at` undefined: the present, which needs no question. */
export function usePast(taskId: string, at: number | undefined): Past {
  const { ask } = useServer();
  const [answer, setAnswer] = useState<Past & { readonly at: number }>();
  const wanted = useRef(at);
  const isAsking = useRef(false);
  useEffect(() => {
    wanted.current = at;
    if (at === undefined || isAsking.current) return;
    isAsking.current = true;
    void follow(wanted, (sequence) => stateAt(ask, taskId, sequence), setAnswer).finally(() => {
      isAsking.current = false;
    });
  }, [ask, taskId, at]);
  if (at === undefined) return NOW;
  return { shown: answer?.shown, error: answer?.error, isLate: answer?.at !== at };
}

async function follow(
  wanted: { readonly current: number | undefined },
  ask: (sequence: number) => Promise<Shown | undefined>,
  tell: (answer: Past & { readonly at: number }) => void,
): Promise<void> {
  let answered: number | undefined;
  while (wanted.current !== undefined && wanted.current !== answered) {
    const at = wanted.current;
    try {
      tell({ at, shown: await ask(at), isLate: false, error: undefined });
      answered = at;
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      tell({ at, shown: undefined, isLate: false, error });
      if (!isPassing(error)) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const RETRY_MS = 1_000;

async function stateAt(ask: Server['ask'], taskId: string, atSequence: number): Promise<Shown | undefined> {
  const { taskProgress } = await ask(TaskProgressAtDocument, { taskId, atSequence });
  if (taskProgress === null) return undefined;
  const { components, ...progress } = taskProgress;
  return { progress, components: new Map(components.map((component) => [component.name, component])) };
}
