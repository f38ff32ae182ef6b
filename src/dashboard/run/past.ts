/**
 * The state just after any event, as the server folds it. While the playhead is dragged, one question is on its way at a
 * time, and the next is about where the playhead is by then.
 */
import type { ComponentView, TaskView } from '../../client/index.ts';
import { TaskProgressAtDocument } from '../../client/generated/graphql.ts';
import { persist } from '../shell/persist.ts';
import type { Server } from '../shell/server.ts';

/** A state to show, whether it is now's or an older one. */
export interface Shown {
  readonly progress: TaskView['progress'];
  /** In the order in which they first reported. */
  readonly components: ReadonlyMap<string, ComponentView>;
}

export interface Past {
  /** The event that was asked for last and answered. */
  readonly at: number | undefined;
  /** The state just after it; undefined when it was refused. */
  readonly shown: Shown | undefined;
  /** Why there is no answer, or none yet. */
  readonly error: Error | undefined;
}

export const NO_PAST: Past = Object.freeze({ at: undefined, shown: undefined, error: undefined });

export interface PastReader extends Disposable {
  /** Undefined: nothing more is asked. */
  want(at: number | undefined): void;
}

export interface PastReaderOptions {
  readonly ask: Server['ask'];
  readonly taskId: string;
  readonly onPast: (past: Past) => void;
}

export function createPastReader({ ask, taskId, onPast }: PastReaderOptions): PastReader {
  const closing = new AbortController();
  let past = NO_PAST;
  let wanted: number | undefined;
  let isAsking = false;

  function tell(change: Partial<Past>): void {
    past = { ...past, ...change };
    if (!closing.signal.aborted) onPast(past);
  }

  async function answer(at: number): Promise<void> {
    // It passes; meanwhile what was answered before stays, and is told to be that.
    const onTrouble = (error: Error): void => tell({ error });
    // Where the playhead has gone on, the old question is not worth asking again.
    const askOnce = async (): Promise<Shown | undefined> =>
      wanted === at ? stateAt(ask, { taskId, at, signal: closing.signal }) : undefined;
    try {
      const shown = await persist(askOnce, { signal: closing.signal, onTrouble });
      if (shown !== undefined) tell({ at, shown, error: undefined });
      else if (wanted === at) tell({ at, shown, error: new Error('The server does not know this task any more.') });
    } catch (error) {
      tell({ at, shown: undefined, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  async function answerAll(): Promise<void> {
    while (!closing.signal.aborted) {
      const at = wanted;
      if (at === past.at && past.shown !== undefined && past.error !== undefined) tell({ error: undefined });
      if (at === undefined || at === past.at) return;
      await answer(at);
    }
  }

  return {
    want(at) {
      wanted = at;
      if (isAsking) return;
      isAsking = true;
      void answerAll().finally(() => {
        isAsking = false;
      });
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}

interface Place {
  readonly taskId: string;
  readonly at: number;
  readonly signal: AbortSignal;
}

async function stateAt(ask: Server['ask'], { taskId, at, signal }: Place): Promise<Shown | undefined> {
  const { taskProgress } = await ask(TaskProgressAtDocument, { taskId, atSequence: at }, signal);
  if (taskProgress === null) return undefined;
  const { components, ...progress } = taskProgress;
  return { progress, components: new Map(components.map((component) => [component.name, component])) };
}
