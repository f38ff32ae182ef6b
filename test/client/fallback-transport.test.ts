/** Several transports as one: which of them is used, and when another gets its turn. */
import { expect, test } from 'vitest';
import { watchTask, type Connection } from '../../src/client/index.ts';
import { createFallbackTransport, type FallbackOptions } from '../../src/client/fallback-transport.ts';
import { createSseTransport } from '../../src/client/sse.ts';
import { createWebSocketTransport } from '../../src/client/websocket.ts';
import { startApp, TASK } from '../support/app.ts';
import { openScriptedServer } from './scripted-server.ts';
import { recorded } from './updates.ts';

/** A WebSocket to the one, server-sent events from the other. */
function openConnection(urls: { websocket: string; sse: string }, options?: FallbackOptions): Connection {
  const websocket = createWebSocketTransport({ url: urls.websocket });
  const transport = createFallbackTransport([websocket, createSseTransport({ url: urls.sse })], options);
  return { transport, renewsHeaders: false, [Symbol.dispose]: () => transport[Symbol.dispose]() };
}

/** How the first update came: the transports that got through, and `lost` for each break or failed try. */
async function waysToUpdate(connection: Connection): Promise<string[]> {
  const ways: string[] = [];
  const watching = watchTask({
    connection,
    taskId: TASK,
    random: () => 0,
    onConnection: (state) =>
      state.kind === 'connecting' ? undefined : ways.push(state.kind === 'connected' ? state.transport : 'lost'),
  });
  await watching.next();
  await watching.return?.();
  return ways;
}

test('where no WebSocket gets through, server-sent events do, within the same try, and are used from then on', async () => {
  await using server = await startApp();
  await using blocked = await openScriptedServer(() => {}, { answersUpgrades: () => false });
  await server.emit();
  using connection = openConnection({ websocket: blocked.url, sse: server.graphqlUrl });
  expect(await waysToUpdate(connection)).toEqual(['sse']);
  expect(connection.transport.name).toBe('sse');
});

test.each([
  ['the others wait, for it is the server that is away', 1_000, ['websocket', 'lost', 'lost', 'websocket']],
  ['the others get their turn after `loyaltyMs`', 0, ['websocket', 'lost', 'sse']],
])('a WebSocket that got through and then fails: %s', async (_name, loyaltyMs, ways) => {
  await using server = await startApp();
  await server.emit();
  let connections = 0;
  const answersUpgrades = (): boolean => {
    connections += 1;
    return connections !== 2;
  };
  await using flaky = await openScriptedServer(
    (asked) => {
      if (asked.connection === 1) asked.cut();
      else asked.next({ taskUpdates: recorded(1) });
    },
    { answersUpgrades },
  );
  using connection = openConnection({ websocket: flaky.url, sse: server.graphqlUrl }, { loyaltyMs, nowMs: () => 0 });
  expect(await waysToUpdate(connection)).toEqual(ways);
});
