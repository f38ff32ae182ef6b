/** `createEmitter` through a server that is killed again and again: each event once, each component's in order. */
import { expect, test } from 'vitest';
import { createEmitter } from '../../src/client/index.ts';
import { readTaskLog } from '../support/read-log.ts';
import { sized } from '../support/sizes.ts';
import { startServer } from '../support/server-process.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const { events: EVENTS, kills: KILLS } = sized({
  usual: { events: 15_000, kills: 5 },
  full: { events: 100_000, kills: 10 },
});
const COMPONENTS = 20;
const MAX_PENDING = 3_000;
const TASK = 'emitted';

test('every event is recorded once and in the order of its component, and no more waits than may', async () => {
  await using dir = await openTempDir();
  await using server = await startServer({ store: dir.sqliteStore });
  const recorded = { count: 0 };
  let most = 0;
  await using emitter = createEmitter({ url: server.graphqlUrl, maxPending: MAX_PENDING, retryCapMs: 200 });

  /** A kill is due whenever another share of the events is recorded, so it comes while some are on their way. */
  async function killNowAndThen(): Promise<void> {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const due = (EVENTS * kill) / (KILLS + 1);
      await waitFor(() => recorded.count >= due, { withinMs: 120_000, what: `${due} events to be recorded` });
      await server.restart();
    }
  }
  const killing = killNowAndThen();
  for (let index = 0; index < EVENTS; index += 1) {
    await emitter.ready();
    const component = `worker-${index % COMPONENTS}_belter`;
    void emitter
      .emit({ taskId: TASK, eventType: 'PROGRESS_UPDATE', component, stage: 'ANALYSIS', message: String(index) })
      .then(() => (recorded.count += 1));
    most = Math.max(most, emitter.pending);
  }
  await emitter.flush();
  await killing;

  expect(recorded.count).toBe(EVENTS);
  expect(most).toBeLessThanOrEqual(MAX_PENDING);
  const log = await readTaskLog(server.graphqlUrl, TASK);
  expect(log).toHaveLength(EVENTS);
  const ofComponents = Map.groupBy(log, ({ component }) => component);
  expect(ofComponents.size).toBe(COMPONENTS);
  for (const [component, ofOne] of ofComponents) {
    const first = Number(component.replaceAll(/\D/g, ''));
    expect(ofOne.map(({ message }) => Number(message))).toEqual(
      Array.from({ length: EVENTS / COMPONENTS }, (_, index) => first + index * COMPONENTS),
    );
  }
}, 600_000);
