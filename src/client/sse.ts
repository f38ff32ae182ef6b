/**
 * Subscriptions over server-sent events, each an answer of its own: for networks that let no WebSocket through.
 * The server says something at least every 12 s; who is silent for longer is taken for lost.
 */
import { createParser } from 'eventsource-parser';
import { toEndpoint } from './endpoint.ts';
import { ConnectionClosedError, ConnectionFailedError } from './errors.ts';
import { parseJson, toRefusal } from './request.ts';
import { headersOf, type HeadersSource, type StreamRequest, type StreamSink, type Transport } from './transport.ts';

export interface SseOptions {
  /** Of the GraphQL endpoint, http(s). */
  readonly url: string;
  readonly headers?: HeadersSource | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** How long the server may be silent, its heartbeats included. */
  readonly silenceMs?: number;
}

export function createSseTransport(options: SseOptions): Transport {
  const url = toEndpoint(options.url, 'http');
  const open = new Set<AbortController>();
  let isClosed = false;
  return {
    name: 'sse',
    subscribe(request, sink) {
      if (isClosed) {
        sink.error(new ConnectionClosedError());
        return () => {};
      }
      const leaving = new AbortController();
      open.add(leaving);
      void read({ ...options, url }, request, { sink, leaving }).then((error) => {
        open.delete(leaving);
        const reason: unknown = leaving.signal.reason;
        if (reason instanceof ConnectionClosedError) sink.error(reason);
        if (leaving.signal.aborted) return;
        if (error === undefined) sink.complete();
        else sink.error(error);
      });
      return () => {
        open.delete(leaving);
        leaving.abort();
      };
    },
    [Symbol.dispose]() {
      isClosed = true;
      for (const leaving of open) leaving.abort(new ConnectionClosedError());
    },
  };
}

interface Reading {
  readonly sink: StreamSink;
  readonly leaving: AbortController;
}

/** Resolves with what broke the stream; with nothing when the server said that it is complete. */
async function read(
  options: SseOptions,
  request: StreamRequest,
  { sink, leaving }: Reading,
): Promise<Error | undefined> {
  const { url, connectTimeoutMs = 10_000, silenceMs = 30_000 } = options;
  const cut = new AbortController();
  const watchdog = createWatchdog((why) => cut.abort(new ConnectionFailedError(`${url} ${why}.`)));
  watchdog.allow(connectTimeoutMs, 'did not answer in time');
  const signal = AbortSignal.any([leaving.signal, cut.signal]);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...(await within(headersOf(options.headers), signal)),
        'content-type': 'application/json',
        accept: 'text/event-stream, application/graphql-response+json',
      },
      body: JSON.stringify(request),
      signal,
    });
    if (response.body === null || !isEventStream(response)) {
      return toRefusal(parseJson(await response.text()), response, url);
    }
    sink.connected();
    return await readEvents(response.body, () => watchdog.allow(silenceMs, 'fell silent'), sink, leaving.signal);
  } catch (error) {
    if (cut.signal.reason instanceof ConnectionFailedError) return cut.signal.reason;
    return new ConnectionFailedError(`The connection to ${url} broke.`, { cause: error });
  } finally {
    watchdog.stop();
    cut.abort();
  }
}

/** Whoever is asked for headers may never answer. */
async function within<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
  return Promise.race([promise, aborted.promise]);
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  onChunk: () => void,
  sink: StreamSink,
  left: AbortSignal,
): Promise<Error | undefined> {
  let isComplete = false;
  const parser = createParser({
    onEvent({ event, data }) {
      if (isComplete || left.aborted) return;
      if (event === 'next') sink.next(toResult(data));
      if (event === 'complete') isComplete = true;
    },
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return new ConnectionFailedError('The connection broke: the stream ended without a word.');
    onChunk();
    parser.feed(decoder.decode(value, { stream: true }));
    if (isComplete) return undefined;
  }
}

/** Throws SyntaxError: a proxy that cuts in the middle of an event is a broken connection. */
function toResult(data: string): object {
  const result: unknown = JSON.parse(data);
  return typeof result === 'object' && result !== null ? result : {};
}

function isEventStream(response: Response): boolean {
  return response.ok && (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
}

function createWatchdog(bark: (why: string) => void): { allow(ms: number, why: string): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    allow(ms, why) {
      stop();
      timer = setTimeout(() => bark(why), ms);
    },
    stop,
  };
}
