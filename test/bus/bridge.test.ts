/** What a bus between processes says of its link. */
import { expect, test } from 'vitest';
import { openBridge } from '../../src/bus/bridge.ts';
import type { ConnectionEvents } from '../../src/bus/link.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { DRUMLINE_FORMATS } from '../../src/bus/notice-format.ts';
import { waitFor } from '../support/wait-for.ts';

test('why it broke is reported, and why it stays down, each once; and again the next time', async () => {
  const troubles: string[] = [];
  const connections: ConnectionEvents[] = [];
  let refused = 0;
  let isRefusing = false;
  const local = createMemoryBus();
  const options = { local, formats: DRUMLINE_FORMATS, onTrouble: ({ message }: Error) => troubles.push(message) };
  await using bus = await openBridge(
    { ...options, timing: { random: () => 0 } },
    {
      async connect(events) {
        if (isRefusing) {
          refused += 1;
          throw new Error('WRONGPASS');
        }
        connections.push(events);
        return {
          send: async (frames) => queueMicrotask(() => frames.forEach((frame) => events.onText(frame))),
          close: () => undefined,
        };
      },
      explain: (error) => (error instanceof Error ? error : new Error(String(error))),
      maxFrameBytes: 1_000,
    },
  );
  for (let round = 1; round <= 2; round += 1) {
    isRefusing = true;
    connections.at(-1)?.onLost(new Error('Socket closed'));
    await waitFor(() => refused >= 3 * round, { withinMs: 10_000, what: 'some tries' });
    isRefusing = false;
    await waitFor(() => bus.status?.().isConnected === true, { withinMs: 10_000, what: 'the link' });
  }
  expect(troubles).toEqual(['Socket closed', 'WRONGPASS', 'Socket closed', 'WRONGPASS']);
});
