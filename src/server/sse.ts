/**
 * Event streams in GraphQL over SSE's "distinct connections" mode, with what a plain `EventSource` needs to resume by
 * itself: an `id:` line with the cursor on every frame of a resumable stream, whatever was selected. Each write waits
 * for its reader, so a slow one holds up nothing but its own stream.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { ShuttingDownError, StreamOverError } from '../domain/errors.ts';
import { toPayload, type MaskError } from './errors.ts';
import type { Graphql, Operation } from './graphql.ts';
import { isJsonContentType, parseGetParams, parsePostBody, type GraphqlRequest } from './graphql-request.ts';
import { createHeartbeat, createWriteWatch } from './heartbeat.ts';
import { readBody, sendJson } from './http-messages.ts';
import type { StreamedResult } from './subscribe.ts';

export interface SseOptions {
  readonly graphql: Graphql;
  readonly mask: MaskError;
  readonly maxBodyBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
  readonly random?: () => number;
}

export interface SseTransport extends Disposable {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** End all streams, without `complete`, telling each client when to come back. */
  drain(): void;
  readonly streamCount: number;
}

/** Longer than any cursor; a header of that size is an attack or a mistake. */
const MAX_EVENT_ID_LENGTH = 1_024;
const COMPLETE = 'event: complete\ndata:\n\n';
/** So that clients which were cut at once do not come back at once. */
const RETRY_JITTER_MS = 5_000;

const STREAM_HEADERS = Object.freeze({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Proxies that would hold back what looks small: do not.
  'x-accel-buffering': 'no',
});

export function createSseTransport(options: SseOptions): SseTransport {
  const { graphql, mask, maxBodyBytes, random = Math.random } = options;
  const heartbeat = createHeartbeat(options);
  const open = new Set<(lastWords: string) => void>();
  let isDraining = false;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isDraining) return refuse(request, response);
    const lastEventId = request.headers['last-event-id'];
    if (Array.isArray(lastEventId) || (lastEventId?.length ?? 0) > MAX_EVENT_ID_LENGTH) {
      response.writeHead(431).end();
      return;
    }
    const read = await readRequest(request, response, maxBodyBytes, mask);
    if (read === undefined) return;
    const prepared = await graphql.prepare(read, lastEventId ? { lastEventId } : {});
    if (!('kind' in prepared)) return stream(response, failed({ errors: prepared }));
    if (prepared.kind === 'mutation' && request.method === 'GET') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    const begun = await begin(prepared);
    // What was recorded is answered; a stream would only hold up the drain.
    if (isDraining && prepared.kind === 'subscription' && Symbol.asyncIterator in begun) {
      await begun.return?.();
      return refuse(request, response);
    }
    const refusal = 'errors' in begun && lastEventId ? refusalStatus(begun) : undefined;
    if (refusal === 204) response.writeHead(204).end();
    else if (refusal !== undefined && 'errors' in begun) sendErrors(response, refusal, begun.errors ?? []);
    else await stream(response, Symbol.asyncIterator in begun ? begun : failed(begun));
  }

  async function begin({ kind, args }: Operation): Promise<AsyncIterableIterator<StreamedResult> | ExecutionResult> {
    if (kind === 'subscription') return graphql.subscribe(args, (streamed) => streamed);
    return single({ result: await graphql.run(args), eventId: undefined });
  }

  async function stream(response: ServerResponse, results: AsyncIterableIterator<StreamedResult>): Promise<void> {
    const outlet = createOutlet(response);
    using _beating = heartbeat.add({
      beat: () => void outlet.write(':\n\n'),
      get waitingSince() {
        return outlet.waitingSince;
      },
      stalled: () => response.destroy(),
    });
    const end = (lastWords: string): void => endForGood(response, lastWords);
    open.add(end);
    // Leaving settles the pending `next()`, so the loop below ends whatever it waits for.
    const leave = (): void => void Promise.resolve(results.return?.()).catch(() => undefined);
    // It may have left while its stream was being prepared.
    if (response.closed) leave();
    else response.once('close', leave);
    try {
      await outlet.write(':\n\n');
      for await (const streamed of results) {
        if (response.closed || response.writableEnded) return;
        await outlet.write(frame(streamed));
      }
      await outlet.end(COMPLETE);
    } catch (error) {
      await outlet.write(frame({ result: { errors: [mask(error)] }, eventId: undefined }));
      await outlet.end(COMPLETE);
    } finally {
      open.delete(end);
    }
  }

  /** An `EventSource` gives up for good at 503, so it is told to come back like those whose streams just ended. */
  function refuse(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'GET') return sendErrors(response, 503, [mask(new ShuttingDownError())]);
    response.writeHead(200, STREAM_HEADERS);
    endForGood(response, comeBack());
  }

  function comeBack(): string {
    return `retry: ${Math.round(random() * RETRY_JITTER_MS)}\n\n`;
  }

  return {
    handle,
    drain() {
      isDraining = true;
      for (const end of open) end(comeBack());
    },
    get streamCount() {
      return open.size;
    },
    [Symbol.dispose]: () => heartbeat[Symbol.dispose](),
  };
}

