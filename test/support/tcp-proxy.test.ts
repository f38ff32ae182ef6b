import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openTcpProxy } from './tcp-proxy.ts';
import type { ProxyConnection, TcpProxy } from './tcp-proxy.ts';
import { waitFor } from './wait-for.ts';

const soon = (what: string): { withinMs: number; what: string } => ({ withinMs: 5_000, what });

test('forwards both ways, whatever the size, and passes an end on in one direction', async () => {
  await using fixture = await openFixture();
  const client = fixture.connect();
  const sent = Buffer.alloc(3_000_000, 'abcdefg');
  client.socket.end(sent); // FIN: the echo still comes back.
  await waitFor(() => client.seen().length === sent.length, soon('the echo'));
  expect(client.seen().equals(sent)).toBe(true);
  await waitFor(() => client.end() === 'FIN', soon('the end'));
  expect(fixture.proxy.connections()).toHaveLength(0);
});

test('closes cleanly: both sides see FIN, and what was sent before', async () => {
  await using fixture = await openFixture();
  const client = await fixture.greet();
  fixture.connection().cleanClose();
  await waitFor(() => client.end(), soon('the client to see it'));
  expect(client.end()).toBe('FIN');
  await waitFor(() => fixture.serverEnds.length === 1, soon('the server to see it'));
  expect(fixture.serverEnds).toEqual(['FIN']);
});

test('resets: both sides see ECONNRESET', async () => {
  await using fixture = await openFixture();
  const client = await fixture.greet();
  fixture.connection().reset();
  await waitFor(() => client.end(), soon('the client to see it'));
  expect(client.end()).toBe('ECONNRESET');
  await waitFor(() => fixture.serverEnds.length === 1, soon('the server to see it'));
  expect(fixture.serverEnds).toEqual(['ECONNRESET']);
});

test('half open: nothing comes through any more, and neither side is told, even when the other leaves', async () => {
  await using fixture = await openFixture();
  const client = await fixture.greet();
  const connection = fixture.connection();
  const [before, beforeServer] = [connection.bytesToClient, connection.bytesToServer];
  connection.halfOpen();
  client.socket.write('are you there?');
  fixture.serverSockets[0]?.write('I am');
  // A second connection makes the round trip that the first would have made.
  await fixture.greet();
  expect([connection.bytesToClient, connection.bytesToServer]).toEqual([before, beforeServer]);
  client.socket.destroy();
  await fixture.greet();
  expect(connection.state).toBe('half-open');
  expect(fixture.serverEnds).toEqual([]);
});

test('cuts in the middle of a frame: exactly so many more bytes, then a reset', async () => {
  await using fixture = await openFixture();
  const client = await fixture.greet();
  const before = client.seen().length;
  fixture.connection().cutMidFrame({ moreBytes: 7 });
  client.socket.write('a frame of some length');
  await waitFor(() => client.end(), soon('the cut'));
  expect(client.end()).toBe('ECONNRESET');
  expect(client.seen().subarray(before).toString()).toBe('a frame');
});

test('after so many bytes, closes cleanly or falls silent instead of a reset, and says so', async () => {
  await using fixture = await openFixture();
  for (const how of ['clean close', 'half-open'] as const) {
    const client = await fixture.greet();
    const connection = fixture.proxy.connections().at(-1);
    let cuts = 0;
    connection?.cutMidFrame({ moreBytes: 3, how, onCut: () => (cuts += 1) });
    client.socket.write('a frame');
    await waitFor(() => cuts === 1, soon('the cut'));
    await waitFor(() => client.seen().length === 8, soon('what came before it'));
    expect(connection?.state).toBe(how === 'half-open' ? how : 'closed');
    if (how === 'clean close') await waitFor(() => client.end() === 'FIN', soon('the end'));
    expect(client.seen().toString()).toBe('helloa f');
  }
});

