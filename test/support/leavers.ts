/**
 * Subscribers that leave, in every way in which subscribers leave: politely, by closing, by dying, and by falling
 * silent. Each arrives first (it got a frame), so that the server holds all it ever holds for a subscriber.
 */
import http from 'node:http';
import net from 'node:net';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { settlesWithin } from './wait-for.ts';

export interface Place {
  readonly origin: string;
  readonly taskId: string;
}

/** @returns once the client side holds nothing any more. */
export type Leave = () => Promise<void>;

export interface Leaver {
  /** @returns once the subscriber has its first frame. */
  arrive(place: Place): Promise<Leave>;
  /** The client does nothing: it is for the server to find out. `Leave` only tidies up afterwards. */
  readonly silent: boolean;
}

const QUERY = 'subscription ($taskId: ID!) { taskUpdates(taskId: $taskId) { cursor } }';
/** From the first event on, whole: a stream that does not fit into the buffers of a connection. */
const HEAVY = `subscription ($taskId: ID!) {
  taskUpdates(taskId: $taskId, replay: true) { ... on TaskEventRecorded { event { details } } }
}`;

export const LEAVERS = {
  'WebSocket, complete': webSocket(async ({ socket }) => {
    socket.send('{"type":"complete","id":"1"}');
    // The pong comes behind the complete: the server has read it before this client closes.
    const pong = once(socket, 'pong');
    socket.ping();
    await pong;
    await close(socket);
  }),
  'WebSocket, close': webSocket(async ({ socket }) => close(socket)),
  'WebSocket, reset': webSocket(async ({ socket, tcp }) => {
    const closed = once(socket, 'close');
    tcp.resetAndDestroy();
    await closed;
  }),
  'WebSocket, half-open': webSocket(async ({ socket }) => {
    const closed = once(socket, 'close');
    socket.terminate();
    await closed;
  }, true),
  'SSE, abort': eventStream(QUERY, async ({ request, tcp }) => {
    const closed = once(tcp, 'close');
    request.destroy();
    await closed;
  }),
  'SSE, reset': eventStream(QUERY, async ({ tcp }) => {
    const closed = once(tcp, 'close');
    tcp.resetAndDestroy();
    await closed;
  }),
  'SSE, half-open': eventStream(
    HEAVY,
    async ({ tcp }) => {
      const closed = once(tcp, 'close');
      tcp.destroy();
      await closed;
    },
    true,
  ),
} satisfies Readonly<Record<string, Leaver>>;

interface Ws {
  readonly socket: WebSocket;
  readonly tcp: Socket;
}

function webSocket(leave: (client: Ws) => Promise<void>, silent = false): Leaver {
  return {
    silent,
    async arrive({ origin, taskId }) {
      const tcp = connect(origin);
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
        createConnection: () => tcp,
        perMessageDeflate: false,
      });
      socket.on('error', () => undefined);
      await once(socket, 'open');
      socket.send('{"type":"connection_init"}');
      await once(socket, 'message');
      const arrived = once(socket, 'message');
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: QUERY, variables: { taskId } } }));
      await arrived;
      // Not reading, it answers no ping and sees no close.
      if (silent) socket.pause();
      return async () => leave({ socket, tcp });
    },
  };
}

interface Sse {
  readonly request: http.ClientRequest;
  readonly tcp: Socket;
}

function eventStream(query: string, leave: (client: Sse) => Promise<void>, silent = false): Leaver {
  return {
    silent,
    async arrive({ origin, taskId }) {
      const tcp = connect(origin);
      const params = new URLSearchParams({ query, variables: JSON.stringify({ taskId }) });
      const request = http.get(`${origin}/graphql?${params}`, {
        headers: { accept: 'text/event-stream' },
        createConnection: () => tcp,
      });
      const first = Promise.withResolvers<void>();
      request.on('error', first.reject);
      request.on('response', (response) => {
        response.on('error', () => undefined);
        response.on('data', (chunk) => {
          if (!String(chunk).includes('event: next')) return;
          first.resolve();
          if (silent) response.pause();
        });
      });
      await settlesWithin(first.promise, { withinMs: 20_000, what: 'the first frame' });
      return async () => leave({ request, tcp });
    },
  };
}

/** Ours from the start, so that it can be reset. */
function connect(origin: string): Socket {
  const tcp = net.connect(Number(new URL(origin).port), '127.0.0.1');
  tcp.on('error', () => undefined);
  return tcp;
}

async function close(socket: WebSocket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close(1000);
  await closed;
}

async function once(emitter: NodeJS.EventEmitter, name: string): Promise<void> {
  const happened = Promise.withResolvers<void>();
  const listener = (): void => happened.resolve();
  emitter.once(name, listener);
  try {
    await settlesWithin(happened.promise, { withinMs: 20_000, what: `"${name}"` });
  } finally {
    emitter.off(name, listener);
  }
}
