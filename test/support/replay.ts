/** A producer in a thread of its own: it keeps its pace, however busy the watchers in the test's own thread are. */
import { Worker } from 'node:worker_threads';
import type { EmitInput } from './fixtures.ts';
import type { EmitRecord } from './history.ts';

export interface Replay {
  readonly url: string;
  /** Of one task: they are recorded in this order. */
  readonly events: readonly EmitInput[];
  readonly perSecond: number;
}

export interface Replayed {
  readonly emits: readonly EmitRecord[];
  readonly tookMs: number;
}

/** Resolves when all of them are acknowledged. */
export async function replay(options: Replay): Promise<Replayed> {
  const done = Promise.withResolvers<Replayed>();
  const worker = new Worker(new URL('replay-thread.ts', import.meta.url), { workerData: options });
  worker.once('message', done.resolve);
  worker.once('error', done.reject);
  worker.once('exit', () => done.reject(new Error('the producer ended before its work')));
  try {
    return await done.promise;
  } finally {
    await worker.terminate();
  }
}
