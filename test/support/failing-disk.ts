/** What a system call that flushes to the disk answers a running process, changed from outside with `strace`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { settlesWithin, waitFor } from './wait-for.ts';

/**
 * @param injection as for `strace --inject`: `error=EIO`, `delay_enter=2000000` (microseconds).
 * @returns once every flush of the process is caught; disposing it lets go.
 */
export async function injectIntoFlush(pid: number, injection: string): Promise<AsyncDisposable> {
  const calls = 'fdatasync,fsync';
  const args = ['-f', '-q', '-p', String(pid), '-e', `trace=${calls}`, '-e', `inject=${calls}:${injection}`];
  const tracer = spawn('strace', args, { stdio: 'ignore' });
  const ended = once(tracer, 'exit');
  const isThere = (): boolean => tracer.exitCode !== null || isTraced(pid);
  await waitFor(isThere, { withinMs: 10_000, what: 'strace to attach', pollMs: 10 });
  if (tracer.exitCode !== null) throw new Error(`strace ended with ${tracer.exitCode}: may it attach?`);
  return {
    async [Symbol.asyncDispose]() {
      tracer.kill('SIGINT');
      await settlesWithin(ended, { withinMs: 10_000, what: 'strace to let go' });
    },
  };
}

/** All threads: that of the writer is not the first. */
function isTraced(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return !/^TracerPid:\s*0$/m.test(status);
  });
}
