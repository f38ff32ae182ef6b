/**
 * One run as this page knows it: its state and its news by one stream, which goes on from its cursor after any break;
 * and what was before, read backwards from where the stream began.
 */
import {
  createStore,
  foldUpdate,
  watchTask,
  type Connection,
  type GapReason,
  type Store,
  type StreamState,
  type TaskEvent,
  type TaskUpdate,
  type TaskView,
} from '../../client/index.ts';
import { TaskBeatsDocument } from '../../client/generated/graphql.ts';
import type { Server } from '../shell/server.ts';
import { createEventCache, type EventCache } from './event-cache.ts';
import { createHistory, type History } from './history.ts';
import { createNews, type News } from './news.ts';
import { readHistory } from './read-history.ts';

/** Where continuity was lost: between the two events. */
export interface Tear {
  readonly reason: GapReason;
  readonly afterSequence: number;
  readonly untilSequence: number;
}

export interface RunState extends StreamState {
  /** Undefined for a task that nothing is known of yet. */
  readonly view: TaskView | undefined;
  readonly tears: readonly Tear[];
  /** When the last event came in, by the server's clock; undefined when none came since the page was opened. */
  readonly heardAtMs: number | undefined;
}

export interface Run {
  readonly store: Store<RunState>;
  readonly history: History;
  readonly events: EventCache;
  /** What was read of the past. */
  readonly pages: News;
  /** Told of each event that comes live, as it comes. */
  onBeat(this: void, listener: (event: TaskEvent) => void): () => void;
}

export interface RunOptions {
  readonly connection: Connection;
  readonly ask: Server['ask'];
  readonly taskId: string;
  /** The time for the server, milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** A screen shows no more states a second than this, whatever comes. */
const MAX_RATE = 20;

export function createRun({ connection, ask, taskId, nowMs }: RunOptions): Run {
  const history = createHistory();
  const events = createEventCache();
  const pages = createNews();
  const listeners = new Set<(event: TaskEvent) => void>();
  let view: TaskView | undefined;
  let tears: readonly Tear[] = [];
  let heardAtMs: number | undefined;
  let reading: AbortController | undefined;

  /** What is missing, unless it is being read. */
  function read(): void {
    if (reading !== undefined) return;
    const own = new AbortController();
    reading = own;
    const { signal } = own;
    async function readPage(afterSequence: number, first: number) {
      const { taskEvents } = await ask(TaskBeatsDocument, { taskId, afterSequence, first }, signal);
      return taskEvents?.nodes;
    }
    readHistory(history, readPage, { signal, onPage: pages.tell })
      // The stream is told of the same, and says so.
      .catch(() => undefined)
      .finally(() => {
        if (reading === own) reading = undefined;
      });
  }

  function stopReading(): void {
    reading?.abort();
    reading = undefined;
  }

  function take(update: TaskUpdate): void {
    const before = view?.progress.sequence ?? 0;
    view = foldUpdate(view, update);
    const { sequence } = view.progress;
    if (update.__typename === 'TaskEventRecorded') {
      heardAtMs = nowMs();
      history.add(update.event);
      events.add(update.event);
      for (const listener of listeners) listener(update.event);
      return;
    }
    if (update.__typename === 'TaskGap') {
      tears = [...tears, { reason: update.reason, afterSequence: Math.min(before, sequence), untilSequence: sequence }];
      if (update.reason === 'DIVERGED') {
        stopReading();
        history.clear();
        events.clear();
      }
    }
    history.setHead(sequence);
    read();
  }

  const store = createStore<TaskUpdate, Omit<RunState, keyof StreamState>>(
    () => ({
      watch: (retry) => watchTask({ ...retry, connection, taskId, after: view?.cursor }),
      fold(update) {
        take(update);
        return false;
      },
      state: () => ({ view, tears, heardAtMs }),
    }),
    { maxRate: MAX_RATE, onUnused: stopReading },
  );
  return {
    store,
    history,
    events,
    pages,
    onBeat(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
