/**
 * Networks fail in ways that a polite client never shows: a reset, a cut in the middle of a frame, a path that goes
 * dead while both ends believe in it. This proxy stands between real sockets and does these things on demand, to one
 * connection or to all. It never changes a byte that it forwards.
 */
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { openLink } from './tcp-link.ts';
import type { ProxyConnection } from './tcp-link.ts';

export type { CutKind, ProxyConnection } from './tcp-link.ts';

export interface ProxyTarget {
  readonly host?: string;
  readonly port: number;
}

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** How many connections were ever accepted. */
  readonly accepted: number;
  /** Those not closed yet, oldest first; half-open ones included. */
  connections(): readonly ProxyConnection[];
  /** Where connections accepted from now on lead. */
  retarget(target: ProxyTarget): void;
  /** Called for each new connection before a byte was forwarded, e.g. to cut it in its handshake. */
  onConnection(listener: (connection: ProxyConnection) => void): void;
}

export async function openTcpProxy(options: { readonly target: ProxyTarget }): Promise<TcpProxy> {
  let { target } = options;
  let accepted = 0;
  const open = new Set<ProxyConnection>();
  const listeners: ((connection: ProxyConnection) => void)[] = [];

  // Half-closed connections are passed on as such: a FIN in one direction must not end the other.
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    const upstream = net.connect({ host: '127.0.0.1', ...target, allowHalfOpen: true, noDelay: true });
    const connection = openLink({ id: accepted, client, upstream, onClosed: () => open.delete(connection) });
    open.add(connection);
    for (const listener of listeners) listener(connection);
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    connections: () => [...open],
    retarget(next) {
      target = next;
    },
    onConnection(listener) {
      listeners.push(listener);
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const connection of open) connection.destroy();
      await closed.promise;
    },
  };
}
