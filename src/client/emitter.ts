/**
 * Emit without thinking of the network: events go out in batches, in order, and again until the server recorded or
 * refused them. Each has its id before it is first sent, so whatever is lost on the way, it is recorded once.
 *
 * One batch is on its way at a time, and what comes meanwhile is the next: no event overtakes another. What waits is
 * bounded: beyond `maxPending` an event is refused with EMITTER_FULL, and `ready()` tells when there is room again.
 * In Node the process stays until all is settled; a page that is left sends off what fits into one last request.
 */
import { createAutoResetEvent } from '../util/auto-reset-event.ts';
import { retryDelayMs } from '../util/retry-delay.ts';
import { EmitterError, isPassing, OperationFailedError } from './errors.ts';
import { EmitEventsDocument, type EmitEventInput } from './generated/graphql.ts';
import type { Emit, Recorded } from './recorded.ts';
import { createTaskReporter, type TaskReporter } from './reporter.ts';
import { request } from './request.ts';
import { headersOf, type HeadersSource } from './transport.ts';

export interface EmitterOptions {
  /** Of the GraphQL endpoint, e.g. http://127.0.0.1:4000/graphql */
  readonly url: string;
  /** Who emits. As a function it is asked before each request, and so can renew what expired. */
  readonly headers?: HeadersSource | undefined;
  /** Events and bytes of one request, at most. */
  readonly maxBatch?: number;
  readonly maxBatchBytes?: number;
  /** How long an event waits for company; while a batch is on its way they all do. */
  readonly lingerMs?: number;
  /** Events that may wait. */
  readonly maxPending?: number;
  /** The longest wait before a try. */
  readonly retryCapMs?: number;
  /** An event that will never be recorded. Whoever awaits its `emit` is told as well. */
  readonly onRefused?: (error: Error, event: EmitEventInput) => void;
  /** A batch that will be tried again. */
  readonly onRetry?: (error: Error) => void;
  /** Gives up what waits. */
  readonly signal?: AbortSignal;
  readonly random?: () => number;
}

export interface Emitter extends AsyncDisposable {
  readonly emit: Emit;
  /** Reports of a task in the words of its roles. */
  task(taskId: string): TaskReporter;
  /** Events that wait or are on their way. */
  readonly pending: number;
  /** Resolves when there is room for an event. */
  ready(): Promise<void>;
  /** Resolves when all that was emitted before is recorded or refused. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly event: EmitEventInput & { readonly eventId: string };
  readonly bytes: number;
  resolve(recorded: Recorded): void;
  reject(error: Error): void;
}

export function createEmitter(options: EmitterOptions): Emitter {
  const { lingerMs = 5, maxPending = 10_000, maxBatch = 1_000, maxBatchBytes = 1024 * 1024 } = options;
  const { random = Math.random, retryCapMs = 30_000, signal = new AbortController().signal } = options;
  const pause = createAutoResetEvent(signal);
  const encoder = new TextEncoder();
  const queue: Waiting[] = [];
  /** Smaller after a refusal that does not say of which event: to find it. */
  let share = maxBatch;
  let isClosed = false;
  let sending: Promise<void> | undefined;
  let settled: (() => void)[] = [];

  function emit(input: EmitEventInput): Promise<Recorded> {
    const event = { ...input, eventId: input.eventId ?? crypto.randomUUID() };
    const { promise, resolve, reject } = Promise.withResolvers<Recorded>();
    // Nobody need listen: `onRefused` hears of it as well.
    promise.catch(() => {});
    const waiting = { event, bytes: encoder.encode(JSON.stringify(event)).length, resolve, reject };
    if (isClosed) refuse(waiting, new EmitterError('EMITTER_CLOSED', 'The emitter was closed.'));
    else if (queue.length >= maxPending) {
      refuse(waiting, new EmitterError('EMITTER_FULL', `${maxPending} events wait for the server.`));
    } else {
      queue.push(waiting);
      sending ??= send();
    }
    return promise;
  }

  function refuse({ event, reject }: Waiting, error: Error): void {
    reject(error);
    options.onRefused?.(error, event);
  }

