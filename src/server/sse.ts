/**
 * Event streams in GraphQL over SSE's "distinct connections" mode, with what a plain `EventSource` needs to resume by
 * itself: an `id:` line with the cursor on every frame of a resumable stream, whatever was selected. Each write waits
 * for its reader, so a slow one holds up nothing but its own stream.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { ShuttingDownError, StreamOverError } from '../domain/errors.ts';
import type { SchemaContext } from '../schema/context.ts';
import { PullStream } from '../util/pull-stream.ts';
import type { Turns } from '../util/turns.ts';
import { toPayload, type MaskError } from './errors.ts';
import type { Graphql, Operation } from './graphql.ts';
import { isJsonContentType, isPacked, parseGetParams, parsePostBody, type GraphqlRequest } from './graphql-request.ts';
import { resultFrame, type Frame } from './frame.ts';
import { createHeartbeat } from './heartbeat.ts';
import { readBody, sendJson } from './http-messages.ts';
import { ageWithJitter } from './liveness.ts';
import { pump } from './pump.ts';
import { openSseOutlet, STREAM_HEADERS, type SseOutlet } from './sse-outlet.ts';
import { SingleFrame } from './subscribe.ts';

export interface SseOptions {
  readonly graphql: Graphql;
  readonly mask: MaskError;
  readonly turns: Turns;
  readonly maxBodyBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
  /** Infinity where it may get as old as it likes. */
  readonly maxConnectionAgeMs: number;
  readonly random?: () => number;
}

export interface SseTransport extends Disposable {
  handle(request: IncomingMessage, response: ServerResponse, context: SchemaContext): Promise<void>;
  /** End all streams, without `complete`, telling each client when to come back. */
  drain(): void;
  readonly streamCount: number;
}

/** Longer than any cursor; a header of that size is an attack or a mistake. */
const MAX_EVENT_ID_LENGTH = 1_024;
const COMPLETE = 'event: complete\ndata:\n\n';
/** So that clients which were cut at once do not come back at once. */
const RETRY_JITTER_MS = 5_000;

export function createSseTransport(options: SseOptions): SseTransport {
  const { graphql, mask, turns, maxBodyBytes, random = Math.random } = options;
  const heartbeat = createHeartbeat(options);
  const open = new Set<(lastWords: string) => void>();
  let isDraining = false;

  async function handle(request: IncomingMessage, response: ServerResponse, context: SchemaContext): Promise<void> {
    if (isDraining) return refuse(request, response);
    const lastEventId = request.headers['last-event-id'];
    if (Array.isArray(lastEventId) || (lastEventId?.length ?? 0) > MAX_EVENT_ID_LENGTH) {
      response.writeHead(431).end();
      return;
    }
    const read = await readRequest(request, response, maxBodyBytes, mask);
    if (read === undefined) return;
    const prepared = await graphql.prepare(read, lastEventId ? { ...context, lastEventId } : context);
    if (!('kind' in prepared)) return stream(response, single({ errors: prepared }));
    if (prepared.kind === 'mutation' && request.method === 'GET') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    const begun = await begin(prepared);
    // What was recorded is answered; a stream would only hold up the drain.
    if (isDraining && begun instanceof PullStream) {
      await begun.return();
      return refuse(request, response);
    }
    const refusal = begun instanceof PullStream || !lastEventId ? undefined : refusalStatus(begun);
    if (refusal === 204) response.writeHead(204).end();
    else if (refusal !== undefined && 'errors' in begun) sendErrors(response, refusal, begun.errors ?? []);
    else await stream(response, begun instanceof PullStream ? begun : single(begun));
  }

  async function begin({ kind, args }: Operation): Promise<PullStream<Frame> | ExecutionResult> {
    return kind === 'subscription' ? graphql.subscribe(args) : graphql.run(args);
  }

  async function stream(response: ServerResponse, results: PullStream<Frame>): Promise<void> {
    // Leaving ends the pump, whatever it waits for.
    const leave = (): void => void results.return();
    response.once('close', leave);
    try {
      using outlet = await openSseOutlet(response);
      // It may have left while its stream was being prepared.
      if (response.closed) return;
      await streamTo(outlet, response, results);
    } finally {
      leave();
    }
  }

  async function streamTo(outlet: SseOutlet, response: ServerResponse, results: PullStream<Frame>): Promise<void> {
    const endsAt = performance.now() + ageWithJitter(options.maxConnectionAgeMs, random);
    const end = (lastWords: string): void => endForGood(response, lastWords);
    using _beating = heartbeat.add({
      beat: () => (performance.now() >= endsAt ? end(comeBack()) : outlet.say(':\n\n')),
      get waitingSince() {
        return outlet.waitingSince;
      },
      stalled: () => response.destroy(),
    });
    open.add(end);
    // The drain may have begun while this stream waited for its turn on the connection; what was recorded is answered.
    if (isDraining && !(results instanceof SingleFrame)) end(comeBack());
    try {
      outlet.say(':\n\n');
      await pump(results, outlet, outlet.encoder, turns).catch((error: unknown) => {
        outlet.write(outlet.encoder.shared(resultFrame({ errors: [mask(error)] })));
      });
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

async function readRequest(
  request: IncomingMessage,
  response: ServerResponse,
  maxBodyBytes: number,
  mask: MaskError,
): Promise<GraphqlRequest | undefined> {
  try {
    if (request.method === 'GET') return parseGetParams(new URL(request.url ?? '', 'http://localhost').searchParams);
    const { headers } = request;
    if (!isJsonContentType(headers['content-type']) || isPacked(headers['content-encoding'])) {
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

/** A result that cannot be written as JSON fails the stream. */
function single(result: ExecutionResult): PullStream<Frame> {
  return new SingleFrame(() => resultFrame(result));
}
