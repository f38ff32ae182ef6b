/**
 * What a watcher is, over any transport: the operation it runs, and the record it keeps, connection by connection, of
 * everything that it was given.
 */
import type { Choice } from './choice.ts';
import type { Frame, StreamRecord, WatcherRecord } from './history.ts';

export interface WatcherOptions {
  readonly name: string;
  /** `http://host:port`, mostly that of a proxy; a function is asked anew for each connection. */
  readonly origin: Choice;
  readonly taskId: string;
  /** From the first event on. False: from a snapshot on. */
  readonly replay?: boolean;
  /** A path on which nothing was heard for so long is taken for dead, and left. */
  readonly silenceMs?: number;
  /** Before a new connection; a server's `retry:` is honoured up to `retryCapMs`. */
  readonly retryMs?: number;
  readonly retryCapMs?: number;
  readonly onFrame?: (frame: Frame) => void;
}

export interface Watcher extends AsyncDisposable {
  readonly name: string;
  /** How many connections were accepted by a server. */
  readonly connects: number;
  /** Every frame, in the order of arrival. */
  frames(): readonly Frame[];
  /** The sequence of the last frame; 0 before the first. */
  readonly at: number;
  record(mustFinish: boolean): WatcherRecord;
  /**
   * Settles once: after `TaskEnded` and the server's word that there is no more (`complete` over WebSocket; 204 to
   * the reconnect of an EventSource), or fails with what a client cannot recover from.
   */
  readonly ended: Promise<void>;
  /** As when the operating system reports that the network changed: the connection is given up at once. */
  pathDied(): void;
}

/** What both transports write into. */
export interface Recorder extends Pick<Watcher, 'name' | 'frames' | 'at' | 'record'> {
  readonly connects: number;
  readonly cursor: string | undefined;
  readonly sawEnd: boolean;
  connected(): void;
  /** @param result the `data` and `errors` of one step; anything but a frame throws. */
  next(result: unknown): void;
  completed(): void;
}

/** The whole state where it is cheap or new; for an event, only what it changed. */
export const WATCH = `subscription Watch($taskId: ID!, $after: String, $replay: Boolean) {
  taskUpdates(taskId: $taskId, after: $after, replay: $replay) {
    __typename
    cursor
    progress { sequence status stage overallProgress displayProgress startedAt lastUpdate }
    ... on TaskEventRecorded {
      event { sequence eventId eventType component stage message progress timestamp recordedAt }
      component { name status progress stage message }
    }
    ... on TaskSnapshot { progress { components { name status progress stage message } } }
    ... on TaskGap { reason progress { components { name status progress stage message } } }
    ... on TaskEnded { progress { components { name status progress stage message } } }
  }
}`;

export function createRecorder({ name, replay = false, onFrame }: WatcherOptions): Recorder {
  const streams: { readonly frames: Frame[]; completed: boolean }[] = [];
  let last: Frame | undefined;
  const stream = (): { readonly frames: Frame[]; completed: boolean } => {
    const current = streams.at(-1);
    if (current === undefined) throw new Error('a frame before the connection');
    return current;
  };
  return {
    name,
    get connects() {
      return streams.length;
    },
    get at() {
      return last?.progress.sequence ?? 0;
    },
    get cursor() {
      return last?.cursor;
    },
    get sawEnd() {
      return last?.__typename === 'TaskEnded';
    },
    frames: () => streams.flatMap(({ frames }) => frames),
    record: (mustFinish) => ({
      name,
      from: replay ? 'start' : 'snapshot',
      mustFinish,
      streams: streams.map(({ frames, completed }): StreamRecord => ({ frames, completed })),
    }),
    connected() {
      streams.push({ frames: [], completed: false });
    },
    next(result) {
      const frame = toFrame(result);
      stream().frames.push(frame);
      last = frame;
      onFrame?.(frame);
    },
    completed() {
      stream().completed = true;
    },
  };
}

/** Checks what a frame's users rely on; the selection above gives the rest. */
function toFrame(result: unknown): Frame {
  // What a server may send is anything; the checks below make it the type.
  const { data, errors } = result as { data?: { taskUpdates?: Frame } | null; errors?: unknown };
  const frame = data?.taskUpdates;
  if (errors !== undefined || typeof frame?.cursor !== 'string' || typeof frame.progress?.sequence !== 'number') {
    throw new Error(`not a frame: ${JSON.stringify(result).slice(0, 500)}`);
  }
  return frame;
}
