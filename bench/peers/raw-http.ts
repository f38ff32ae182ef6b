/**
 * The least that can answer an emit: a bare `node:http` handler that parses the body and answers a small JSON text.
 * It understands no GraphQL. The raw servers that broadcast take their events through it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRecorder, type EmitEventInput, type Update } from './app.ts';
import { listen } from './listen.ts';

export interface RawBody {
  readonly query?: string;
  readonly variables: {
    readonly taskId?: string;
    readonly input?: EmitEventInput;
    readonly inputs?: readonly EmitEventInput[];
  };
}

export interface RawHandlers {
  publish?(update: Update): void;
  /** A request for a stream of events. */
  stream?(body: RawBody, response: ServerResponse): void;
}

export function createRawServer({ publish = () => undefined, stream }: RawHandlers): Server {
  const record = createRecorder();
  const emit = (input: EmitEventInput): { readonly event: { readonly sequence: number } } => {
    const update = record(input);
    publish(update);
    return { event: { sequence: update.event.sequence } };
  };
  return createServer((request, response) => {
    readJson(request, (body) => {
      if (request.headers.accept === 'text/event-stream') return stream?.(body, response);
      const { input, inputs } = body.variables;
      const data =
        inputs === undefined
          ? { emitEvent: input === undefined ? null : emit(input) }
          : { emitEvents: { results: inputs.map(emit) } };
      const text = JSON.stringify({ data });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    });
  });
}

function readJson(request: IncomingMessage, use: (body: RawBody) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    // The bench is its only caller.
    use(JSON.parse((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString() ?? '') as RawBody);
  });
}

/** What a watcher of this document gets; the same text as a GraphQL server's answer. */
export function toResult(update: Update, isFull: boolean): unknown {
  const { __typename, cursor, event, progress } = update;
  const { sequence, message } = event;
  if (!isFull) return { data: { taskUpdates: { __typename, cursor, event: { sequence, message } } } };
  const { id, eventType, timestamp, component, stage } = event;
  return {
    data: {
      taskUpdates: {
        __typename,
        cursor,
        progress: {
          status: progress.status,
          stage: progress.stage,
          overallProgress: progress.overallProgress,
          displayProgress: progress.displayProgress,
        },
        event: { id, sequence, eventType, timestamp, component, stage, message, progress: event.progress },
      },
    },
  };
}

if (import.meta.main) listen(createRawServer({}));
