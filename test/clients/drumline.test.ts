/** Our own client, over each transport, and over one after the other. */
import { describe, expect, test } from 'vitest';
import { createConnection, request, watchTask, type Connection, type TransportName } from '../../src/client/index.ts';
import { ConnectionFailedError } from '../../src/client/errors.ts';
import { createFallbackTransport } from '../../src/client/fallback-transport.ts';
import { createSseTransport } from '../../src/client/sse.ts';
import type { Transport } from '../../src/client/transport.ts';
import { createWebSocketTransport } from '../../src/client/websocket.ts';
import { gated } from './gated-connection.ts';
import { EMIT, expectExactlyOnce, playStory, STORY_MS, TASK } from './story.ts';
import type { ClientOptions, EmitAnswer, OfficialClient, TaskAnswer } from './story.ts';

const sees = 'sees every event once, in order, across cuts and restarts';

describe('drumline/client', { timeout: STORY_MS }, () => {
  test.each(['websocket', 'sse'] as const)(`over %s ${sees}`, async (transport) => {
    expectExactlyOnce(
      await playStory((options) => open(options, createConnection({ url: `${options.origin}/graphql`, transport }))),
    );
  });

  test(`over another transport after each break ${sees}`, async () => {
    const used: TransportName[] = [];
    const played = await playStory((options) => {
      const url = `${options.origin}/graphql`;
      const both = [createWebSocketTransport({ url }), createSseTransport({ url })] as const;
      const transport = createFallbackTransport([worksOnce(both[0]), worksOnce(both[1])], { loyaltyMs: 0 });
      const connection = { transport, renewsHeaders: false, [Symbol.dispose]: () => transport[Symbol.dispose]() };
      return open(options, connection, (name) => used.push(name));
    });
    expectExactlyOnce(played);
    const expected = used.map((_, index) => (index % 2 === 0 ? 'websocket' : 'sse'));
    expect(used).toEqual(expected);
    expect(used.length).toBeGreaterThan(5);
  });
});

/** Refuses each second try, as a network does that lets no more WebSockets through. */
function worksOnce(transport: Transport): Transport {
  let tries = 0;
  return {
    ...transport,
    subscribe(request, sink) {
      tries += 1;
      if (tries % 2 === 1) return transport.subscribe(request, sink);
      queueMicrotask(() => sink.error(new ConnectionFailedError('Not this way.')));
      return () => {};
    },
  };
}

function open(
  { origin, mayReconnect }: ClientOptions,
  connection: Connection,
  onConnected: (name: TransportName) => void = () => {},
): OfficialClient {
  const url = `${origin}/graphql`;
  return {
    async ask(id) {
      const { task } = await request<TaskAnswer, { id: string }>({
        url,
        document: { toString: () => TASK },
        variables: { id },
      });
      return task?.progress.sequence;
    },
    async emit(input) {
      const { emitEvent } = await request<EmitAnswer, object>({
        url,
        document: { toString: () => EMIT },
        variables: { input },
      });
      return emitEvent.event.sequence;
    },
    async watch(taskId, onUpdate) {
      const updates = watchTask({
        connection: gated(connection, mayReconnect),
        taskId,
        random: () => 0,
        onConnection: (state) => state.kind === 'connected' && onConnected(state.transport),
      });
      for await (const update of updates) onUpdate(update);
    },
    [Symbol.asyncDispose]: async () => connection[Symbol.dispose](),
  };
}
