/** A WebSocket client of `ws` whose server writes whatever bytes a test gives it, past `ws`. */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

export interface FramePeer extends AsyncDisposable {
  /** Bytes, each as one character. */
  write(bytes: string): void;
  /** The texts of the next messages. Fails when they do not come, and when the client takes offence. */
  read(count: number): Promise<readonly string[]>;
}

export async function openFramePeer(): Promise<FramePeer> {
  const connected = Promise.withResolvers<Socket>();
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (_socket, request) => connected.resolve(request.socket));
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  const unread: string[] = [];
  let failure: Error | undefined;
  client.on('message', (data, isBinary) =>
    unread.push(`${isBinary ? 'binary ' : ''}${Buffer.from(data as Buffer).toString()}`),
  );
  client.on('error', (error) => (failure = error));
  const connection = await settlesWithin(connected.promise, { withinMs: 5_000, what: 'the connection' });

  return {
    write: (bytes) => void connection.write(bytes, 'latin1'),
    async read(count) {
      await waitFor(() => unread.length >= count || failure !== undefined, {
        withinMs: 10_000,
        what: () => `${count} messages, not ${unread.length}`,
      });
      if (failure !== undefined) throw failure;
      return unread.splice(0, count);
    },
    async [Symbol.asyncDispose]() {
      client.terminate();
      const closed = Promise.withResolvers<void>();
      sockets.close();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
