/**
 * A bare event stream over a connection of its own. It does nothing by itself: no reconnect, no guess. Everything
 * that comes in is kept until it is asked for.
 */
import http from 'node:http';
import { createSseParser, type SseEvent } from './sse-parser.ts';
import { settlesWithin, waitFor } from './wait-for.ts';

export interface SseOptions {
  readonly url: string;
  readonly query: string;
  readonly variables?: unknown;
  readonly lastEventId?: string | undefined;
  /** GET unless told otherwise. */
  readonly method?: 'GET' | 'POST';
  readonly headers?: http.OutgoingHttpHeaders;
}

export interface SseClient extends AsyncDisposable {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The next event; fails when none comes soon or the stream is over. */
  next(): Promise<SseEvent>;
  /** The result that the next event, which must be a `next`, carries. */
  nextResult<Result>(): Promise<Result>;
  /** All that came, as it came. */
  readonly text: string;
  readonly retryMs: number | undefined;
  /** Events that came and were not asked for, once the response is over. `whole`: it was not cut off. */
  ended(withinMs?: number): Promise<{ readonly whole: boolean; readonly events: readonly SseEvent[] }>;
  /** Stop reading, as a reader that hangs. */
  pause(): void;
  resume(): void;
  /** Go away without a word. */
  abort(): void;
}

const WITHIN_MS = 5_000;

/** @returns once the headers are there. */
export async function createSseClient(options: SseOptions): Promise<SseClient> {
  const { query, variables, lastEventId, method = 'GET', headers = {} } = options;
  const url = new URL(options.url);
  if (method === 'GET') {
    url.searchParams.set('query', query);
    if (variables !== undefined) url.searchParams.set('variables', JSON.stringify(variables));
  }
  const request = http.request(url, {
    method,
    agent: false,
    headers: {
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
  });
  const responding = Promise.withResolvers<http.IncomingMessage>();
  responding.promise.catch(() => undefined);
  request.on('response', responding.resolve);
  request.on('error', responding.reject);
  request.end(method === 'POST' ? JSON.stringify({ query, variables }) : undefined);
  const response = await settlesWithin(responding.promise, { withinMs: WITHIN_MS, what: 'the headers' });

  const parser = createSseParser(lastEventId);
  const unread: SseEvent[] = [];
  let text = '';
  const closing = Promise.withResolvers<void>();
  let isOver = false;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    unread.push(...parser.push(chunk));
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    isOver = true;
    closing.resolve();
  });

  async function next(): Promise<SseEvent> {
    await waitFor(() => unread.length > 0 || isOver, { withinMs: WITHIN_MS, what: 'an event' });
    const event = unread.shift();
    if (event === undefined) throw new Error('the stream is over');
    return event;
  }

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next,
    async nextResult<Result>() {
      const { type, data } = await next();
      if (type !== 'next') throw new Error(`${type} instead of next`);
      // The test wrote the document whose answer this is.
      return JSON.parse(data) as Result;
    },
    get text() {
      return text;
    },
    get retryMs() {
      return parser.retryMs;
    },
    async ended(withinMs = WITHIN_MS) {
      await settlesWithin(closing.promise, { withinMs, what: 'the end of the response' });
      return { whole: response.complete, events: unread.splice(0) };
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    abort: () => void request.destroy(),
    async [Symbol.asyncDispose]() {
      request.destroy();
      response.destroy();
      await settlesWithin(closing.promise, { withinMs: WITHIN_MS, what: 'the connection to be closed' });
    },
  };
}
