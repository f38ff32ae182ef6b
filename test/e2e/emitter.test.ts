/**
 * The client's emitter over a server that is killed again and again: each event is recorded exactly once, those of a
 * component in their order, and what waits meanwhile has its bound.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createEmitter, type Emitter } from '../../src/emitter/index.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { sized } from '../support/sizes.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const EVENTS = sized({ usual: 20_000, full: 100_000 });
const KILLS = 10;
const TASKS = 5;
const COMPONENTS = 10;
const MOST_WAITING = 1_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

interface Production {
  /** How often each event was told to be recorded, by its number. */
  readonly told: Uint8Array;
  recorded: number;
  mostWaiting: number;
}

/** Events go round the components, and those round the tasks; nobody awaits an `emit`. */
async function produce(emitter: Emitter, production: Production): Promise<void> {
  for (let number = 0; number < EVENTS; number += 1) {
    await emitter.ready;
    const component = number % COMPONENTS;
    const event = emitter.emit({
      taskId: `task-${component % TASKS}`,
      eventType: 'PROGRESS_UPDATE',
      component: `component-${component}`,
      stage: 'ANALYSIS',
      message: String(number),
    });
    production.mostWaiting = Math.max(production.mostWaiting, emitter.pending);
    const tell = (): void => {
      production.told[number] = (production.told[number] ?? 0) + 1;
      production.recorded += 1;
    };
    // A refusal is found by what is not told.
    event.then(tell, () => undefined);
  }
}

test('killed 10 times, the server has each event exactly once and in order, and the emitter kept its bound', async () => {
  await using dir = await openTempDir();
  await using server = await startServer({ store: dir.sqliteStore });
  const production: Production = { told: new Uint8Array(EVENTS), recorded: 0, mostWaiting: 0 };
  const refused: unknown[] = [];
  const heapBefore = heapMb();
  let heapMost = 0;
  let retries = 0;
  const stop = new AbortController();
  {
    await using emitter = createEmitter({
      signal: stop.signal,
      url: server.graphqlUrl,
      maxQueuedEvents: MOST_WAITING,
      maxBatchEvents: 200,
      retryCapMs: 200,
      onRetry: () => void (retries += 1),
      onRefused: (error) => refused.push(error),
    });
    // A failure below must not wait for a server that is gone.
    using _ = { [Symbol.dispose]: () => stop.abort() };
    const producing = produce(emitter, production);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const due = (kill * EVENTS) / (KILLS + 2);
      const what = (): string => `${due} events; there are ${production.recorded}, refused: ${String(refused[0])}`;
      await waitFor(() => production.recorded >= due, { withinMs: 120_000, what });
      await server.kill9();
      // With nobody there, the queue fills up.
      await waitFor(() => emitter.pending >= MOST_WAITING, { withinMs: 20_000, what: 'the queue to be full' });
      heapMost = Math.max(heapMost, heapMb());
      await server.restart();
    }
    await producing;
    await emitter.flush();
  }
  expect(refused).toEqual([]);
  expect(retries).toBeGreaterThanOrEqual(KILLS);
  expect(production.told.every((count) => count === 1)).toBe(true);
  expect(production.mostWaiting).toBe(MOST_WAITING);
  // 1,000 events that wait are some 2 MB; all of them would be far more.
  expect(heapMost - heapBefore).toBeLessThan(sized({ usual: 15, full: 30 }));

  const logs = await Promise.all(
    Array.from({ length: TASKS }, (_, task) => readTaskLog(server.graphqlUrl, `task-${task}`)),
  );
  const log = logs.flat();
  expect(log).toHaveLength(EVENTS);
  expect(new Set(log.map(({ message }) => message)).size).toBe(EVENTS);
  for (let component = 0; component < COMPONENTS; component += 1) {
    const own = log
      .filter((event) => event.component === `component-${component}`)
      .map(({ message }) => Number(message));
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
}, 600_000);
