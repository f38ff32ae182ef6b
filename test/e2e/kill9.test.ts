/**
 * An acknowledged event is durable: it survives `kill -9`. Producers that retry what was not acknowledged, with the
 * same ids, end with every event recorded once; watchers come back by themselves and go on where they were.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEmitter } from '../support/emitter.ts';
import type { Emitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { checkHistory } from '../support/history.ts';
import { completion } from '../support/producers.ts';
import { createRandom, openRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher } from '../support/watchers.ts';
import type { Watcher } from '../support/watchers.ts';

const KILLS = 40;
const PRODUCERS = 8;
const TASKS = ['kill-a', 'kill-b', 'kill-c'];

test('40 times kill -9 during emits: nothing acknowledged is lost, nothing is there twice, watchers are exact', async () => {
  const random = openRandom('kill9');
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const server = stack.use(await startServer({ store: dir.sqliteStore }));
  const watchers = [0, 1, 2, 3].map((index) => stack.use(watch(index, server)));

  const emitter = createEmitter({ url: server.graphqlUrl, retryDelayMs: 5 });
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const producing = Array.from({ length: PRODUCERS }, async (_, index) => {
    await produce({ producer: index, emitter, random: createRandom(random.seed + index), stop: stop.signal });
  });
  for (let kill = 0; kill < KILLS; kill += 1) {
    const connects = watchers.map((watcher) => watcher.connects);
    if (kill > 0) await server.restart();
    // Every other time the watchers get the time to come back; else the server may go before they do.
    const areBack = (): boolean => watchers.every((watcher, index) => watcher.connects > (connects[index] ?? 0));
    if (kill % 2 === 0) await waitFor(areBack, { withinMs: 20_000, what: 'the watchers to come back' });
    await delay(random.int(1, 250)); // The moment is what is random; nothing is waited for.
  }
  await server.restart();
  stop.abort();
  await settlesWithin(Promise.all(producing), { withinMs: 20_000, what: 'the producers to get their answers' });
  for (const taskId of TASKS) await emitter.emitUntilAcknowledged(completion(taskId));
  const ends = watchers.map(async ({ ended, name }) => settlesWithin(ended, { withinMs: 20_000, what: name }));
  await Promise.all(ends);

  expect(emitter.history().filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  expect(emitter.acknowledged).toBeGreaterThan(KILLS * PRODUCERS);
  for (const taskId of TASKS) {
    const emits = emitter.history().filter((emit) => emit.taskId === taskId);
    const records = watchers.filter(({ name }) => name.endsWith(taskId)).map((watcher) => watcher.record(true));
    const history = { taskId, emits, log: await readTaskLog(server.graphqlUrl, taskId), watchers: records };
    expect(checkHistory(history), `seed ${random.seed}`).toEqual([]);
  }
  const frames = watchers.flatMap((watcher) => watcher.frames());
  expect(frames.filter(({ __typename }) => __typename === 'TaskGap')).toEqual([]);
  for (const { connects } of watchers) expect(connects).toBeGreaterThan(KILLS / 2);
}, 180_000);

function watch(index: number, { origin }: ServerProcess): Watcher {
  const transport = index % 2 === 0 ? 'ws' : 'sse';
  const taskId = TASKS[index < 2 ? 0 : 1] ?? '';
  return openWatcher(transport, { name: `${transport} of ${taskId}`, origin, taskId, replay: true, retryMs: 20 });
}

interface Production {
  readonly producer: number;
  readonly emitter: Emitter;
  readonly random: Random;
  readonly stop: AbortSignal;
}

/** One event after the other, or a few of several tasks at once; each until it is acknowledged. */
async function produce({ producer, emitter, random, stop }: Production): Promise<void> {
  for (let count = 0; !stop.aborted;) {
    const size = random.pick([1, 1, 1, random.int(2, 10)]);
    const inputs = Array.from({ length: size }, (): EmitInput => {
      count += 1;
      return {
        eventId: `p${producer}-${count}`,
        taskId: random.pick(TASKS),
        eventType: 'PROGRESS_UPDATE',
        component: `producer-${producer}`,
        stage: 'ANALYSIS',
        message: `step ${count}`,
        progress: random.pick([null, random.next()]),
      };
    });
    const [first] = inputs;
    await emitter.emitUntilAcknowledged(size === 1 && first !== undefined ? first : inputs);
  }
}
