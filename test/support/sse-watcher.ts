/**
 * A watcher over server-sent events that behaves as a browser's EventSource does: it reconnects when the stream ends
 * for whatever reason, sends `Last-Event-ID`, honours `retry:`, stops at 204, and gives up at any other status.
 * It adds what a page must do itself: to leave a path on which nothing is heard any more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { choose } from './choice.ts';
import { createSseParser } from './sse-parser.ts';
import { WATCH } from './watcher.ts';
import type { Recorder, Watcher, WatcherOptions } from './watcher.ts';

export function openSseWatcher(options: WatcherOptions, recorder: Recorder): Watcher {
  const { retryMs = 10, retryCapMs = 50 } = options;
  const disposed = new AbortController();
  let path = new AbortController();
  let memory: Memory = { lastEventId: '', retryMs };

  const run = async (): Promise<void> => {
    while (!disposed.signal.aborted) {
      path = new AbortController();
      const signal = AbortSignal.any([disposed.signal, path.signal]);
      const outcome = await connectOnce({ options, recorder, memory, path, signal });
      if (outcome === 'stop') {
        if (recorder.sawEnd) return;
        throw new Error('204 before TaskEnded');
      }
      memory = outcome;
      await delay(Math.min(memory.retryMs, retryCapMs), undefined, { signal: disposed.signal });
    }
  };
  const running = run();
  running.catch(() => undefined); // A test that does not ask for the end must not fail over it.

  return {
    name: recorder.name,
    get connects() {
      return recorder.connects;
    },
    get at() {
      return recorder.at;
    },
    frames: recorder.frames,
    record: recorder.record,
    ended: running,
    pathDied: () => path.abort(),
    async [Symbol.asyncDispose]() {
      disposed.abort();
      await running.catch(() => undefined);
    },
  };
}

interface Memory {
  readonly lastEventId: string;
  readonly retryMs: number;
}

interface Attempt {
  readonly options: WatcherOptions;
  readonly recorder: Recorder;
  readonly memory: Memory;
  readonly path: AbortController;
  readonly signal: AbortSignal;
}

/** One connection, to its end. @returns what to reconnect with, or that the server said to stop. */
async function connectOnce({ options, recorder, memory, path, signal }: Attempt): Promise<Memory | 'stop'> {
  const { silenceMs = 20_000 } = options;
  const parser = createSseParser(memory.lastEventId);
  const remember = (): Memory => ({
    lastEventId: parser.lastEventId,
    retryMs: parser.retryMs ?? memory.retryMs,
  });
  const watchdog = setTimeout(() => path.abort(), silenceMs);
  try {
    const chunks = await openStream(options, memory.lastEventId, signal);
    if (chunks === 'stop') return 'stop';
    recorder.connected();
    const decoder = new TextDecoder();
    for await (const chunk of chunks) {
      watchdog.refresh();
      for (const { type, data, lastEventId } of parser.push(decoder.decode(chunk, { stream: true }))) {
        if (type === 'next') recorder.next(JSON.parse(data));
        // A `+` says that the end is still owed.
        const isCursor = lastEventId.replace(/\+$/, '') === recorder.cursor;
        if (type === 'next' && !isCursor) throw new FatalError(`id ${lastEventId} is no cursor`);
        if (type === 'complete') recorder.completed();
      }
    }
    return remember();
  } catch (error) {
    if (signal.aborted || isNetworkFailure(error)) return remember();
    throw error;
  } finally {
    clearTimeout(watchdog);
  }
}

/** Fetch tells of the network by a TypeError with a cause; a TypeError of our own has none. */
function isNetworkFailure(error: unknown): boolean {
  return error instanceof TypeError && error.cause !== undefined;
}

class FatalError extends Error {
  override readonly name = 'FatalError';
}

async function openStream(
  options: WatcherOptions,
  lastEventId: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | 'stop'> {
  const { origin, taskId, replay = false } = options;
  const url = new URL('/graphql', choose(origin));
  url.searchParams.set('query', WATCH);
  url.searchParams.set('variables', JSON.stringify({ taskId, replay }));
  const headers = { accept: 'text/event-stream', ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) };
  const response = await fetch(url, { headers, signal });
  if (response.status === 204) return 'stop';
  const mediaType = response.headers.get('content-type') ?? 'none';
  if (response.status !== 200 || !mediaType.startsWith('text/event-stream') || response.body === null) {
    throw new FatalError(`HTTP ${response.status}, ${mediaType}: ${(await response.text()).slice(0, 300)}`);
  }
  return response.body;
}
