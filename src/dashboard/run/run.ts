/**
 * One run as this page knows it: its state and its news by one stream, which goes on from its cursor after any break;
 * and what was before, read backwards from where the stream began.
 */
import {
  createStore,
  watchTask,
  type ComponentView,
  type Connection,
  type GapReason,
  type Store,
  type StreamState,
  type TaskEvent,
  type TaskUpdate,
  type TaskView,
} from '../../client/index.ts';
import { foldComponents, toView } from '../../client/task-view.ts';
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
  /** Another number for each log that took the place of the one before. */
  readonly generation: number;
  /** When the last event that came was recorded; undefined when none came since the page was opened. */
  readonly heardAtMs: number | undefined;
}

export interface Run {
  readonly store: Store<RunState>;
  readonly history: History;
  readonly events: EventCache;
  /** What was read beside the stream. */
  readonly pages: News;
  /** Why no more of the past is read. */
  readonly refusal: Error | undefined;
  /** Told of each event that comes live, as it comes. */
  onBeat(this: void, listener: (event: TaskEvent) => void): () => void;
  /** Something was no longer kept: finds out what is. */
  findFloor(this: void): void;
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
/** So many of the last events are kept, as on the server unless it is told otherwise. */
const MOST_EVENTS = 1_000_000;
/** The stream ends with its task. How often is asked whether something came after it. */
const LATE_EVENTS_MS = 20_000;
const PAGE = 1_000;

export function createRun({ connection, ask, taskId, nowMs }: RunOptions): Run {
  const history = createHistory();
  const events = createEventCache();
  const pages = createNews();
  const listeners = new Set<(event: TaskEvent) => void>();
  const components = new Map<string, ComponentView>();
  let last: TaskUpdate | undefined;
  let tears: readonly Tear[] = [];
  let generation = 0;
  let heardAtMs: number | undefined;
  let refusal: Error | undefined;
  let reading: AbortController | undefined;
  let lateEvents: ReturnType<typeof setInterval> | undefined;

  async function readPage(afterSequence: number, first: number, signal?: AbortSignal) {
    const { taskEvents } = await ask(TaskBeatsDocument, { taskId, afterSequence, first }, signal);
    return taskEvents?.nodes;
  }

  /** What is missing, unless it is being read. */
  function read(): void {
    if (reading !== undefined) return;
    const own = new AbortController();
    reading = own;
    const { signal } = own;
    readHistory(history, (after, first) => readPage(after, first, signal), { signal, onPage: pages.tell })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        refusal = error instanceof Error ? error : new Error(String(error));
        pages.tell();
      })
      .finally(() => {
        if (reading === own) reading = undefined;
      });
  }

  function rest(): void {
    reading?.abort();
    reading = undefined;
    clearInterval(lateEvents);
  }

  async function readLateEvents(): Promise<void> {
    if (document.hidden) return;
    const page = await readPage(history.head, PAGE);
    for (const event of page ?? []) history.add(event);
    pages.tell();
  }

  async function findFloor(): Promise<void> {
    const page = await readPage(0, 1);
    history.setFloor(page?.[0]?.sequence ?? history.head + 1);
    pages.tell();
  }

  function startAnew(): void {
    rest();
    history.clear();
    events.clear();
    generation += 1;
  }

  function take(update: TaskUpdate): void {
    const before = last?.progress.sequence ?? 0;
    const { sequence } = update.progress;
    foldComponents(components, update);
    last = update;
    if (update.__typename === 'TaskEventRecorded') {
      const { event } = update;
      // What is caught up on was said when it was recorded.
      heardAtMs = Math.min(Date.parse(event.recordedAt), nowMs());
      history.add(event);
      if (history.size > MOST_EVENTS + PAGE) history.setFloor(history.head - MOST_EVENTS + 1);
      events.add(event);
      for (const listener of listeners) listener(event);
      return;
    }
    if (update.__typename === 'TaskGap') {
      tears = [...tears, { reason: update.reason, afterSequence: Math.min(before, sequence), untilSequence: sequence }];
      if (update.reason === 'DIVERGED') startAnew();
    }
    history.setHead(sequence);
    read();
    if (update.__typename === 'TaskEnded') {
      lateEvents = setInterval(() => void readLateEvents().catch(() => undefined), LATE_EVENTS_MS);
    }
  }

  const store = createStore<TaskUpdate, Omit<RunState, keyof StreamState>>(
    () => ({
      watch: (retry) => watchTask({ ...retry, connection, taskId, after: last?.cursor }),
      fold(update) {
        take(update);
        return false;
      },
      state: () => ({ view: last && toView(new Map(components), last), tears, generation, heardAtMs }),
    }),
    { maxRate: MAX_RATE, onUnused: rest },
  );
  return {
    store,
    history,
    events,
    pages,
    get refusal() {
      return refusal;
    },
    onBeat(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    findFloor: () => void findFloor().catch(() => undefined),
  };
}
