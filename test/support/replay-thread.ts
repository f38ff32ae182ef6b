/** The thread of `replay.ts`: emits what it is given, in order and on time; what is late goes out together. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createEmitter } from './emitter.ts';
import type { Replay } from './replay.ts';

/** As many as one mutation takes. */
const MOST_AT_ONCE = 1_000;

// What `replay` hands over.
const { url, events, perSecond } = workerData as Replay;
const emitter = createEmitter({ url });
const since = performance.now();
for (let sent = 0; sent < events.length;) {
  const due = Math.floor(((performance.now() - since) / 1_000) * perSecond) + 1;
  const batch = events.slice(sent, Math.min(due, sent + MOST_AT_ONCE));
  sent += batch.length;
  if (batch.length > 0) await emitter.emitUntilAcknowledged(batch);
  else await delay(1);
}
// Nothing is transferred: history is plain data.
parentPort?.postMessage({ emits: emitter.history(), tookMs: performance.now() - since }, []);
