/**
 * The yardstick of fan-out over WebSockets: `ws` without GraphQL. An event becomes JSON once, and `ws.send` takes the
 * same string for every watcher of its task. It speaks just enough of the protocol for the same load client.
 */
import { WebSocketServer, type WebSocket } from 'ws';
import { listen } from './listen.ts';
import { createRawServer, toResult, type RawBody } from './raw-http.ts';

interface Message {
  readonly type: string;
  readonly payload?: RawBody;
}
interface Watchers {
  readonly sockets: Set<WebSocket>;
  readonly isFull: boolean;
}

const tasks = new Map<string, Watchers>();

const server = createRawServer({
  publish(update) {
    const watchers = tasks.get(update.event.taskId);
    if (watchers === undefined) return;
    const text = JSON.stringify({ id: '1', type: 'next', payload: toResult(update, watchers.isFull) });
    for (const socket of watchers.sockets) socket.send(text);
  },
});

const wsServer = new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false });
wsServer.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString()) as Message;
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    const taskId = payload?.variables.taskId;
    if (type !== 'subscribe' || taskId === undefined) return;
    const isFull = payload?.query?.startsWith('subscription Full') ?? false;
    const watchers = tasks.get(taskId) ?? { sockets: new Set<WebSocket>(), isFull };
    tasks.set(taskId, watchers);
    watchers.sockets.add(socket);
    socket.once('close', () => watchers.sockets.delete(socket));
  });
});

listen(server);
