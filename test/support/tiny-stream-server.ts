/**
 * The smallest thing that keeps the stream's promises: a list of events in memory, over WebSocket and SSE. The tools
 * for the end-to-end tests are tried on it, so that their own mistakes are not taken for the server's.
 */
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSchema, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { foldAll } from './fold.ts';
import type { LogEvent } from './fold.ts';
import type { Frame } from './history.ts';

export interface TinyServer extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  readonly log: readonly LogEvent[];
  append(event: Pick<LogEvent, 'eventType' | 'component' | 'progress'>): void;
}

export async function openTinyServer(): Promise<TinyServer> {
  const log: LogEvent[] = [];
  const leaving = new AbortController();

  const http1 = http.createServer((request, response) => void serveSse({ request, response, log, leaving }));
  const sockets = new WebSocketServer({ server: http1, path: '/graphql' });
  const graphql = useServer(
    {
      onSubscribe: (_context, _id, { query, variables }) => ({
        schema: buildSchema('type Query { none: Int } type Subscription { taskUpdates: Int }'),
        document: parse(query),
        // The cursor is all that this server takes.
        rootValue: typeof variables?.['after'] === 'string' ? variables['after'] : '',
      }),
      subscribe: ({ rootValue }) => results(log, String(rootValue), leaving.signal),
    },
    sockets,
  );
  const listening = Promise.withResolvers<void>();
  http1.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  // A TCP server's address is never the path of a pipe.
  const { port } = http1.address() as AddressInfo;

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    log,
    append(event) {
      const sequence = log.length + 1;
      const now = new Date().toISOString();
      const same = { stage: 'ANALYSIS', message: '', timestamp: now, recordedAt: now };
      log.push({ ...event, ...same, sequence, eventId: `e${sequence}`, cursor: `c${sequence}` });
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await graphql.dispose();
      const closed = Promise.withResolvers<void>();
      http1.close(() => closed.resolve());
      http1.closeAllConnections();
      await closed.promise;
    },
  };
}

async function* results(
  log: readonly LogEvent[],
  after: string,
  leaving: AbortSignal,
): AsyncGenerator<{ data: { taskUpdates: Frame } }, void, void> {
  for await (const taskUpdates of frames(log, after, leaving)) yield { data: { taskUpdates } };
}

/** Polls, for it is tiny: its waiting is bounded by its poll. */
async function* frames(
  log: readonly LogEvent[],
  after: string,
  leaving: AbortSignal,
): AsyncGenerator<Frame, void, void> {
  let at = after === '' ? 0 : Number(after.slice(1));
  while (!leaving.aborted) {
    for (const event of log.slice(at)) {
      at = event.sequence;
      yield frame('TaskEventRecorded', at, log);
    }
    if (log.at(-1)?.eventType === 'TASK_COMPLETED') return yield frame('TaskEnded', at, log);
    await delay(2);
  }
}

function frame(kind: string, at: number, log: readonly LogEvent[]): Frame {
  const progress = foldAll(log.slice(0, at))[at];
  const event = log[at - 1];
  if (progress === undefined || event === undefined) throw new RangeError(`no event ${at}`);
  const common = { __typename: kind, cursor: event.cursor };
  return kind === 'TaskEnded' ? { ...common, progress } : { ...common, progress: { sequence: at }, event };
}

interface SseRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly log: readonly LogEvent[];
  readonly leaving: AbortController;
}

async function serveSse({ request, response, log, leaving }: SseRequest): Promise<void> {
  const after = request.headers['last-event-id'];
  const last = log.at(-1);
  if (last?.eventType === 'TASK_COMPLETED' && after === last.cursor) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('retry: 5\n\n');
  for await (const one of frames(log, String(after ?? ''), leaving.signal)) {
    if (response.destroyed) return;
    response.write(`id: ${one.cursor}\nevent: next\ndata: ${JSON.stringify({ data: { taskUpdates: one } })}\n\n`);
  }
  response.end('event: complete\ndata: {}\n\n');
}