  /** What was sent off last is the head of the queue until it is settled. */
  async function send(): Promise<void> {
    let failures = 0;
    await new Promise((resolve) => setTimeout(resolve, lingerMs));
    while (queue.length > 0) {
      const batch = nextBatch();
      try {
        signal.throwIfAborted();
        await record(batch);
        failures = 0;
        share = Math.min(maxBatch, share * 2);
      } catch (error) {
        if (signal.aborted) refuseAll(batch, new EmitterError('EMITTER_CLOSED', 'The emitter was given up.'));
        else if (!(error instanceof Error)) throw error;
        else if (!isPassing(error) && !isRenewable(error)) refuseAll(batch, error);
        else {
          options.onRetry?.(error);
          const least = error instanceof OperationFailedError ? (error.retryAfterMs ?? 0) : 0;
          await pause.wait(least + retryDelayMs(failures, { random, capMs: retryCapMs }));
          failures += 1;
        }
      }
      for (const wake of settled) wake();
      settled = [];
    }
    sending = undefined;
  }

  function nextBatch(): readonly Waiting[] {
    let bytes = 0;
    const end = queue.findIndex((waiting, index) => {
      bytes += waiting.bytes;
      return index > 0 && (index >= share || bytes > maxBatchBytes);
    });
    return end === -1 ? queue.slice() : queue.slice(0, end);
  }

  async function record(batch: readonly Waiting[]): Promise<void> {
    const headers = await headersOf(options.headers);
    const inputs = batch.map(({ event }) => event);
    const { emitEvents } = await request({
      url: options.url,
      headers,
      document: EmitEventsDocument,
      variables: { inputs },
      signal,
    });
    queue.splice(0, batch.length);
    for (const [index, { duplicate, event }] of emitEvents.results.entries())
      batch[index]?.resolve({ ...event, duplicate });
  }

  /** Another token may do. */
  function isRenewable(error: Error): boolean {
    return (
      typeof options.headers === 'function' && error instanceof OperationFailedError && ABOUT_CALLER.has(error.code)
    );
  }

  /** A batch is refused as a whole for one bad event: that one leaves, the others are sent again. */
  function refuseAll(batch: readonly Waiting[], error: Error): void {
    const isOfEvents = error instanceof OperationFailedError && !ABOUT_CALLER.has(error.code);
    const named = new Set(isOfEvents ? error.issues.map(({ path: [, index] }) => index) : batch.keys());
    const bad = batch.filter((_, index) => named.has(index));
    if (bad.length === 0 && batch.length > 1) share = Math.ceil(batch.length / 2);
    else {
      const out = new Set(bad.length === 0 ? batch : bad);
      queue.splice(0, batch.length, ...batch.filter((waiting) => !out.has(waiting)));
      for (const waiting of out) refuse(waiting, error);
    }
  }

  /** Looks again whenever a batch was answered. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => settled.push(resolve));
  }

  async function flush(): Promise<void> {
    const last = queue.at(-1);
    if (last !== undefined) await until(() => !queue.includes(last));
  }

  const lastWords = createLastWords(options, queue);

  return {
    emit,
    flush,
    task: (taskId) => createTaskReporter(emit, taskId),
    get pending() {
      return queue.length;
    },
    ready: () => until(() => queue.length < maxPending || isClosed),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await flush();
      lastWords[Symbol.dispose]();
    },
  };
}

/** Refusals of who asks, not of what is asked. */
const ABOUT_CALLER: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'TOKEN_REVOKED']);

/** What a browser lets a request carry that outlives its page. */
const LAST_WORDS_BYTES = 60_000;

/** The page may be gone before a batch that is on its way arrives: what fits is sent off once more. */
function createLastWords({ url, headers }: EmitterOptions, queue: readonly Waiting[]): Disposable {
  function sendOff(): void {
    let bytes = 0;
    const inputs = queue.flatMap((waiting) => {
      bytes += waiting.bytes + 1;
      return bytes > LAST_WORDS_BYTES ? [] : [waiting.event];
    });
    if (inputs.length === 0) return;
    const send = async (): Promise<unknown> =>
      request({
        url,
        headers: await headersOf(headers),
        document: EmitEventsDocument,
        variables: { inputs },
        keepalive: true,
      });
    // Nobody is left to be told.
    send().catch(() => {});
  }
  const page = 'document' in globalThis ? globalThis : undefined;
  if (page instanceof EventTarget) page.addEventListener('pagehide', sendOff);
  return {
    [Symbol.dispose]() {
      if (page instanceof EventTarget) page.removeEventListener('pagehide', sendOff);
    },
  };
}
