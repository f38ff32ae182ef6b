/**
 * A server that does what a test tells it to, over real sockets in the real protocol: to break in the middle, to
 * repeat itself, to lie. What a well-behaved server does is tested with the well-behaved server.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export interface Asked {
  /** 1 for the first connection. */
  readonly connection: number;
  readonly variables: Readonly<Record<string, unknown>>;
  next(data: unknown): void;
  error(code: string, message?: string): void;
  complete(): void;
  close(code: number): void;
  /** Cut the connection without a word. */
  cut(): void;
  /** Resolves when so many pings came. */
  pings(count: number): Promise<void>;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Connections that are open now. */
  openConnections(): number;
}

export interface ScriptedServerOptions {
  readonly answersPings?: boolean;
  /** Else it hangs up on whoever wants a WebSocket. */
  readonly answersUpgrades?: () => boolean;
  /** To every request that is no WebSocket. */
  readonly answer?: { readonly status: number; readonly body: string };
  /** Called when such an answer is out. */
  readonly onAnswered?: () => void;
}

export async function openScriptedServer(
  script: (asked: Asked) => void,
  {
    answersPings = true,
    answersUpgrades = () => true,
    answer = { status: 404, body: 'not here' },
    onAnswered,
  }: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const http = createServer((_request, response) => {
    if (onAnswered !== undefined) response.once('close', onAnswered);
    response.writeHead(answer.status, { connection: 'close' }).end(answer.body);
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' });
  http.on('upgrade', (request, socket: Socket, head) => {
    if (answersUpgrades()) sockets.handleUpgrade(request, socket, head, (open) => sockets.emit('connection', open));
    else socket.destroy();
  });
  let connections = 0;
  sockets.on('connection', (socket) => {
    connections += 1;
    const connection = connections;
    socket.on('error', () => {});
    socket.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as { type: string; id: string; payload: { variables: object } };
      if (message.type === 'connection_init') send(socket, { type: 'connection_ack' });
      if (message.type === 'ping' && answersPings) send(socket, { type: 'pong' });
      if (message.type !== 'subscribe') return;
      const ask = toAsked(socket, connection, message);
      asked.push(ask);
      script(ask);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never the path of a pipe.
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    asked,
    openConnections: () => sockets.clients.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function toAsked(
  socket: WebSocket,
  connection: number,
  { id, payload }: { id: string; payload: { variables: object } },
): Asked {
  return {
    connection,
    variables: { ...payload.variables },
    next: (data) => send(socket, { type: 'next', id, payload: { data } }),
    error: (code, message = code) => send(socket, { type: 'error', id, payload: [{ message, extensions: { code } }] }),
    complete: () => send(socket, { type: 'complete', id }),
    close: (code) => socket.close(code),
    cut: () => socket.terminate(),
    pings: (count) =>
      new Promise((resolve) => {
        let left = count;
        socket.on('message', (bytes: Buffer) => {
          if (!bytes.includes('"ping"')) return;
          left -= 1;
          if (left === 0) resolve();
        });
      }),
  };
}

function send(socket: WebSocket, message: object): void {
  socket.send(JSON.stringify(message));
}
