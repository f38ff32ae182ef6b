/** Our own client, over each transport, and over one after the other. */
import { describe, expect, test } from 'vitest';
import { createConnection, request, watchTask, type Connection, type TransportName } from '../../src/client/index.ts';
import { ConnectionFailedError } from '../../src/client/errors.ts';
import type { Transport } from '../../src/client/transport.ts';
import { sized } from '../support/sizes.ts';
import { expectExactlyOnce, playStory, TASK, EMIT } from './story.ts';
import type { Break, ClientOptions, EmitAnswer, OfficialClient, TaskAnswer } from './story.ts';

const CUTS: readonly Break[] = ['reset', 'clean close', 'mid-frame'];
const sees = 'sees every event once, in order, across cuts and restarts';

/** In full: a hundred cuts and five restarts. */
const BREAKS: readonly Break[] = sized({
  usual: ['reset', 'clean close', 'mid-frame', 'restart', 'mid-frame', 'reset'],
  full: Array.from({ length: 105 }, (_, index) =>
    index % 21 === 20 ? 'restart' : (CUTS[index % CUTS.length] ?? 'reset'),
  ),
});

const TEST_MS = 300_000;

describe('drumline/client', { timeout: TEST_MS }, () => {
  test.each(['websocket', 'sse'] as const)(`over %s ${sees}`, async (transport) => {
    expectExactlyOnce(
      await playStory(
        (options) => open(options, createConnection({ url: `${options.origin}/graphql`, transport })),
        BREAKS,
      ),
    );
  });

  test(`over another transport after each break ${sees}`, async () => {
    const used: TransportName[] = [];
    const played = await playStory((options) => {
      const connection = createConnection({ url: `${options.origin}/graphql` });
      const [first, ...rest] = connection.transports;
      const transports = [worksOnce(first), ...rest.map(worksOnce)] as const;
      return open(options, { ...connection, transports }, (name) => used.push(name));
    }, BREAKS);
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
  const [first, ...rest] = connection.transports;
  let isFirst = true;

  /** Comes back when the story lets it. */
  function gated(transport: Transport): Transport {
    return {
      ...transport,
      subscribe(request, sink) {
        if (isFirst) {
          isFirst = false;
          return transport.subscribe(request, sink);
        }
        let leave = (): void => void (hasLeft = true);
        let hasLeft = false;
        void mayReconnect().then(() => {
          if (!hasLeft) leave = transport.subscribe(request, sink);
        });
        return () => leave();
      },
    };
  }
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
        connection: { ...connection, transports: [gated(first), ...rest.map(gated)] },
        taskId,
        random: () => 0,
        onConnection: (state) => state.kind === 'connected' && onConnected(state.transport),
      });
      for await (const update of updates) onUpdate(update);
    },
    [Symbol.asyncDispose]: async () => connection[Symbol.dispose](),
  };
}
