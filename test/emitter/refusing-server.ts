/** A server that answers batches of events as a test tells it to, over real HTTP. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { EmitEventInput } from '../../src/emitter/index.ts';

export type SentEvent = EmitEventInput & { readonly eventId: string };

export interface Batch {
  /** 1 for the first. */
  readonly number: number;
  readonly inputs: readonly SentEvent[];
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}

export interface Refusal {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a GraphQL error. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Instead of GraphQL. */
  readonly body?: string;
  /** Hang up without an answer. */
  readonly cut?: boolean;
}

export interface RefusingServer extends AsyncDisposable {
  readonly url: string;
  readonly batches: readonly Batch[];
  /** What was accepted, in order. */
  readonly accepted: readonly SentEvent[];
}

/** @param refuse what is wrong with a batch; nothing: it is accepted. */
export async function openRefusingServer(
  refuse: (batch: Batch) => Refusal | undefined | Promise<Refusal | undefined>,
): Promise<RefusingServer> {
  const batches: Batch[] = [];
  const accepted: SentEvent[] = [];
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const { inputs } = (JSON.parse(body) as { variables: { inputs: SentEvent[] } }).variables;
      const batch = { number: batches.length + 1, inputs, headers: request.headers, atMs: performance.now() };
      batches.push(batch);
      const refusal = await refuse(batch);
      if (refusal?.cut === true) return void request.socket.destroy();
      if (refusal !== undefined) {
        const { status = 200, headers = {}, extensions, body } = refusal;
        response.writeHead(status, headers).end(body ?? JSON.stringify({ errors: [{ message: 'no', extensions }] }));
        return;
      }
      const results = inputs.map(({ eventId, taskId }, index) => {
        return { duplicate: false, event: { eventId, taskId, sequence: accepted.length + index + 1 } };
      });
      accepted.push(...inputs);
      response.end(JSON.stringify({ data: { emitEvents: { results } } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    batches,
    accepted,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
