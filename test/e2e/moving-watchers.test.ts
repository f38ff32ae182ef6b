/**
 * A watcher may move to another server at any moment, even at the head with an event that its new server has not heard
 * of yet: the verdict on its cursor is the log's, not that of a server's memory. So it never sees a gap, and is exact.
 */
import { expect, test } from 'vitest';
import { createEmitter } from '../support/emitter.ts';
import type { Frame } from '../support/history.ts';
import { checkHistory } from '../support/history.ts';
import { completion, produce, progressEvent, untilAcknowledged } from '../support/producers.ts';
import { readTaskLog } from '../support/read-log.ts';
import { startServers } from '../support/servers.ts';
import { sized } from '../support/sizes.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

const SERVERS = 3;
const MOVES = sized({ usual: 150, full: 1_000 });
/** Few enough that a watcher is at the head nearly always. */
const PER_SECOND = 200;

test('watchers moved from server to server again and again at the head see no gap and are exact', async () => {
  const taskId = 'moving';
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await startServers({ servers: SERVERS }));
  const emitter = createEmitter({ url: () => servers.member(emitted).graphqlUrl });
  let emitted = 0;
  await emitter.emitUntilAcknowledged(progressEvent(taskId, 0));

  const watchers = (['ws', 'sse'] as const).map((transport) => {
    let connections = 0;
    const watcher: Watcher = openWatcher(transport, {
      name: transport,
      // Where the last event was emitted is where its watcher is not.
      origin: () => servers.member((connections += 1)).origin,
      taskId,
      replay: true,
      retryMs: 1,
      onFrame: ({ __typename }: Frame) => {
        // It leaves with the newest event there is, while its next server may not know of it.
        if (__typename === 'TaskEventRecorded' && connections <= MOVES) setImmediate(() => watcher.pathDied());
      },
    });
    return stack.use(watcher);
  });
  const areDone = (): boolean => watchers.every(({ connects }) => connects > MOVES);
  const emitting = produce({
    producers: 8,
    perSecond: PER_SECOND,
    next: (number) => (areDone() ? undefined : progressEvent(taskId, (emitted = number))),
    send: untilAcknowledged(emitter),
  });
  await waitFor(areDone, {
    withinMs: 200_000,
    what: () => watchers.map(({ name, connects, at }) => `${name}: ${connects} connections, at ${at}`).join(),
  });
  await emitting;
  await emitter.emitUntilAcknowledged(completion(taskId));
  await settlesWithin(Promise.all(watchers.map(({ ended }) => ended)), { withinMs: 20_000, what: 'the ends' });

  const log = await readTaskLog(servers.member(0).graphqlUrl, taskId);
  console.info(`moving watchers: ${log.length} events during ${MOVES} moves each`);
  const records = watchers.map((watcher) => watcher.record(true));
  expect(checkHistory({ taskId, emits: emitter.history(), log, watchers: records })).toEqual([]);
  const frames = watchers.flatMap((watcher) => watcher.frames());
  expect(frames.filter(({ __typename }) => !['TaskEventRecorded', 'TaskEnded'].includes(__typename))).toEqual([]);
}, 240_000);
