/** Somebody who asks a server all the time, in a thread of its own: what is waited for is the server, not the test. */
import { Worker } from 'node:worker_threads';

export interface Asker extends AsyncDisposable {
  /** @returns how long each answer took, in milliseconds */
  stop(): Promise<readonly number[]>;
}

export function startAsker(url: string): Asker {
  const worker = new Worker(new URL('asker-thread.ts', import.meta.url), { workerData: url });
  const answered = Promise.withResolvers<readonly number[]>();
  worker.once('message', answered.resolve);
  worker.once('error', answered.reject);
  return {
    stop() {
      worker.postMessage('stop', []);
      return answered.promise;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
