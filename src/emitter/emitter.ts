/**
 * Events on their way to the server, whatever happens to it. `emit` may be awaited: it resolves when the event is
 * durable, and rejects when it was refused; who does not await loses nothing and has no unhandled rejection.
 *
 * Events of a task go one batch after the other, in the order in which they were emitted; tasks go beside each other.
 * Each event has its id before it is first sent, so a batch whose answer was lost is sent again as it was, and is
 * recorded once. Tries end when the server has accepted or refused.
 */
import { callForeign } from '../util/call-foreign.ts';
import '../util/dispose-symbols.ts';
import { toEndpoint } from '../client/endpoint.ts';
import { atLastMoment } from './alarm.ts';
import { createDelivery, type Entry } from './delivery.ts';
import { createIds } from './ids.ts';
import { createLane } from './lane.ts';
import { EmitterError, type EmitterOptions, type RecordedEvent } from './options.ts';
import { createTaskReporter, type TaskReporter, type TaskReporterOptions } from './reporters.ts';
import type { EmitEventInput } from '../client/generated/graphql.ts';

export interface Emitter extends AsyncDisposable {
  /** Resolves when the event is durable. Rejects with OperationFailedError or EmitterError. */
  emit(event: EmitEventInput): Promise<RecordedEvent>;
  /** Resolves when there is room. Await it before `emit` where you do not await `emit` itself: memory is then bounded. */
  readonly ready: Promise<void>;
  /** Events without an answer. */
  readonly pending: number;
  /** Resolves when each event emitted before is recorded or refused. Its signal ends the waiting, nothing else. */
  flush(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Reports of one task, in the words of its components. */
  task(taskId: string, options?: TaskReporterOptions): TaskReporter;
  /** Takes no more events, and resolves when those it has are recorded or refused. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A page that is left may have 64 KiB on their way, the text of the mutation included. */
const KEEPALIVE_BYTES = 63 * 1024;

/** Batches that may be on their way at once, each of other tasks. */
const LANES = 4;

export function createEmitter(options: EmitterOptions): Emitter {
  const { maxQueuedEvents = 10_000, maxQueuedBytes = 16 * 1024 * 1024, whenFull = 'wait', onRefused } = options;
  const { exitWithinMs = 10_000, signal = new AbortController().signal } = options;
  const { send, deliver } = createDelivery(toEndpoint(options.url, 'http'), options);
  const lanes = Array.from({ length: LANES }, () => createLane(deliver, options, signal));
  const newId = createIds();
  const encoder = new TextEncoder();
  /** Without an answer, in order. */
  const pending = new Set<Entry>();
  let pendingBytes = 0;
  let room: PromiseWithResolvers<void> | undefined;
  let stopListening = (): void => {};
  let isClosed = false;

  const isFull = (): boolean => pending.size >= maxQueuedEvents || pendingBytes >= maxQueuedBytes;
  const hurry = (): (() => void) => {
    const releases = lanes.map((lane) => lane.hurry());
    return () => releases.forEach((release) => release());
  };

  function emit(event: EmitEventInput): Promise<RecordedEvent> {
    const timestamp = event.timestamp ?? new Date().toISOString();
    const input = { ...event, eventId: event.eventId ?? newId(), timestamp };
    const recorded = add(input);
    // Whoever awaits it hears of it all the same.
    recorded.catch((error: unknown) => callForeign(() => onRefused?.(error, input)));
    return recorded;
  }

  async function add(input: EmitEventInput): Promise<RecordedEvent> {
    signal.throwIfAborted();
    if (isClosed) throw new EmitterError('EMITTER_CLOSED', 'The emitter takes no more events.');
    if (whenFull === 'refuse' && isFull()) throw new EmitterError('EMITTER_FULL', 'Too many events are waiting.');
    const json = JSON.stringify(input);
    const { promise: recorded, resolve, reject } = Promise.withResolvers<RecordedEvent>();
    const entry = { json, bytes: encoder.encode(json).length, recorded, resolve, reject };
    if (pending.size === 0) listen();
    pending.add(entry);
    pendingBytes += entry.bytes;
    const settled = (): void => {
      pending.delete(entry);
      pendingBytes -= entry.bytes;
      if (pending.size === 0) stopListening();
      if (isFull()) return;
      room?.resolve();
      room = undefined;
    };
    recorded.then(settled, settled);
    lanes[laneOf(input.taskId)]?.add(entry);
    return recorded;
  }

  /** Only while something waits: an emitter that is done with is held by nothing. */
  function listen(): void {
    const stop = atLastMoment(onBeforeExit, onPageHide);
    signal.addEventListener('abort', onAbort);
    stopListening = () => {
      stop();
      signal.removeEventListener('abort', onAbort);
    };
  }

  function onAbort(): void {
    for (const { reject } of pending) reject(signal.reason);
    for (const lane of lanes) lane.ring();
  }

  /** Node has nothing else to do: a try now, and more for a while. */
  function onBeforeExit(): void {
    const release = hurry();
    for (const lane of lanes) lane.ring();
    setTimeout(release, exitWithinMs).unref();
  }

  /** Once more, should the page not come back; what was recorded already is not recorded twice. */
  function onPageHide(): void {
    let left = KEEPALIVE_BYTES;
    const entries = [...pending].filter(({ bytes }) => (left -= bytes + 1) > 0);
    send(entries, { keepalive: true }).catch(() => {});
  }

  async function flush({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted();
    const settled = Promise.allSettled(Array.from(pending, ({ recorded }) => recorded));
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    const release = hurry();
    try {
      await Promise.race([settled, aborted.promise]);
    } finally {
      release();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  return {
    emit,
    get ready() {
      if (!isFull()) return Promise.resolve();
      room ??= Promise.withResolvers();
      return room.promise;
    },
    get pending() {
      return pending.size;
    },
    flush,
    task: (taskId, taskOptions) => createTaskReporter(emit, taskId, taskOptions),
    [Symbol.asyncDispose]() {
      isClosed = true;
      return flush();
    },
  };
}

function laneOf(taskId: string): number {
  let hash = 0;
  for (let index = 0; index < taskId.length; index += 1) hash = (hash * 31 + taskId.charCodeAt(index)) | 0;
  return (hash >>> 0) % LANES;
}