test('paused: the server feels the back-pressure, and all arrives once resumed', async () => {
  await using fixture = await openFixture();
  const client = await fixture.greet();
  const connection = fixture.connection();
  connection.pause();
  const size = 32 * 1024 * 1024;
  const [server] = fixture.serverSockets;
  server?.write(Buffer.alloc(size, 1));
  await waitFor(() => (server?.writableLength ?? 0) > 0, soon('the pressure'));
  expect(client.seen().length).toBeLessThan(1_000);
  connection.resume();
  await waitFor(() => connection.bytesToClient > size, soon('all of it'));
});

test('throttled: no faster than it was told', async () => {
  await using fixture = await openFixture();
  const client = await fixture.greet();
  fixture.connection().throttle(1_000_000);
  const since = performance.now();
  fixture.serverSockets[0]?.write(Buffer.alloc(300_000, 1));
  await waitFor(() => client.seen().length >= 300_000, soon('all of it'));
  expect(performance.now() - since).toBeGreaterThan(150);
});

test('leads new connections to another server after a move, and resets when there is none', async () => {
  await using first = await openFixture();
  await using second = await openFixture();
  await first.greet();
  first.proxy.retarget({ port: second.serverPort });
  await first.greet();
  expect(second.serverSockets).toHaveLength(1);
  first.proxy.retarget({ port: await closedPort() });
  const refused = first.connect();
  await waitFor(() => refused.end(), soon('the refusal'));
  expect(first.proxy.accepted).toBe(3);
});

test('tells of each connection before a byte of it was forwarded', async () => {
  await using fixture = await openFixture();
  fixture.proxy.onConnection((connection) => connection.cutMidFrame({ moreBytes: 3 }));
  const client = fixture.connect();
  client.socket.write('hello');
  await waitFor(() => client.end(), soon('the cut'));
  expect(client.seen().toString()).toBe('hel');
});

interface Client {
  readonly socket: Socket;
  seen(): Buffer;
  /** Undefined while open. */
  end(): string | undefined;
}

interface Fixture extends AsyncDisposable {
  readonly proxy: TcpProxy;
  readonly serverPort: number;
  readonly serverSockets: readonly Socket[];
  readonly serverEnds: readonly string[];
  connect(): Client;
  /** A client that has sent a word and got it back. */
  greet(): Promise<Client>;
  /** The oldest connection that is open. */
  connection(): ProxyConnection;
}

/** An echo server behind a proxy. */
async function openFixture(): Promise<Fixture> {
  const serverSockets: Socket[] = [];
  const serverEnds: string[] = [];
  const clients: Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    serverSockets.push(socket);
    socket.pipe(socket);
    onceEnded(socket, (how) => serverEnds.push(how));
  });
  const serverPort = await listen(server);
  const proxy = await openTcpProxy({ target: { port: serverPort } });
  const connect = (): Client => {
    const socket = net.connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    const chunks: Buffer[] = [];
    let ended: string | undefined;
    socket.on('data', (chunk) => chunks.push(chunk));
    onceEnded(socket, (how) => {
      ended = how;
    });
    return { socket, seen: () => Buffer.concat(chunks), end: () => ended };
  };
  return {
    proxy,
    serverPort,
    serverSockets,
    serverEnds,
    connect,
    async greet() {
      const client = connect();
      client.socket.write('hello');
      await waitFor(() => client.seen().length === 5, soon('the greeting'));
      return client;
    },
    connection() {
      const [oldest] = proxy.connections();
      if (oldest === undefined) throw new Error('no connection');
      return oldest;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [...clients, ...serverSockets]) socket.destroy();
      await proxy[Symbol.asyncDispose]();
      await close(server);
    },
  };
}

function onceEnded(socket: Socket, report: (how: string) => void): void {
  let reported = false;
  const once = (how: string): void => {
    if (!reported) report(how);
    reported = true;
  };
  socket.on('error', (error) => once('code' in error ? String(error.code) : error.message));
  socket.on('end', () => once('FIN'));
}

async function listen(server: net.Server): Promise<number> {
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  return (server.address() as AddressInfo).port; // A TCP server's address is never the path of a pipe.
}

async function close(server: net.Server): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
}

async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server);
  await close(server);
  return port;
}
