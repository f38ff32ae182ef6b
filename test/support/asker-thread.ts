/** The thread of `asker.ts`: asks, one question after the other, until it is told to stop. */
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const url = String(workerData);
const tookMs: number[] = [];
const told = new AbortController();
parentPort?.once('message', () => told.abort());
while (!told.signal.aborted) {
  const since = performance.now();
  await (await fetch(url)).text();
  tookMs.push(performance.now() - since);
  await turn();
}
// Nothing is transferred: these are numbers.
parentPort?.postMessage(tookMs, []);
