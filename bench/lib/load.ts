/** Starts a load process for one job and hands back its figures. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadRequest, Metrics } from '../load/jobs.ts';
import { pinned } from './pin.ts';

const MAIN = fileURLToPath(new URL('../load/main.ts', import.meta.url));

/** Rejects when the row failed: a wrong count, a wrong order, a connection lost. */
export async function runLoad(request: LoadRequest, timeoutMs: number): Promise<Metrics> {
  const [program, ...args] = pinned('1', [process.execPath, MAIN]);
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const answered = Promise.withResolvers<LoadAnswer>();
  child.once('message', (answer: LoadAnswer) => answered.resolve(answer));
  child.once('error', answered.reject);
  child.once('exit', (code, signal) => answered.reject(new Error(`the load process ended (${code ?? signal})`)));
  const late = setTimeout(() => answered.reject(new Error(`no figures within ${timeoutMs} ms`)), timeoutMs);
  try {
    child.send(request);
    const answer = await answered.promise;
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.metrics;
  } finally {
    clearTimeout(late);
    child.kill('SIGKILL');
  }
}
