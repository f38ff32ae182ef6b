/** The load process: given a job at a time, hands back its figures. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Metrics } from '../load/job.ts';
import type { LoadAnswer, LoadRequest } from '../load/jobs.ts';
import { endWithUs } from './children.ts';
import { pinned } from './pin.ts';

const MAIN = fileURLToPath(new URL('../load/main.ts', import.meta.url));

export interface Load extends Disposable {
  /** Rejects when the row failed: a wrong count, a wrong order, a connection lost. One at a time. */
  run(request: LoadRequest, timeoutMs: number): Promise<Metrics>;
}

export function startLoad(): Load {
  const [program, ...args] = pinned('1', [process.execPath, MAIN]);
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endWithUs(child);
  let answered = expectAnswer();
  child.on('message', (answer: LoadAnswer) => answered.resolve(answer));
  child.once('error', (error) => answered.reject(error));
  child.once('exit', (code, signal) => answered.reject(new Error(`the load process ended (${code ?? signal})`)));
  return {
    async run(request, timeoutMs) {
      const late = setTimeout(() => answered.reject(new Error(`no figures within ${timeoutMs} ms`)), timeoutMs);
      try {
        child.send(request);
        const answer = await answered.promise;
        answered = expectAnswer();
        if ('failure' in answer) throw new Error(answer.failure);
        return answer.metrics;
      } finally {
        clearTimeout(late);
      }
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

/** While nobody asks, nobody listens; that the process has ended is then told to the next who does. */
function expectAnswer(): PromiseWithResolvers<LoadAnswer> {
  const answer = Promise.withResolvers<LoadAnswer>();
  answer.promise.catch(() => undefined);
  return answer;
}
