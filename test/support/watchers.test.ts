/** The watchers, behind the proxy, on a stream server that is small enough to be right. */
import { expect, test } from 'vitest';
import { checkHistory, type Violation } from './history.ts';
import { openTcpProxy } from './tcp-proxy.ts';
import type { ProxyConnection } from './tcp-proxy.ts';
import { openTinyServer } from './tiny-stream-server.ts';
import type { TinyServer } from './tiny-stream-server.ts';
import { settlesWithin, waitFor } from './wait-for.ts';
import { openWatcher } from './watchers.ts';
import type { Transport, Watcher } from './watchers.ts';

const CUTS: Readonly<Record<string, (connection: ProxyConnection) => void>> = {
  'a clean close': (connection) => connection.cleanClose(),
  'a reset': (connection) => connection.reset(),
  'a dead path': (connection) => connection.halfOpen(),
  'a cut in a frame': (connection) => connection.cutMidFrame({ moreBytes: 100 }),
};

const cases = (['ws', 'sse'] as const).flatMap((transport) => Object.keys(CUTS).map((cut) => ({ transport, cut })));

test.for(cases)('over $transport, survives $cut and goes on from its cursor', async ({ transport, cut }) => {
  await using server = await openTinyServer();
  await using proxy = await openTcpProxy({ target: server });
  await using watcher = open(transport, proxy.origin, 200);
  emitSome(server, 5);
  await waitFor(() => watcher.at === 5, { withinMs: 5_000, what: 'the first events' });
  const connection = proxy.connections().at(-1);
  if (connection === undefined) throw new Error('not connected');
  CUTS[cut]?.(connection);
  emitSome(server, 5);
  await waitFor(() => watcher.connects === 2 && watcher.at === 10, { withinMs: 5_000, what: 'the resumed stream' });
  expect(await problemsAtTheEnd(server, watcher)).toEqual([]);
});

test.for(['ws', 'sse'] as const)('over %s, leaves a path at once when told that it died', async (transport) => {
  await using server = await openTinyServer();
  await using proxy = await openTcpProxy({ target: server });
  await using watcher = open(transport, proxy.origin, 60_000);
  emitSome(server, 5);
  await waitFor(() => watcher.at === 5, { withinMs: 5_000, what: 'the first events' });
  proxy.connections().at(-1)?.halfOpen();
  watcher.pathDied();
  emitSome(server, 1);
  await waitFor(() => watcher.at === 6, { withinMs: 5_000, what: 'the resumed stream' });
  expect(await problemsAtTheEnd(server, watcher)).toEqual([]);
});

test.for(['ws', 'sse'] as const)('over %s, waits for a server that is away', async (transport) => {
  await using server = await openTinyServer();
  const nobody = await openTinyServer();
  await nobody[Symbol.asyncDispose]();
  await using proxy = await openTcpProxy({ target: server });
  await using watcher = open(transport, proxy.origin, 60_000);
  emitSome(server, 5);
  await waitFor(() => watcher.at === 5, { withinMs: 5_000, what: 'the first events' });
  proxy.retarget(nobody);
  for (const connection of proxy.connections()) connection.reset();
  const tries = proxy.accepted + 3;
  await waitFor(() => proxy.accepted >= tries, { withinMs: 5_000, what: 'attempts' });
  proxy.retarget(server);
  await waitFor(() => watcher.connects === 2, { withinMs: 5_000, what: 'the return' });
  expect(await problemsAtTheEnd(server, watcher)).toEqual([]);
});

function open(transport: Transport, origin: string, silenceMs: number): Watcher {
  return openWatcher(transport, { name: transport, origin, taskId: 't', replay: true, silenceMs, retryMs: 5 });
}

function emitSome(server: TinyServer, count: number): void {
  for (let index = 0; index < count; index += 1) {
    server.append({ eventType: 'PROGRESS_UPDATE', component: `c${index % 3}`, progress: index / count });
  }
}

async function problemsAtTheEnd(server: TinyServer, watcher: Watcher): Promise<readonly Violation[]> {
  server.append({ eventType: 'TASK_COMPLETED', component: 'c0', progress: 1 });
  await settlesWithin(watcher.ended, { withinMs: 5_000, what: 'the end' });
  const emits = server.log.map(({ eventId, sequence }) => ({ taskId: 't', eventId, outcome: 'ok', sequence }) as const);
  return checkHistory({ taskId: 't', emits, log: server.log, watchers: [watcher.record(true)] });
}