/** End the connection as well, or a client would come back over it to the server that is leaving. */
function endForGood(response: ServerResponse, lastWords: string): void {
  if (response.writableEnded) return;
  response.once('finish', () => response.req.socket.destroySoon()).end(lastWords);
}

/** JSON has no line breaks of its own, so one `data:` line holds it. */
function frame({ result, eventId }: StreamedResult): string {
  const payload = { ...result, ...(result.errors === undefined ? {} : { errors: result.errors.map(toPayload) }) };
  const id = eventId === undefined ? '' : `id: ${eventId}\n`;
  return `${id}event: next\ndata: ${JSON.stringify(payload)}\n\n`;
}

interface Outlet {
  readonly waitingSince: number | undefined;
  /** Resolves when the reader can take more, or is gone. */
  write(text: string): Promise<void>;
  /** Resolves when the last words are handed over, or the reader is gone: until then it may still stall. */
  end(lastWords: string): Promise<void>;
}

function createOutlet(response: ServerResponse): Outlet {
  const watch = createWriteWatch();
  response.writeHead(200, STREAM_HEADERS);
  return {
    get waitingSince() {
      return watch.waitingSince;
    },
    async write(text) {
      if (response.writableEnded || response.destroyed || response.write(text)) return;
      watch.started();
      await new Promise<void>((resolve) => {
        const settle = (): void => {
          response.off('drain', settle).off('close', settle);
          resolve();
        };
        response.on('drain', settle).on('close', settle);
      });
      watch.finished();
    },
    async end(lastWords) {
      if (response.writableEnded || response.destroyed) return;
      watch.started();
      await new Promise<void>((resolve) => response.once('close', resolve).end(lastWords, resolve));
      watch.finished();
    },
  };
}

async function readRequest(
  request: IncomingMessage,
  response: ServerResponse,
  maxBodyBytes: number,
  mask: MaskError,
): Promise<GraphqlRequest | undefined> {
  try {
    if (request.method === 'GET') return parseGetParams(new URL(request.url ?? '', 'http://localhost').searchParams);
    if (!isJsonContentType(request.headers['content-type'])) {
      response.writeHead(415).end();
      return undefined;
    }
    const body = await readBody(request, maxBodyBytes);
    if (body !== undefined) return parsePostBody(body);
    response.writeHead(413, { connection: 'close' }).end();
  } catch (error) {
    // Who left in the middle of its request is told nothing.
    if (request.destroyed && !request.complete) return undefined;
    sendErrors(response, 400, [mask(error)]);
  }
  return undefined;
}

/** A reconnecting EventSource understands a status only: 204 to stop, any other refusal to give up. */
function refusalStatus({ errors = [] }: ExecutionResult): number | undefined {
  const codes = errors.map((error) => error.extensions['code']);
  if (codes.includes(new StreamOverError().code)) return 204;
  return codes.includes('CURSOR_INVALID') ? 400 : undefined;
}

function sendErrors(response: ServerResponse, status: number, errors: readonly GraphQLError[]): void {
  sendJson(response, status, { errors: errors.map(toPayload) }, 'application/graphql-response+json');
}

function failed(result: ExecutionResult): AsyncIterableIterator<StreamedResult> {
  return single({ result, eventId: undefined });
}

async function* single(streamed: StreamedResult): AsyncGenerator<StreamedResult, undefined> {
  yield streamed;
  return undefined;
}
