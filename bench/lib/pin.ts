/** Which core a process runs on: the server has one, the load the other, so that neither takes the other's time. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** As `taskset --cpu-list` takes them. */
export type Cores = '0' | '1' | '0,1';

/** Each of thousands of watchers is an open file. */
const MORE_FILES = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

/** @returns the command, run on these cores where that is possible. Its process becomes the program's. */
export function pinned(cores: Cores, command: readonly string[]): readonly [string, ...string[]] {
  const taskset = canPin() ? ['taskset', '--cpu-list', cores] : [];
  return ['sh', '-c', MORE_FILES, 'sh', ...taskset, ...command];
}

let isPossible: boolean | undefined;

function canPin(): boolean {
  isPossible ??= availableParallelism() >= 2 && spawnSync('taskset', ['--cpu-list', '1', 'true']).status === 0;
  return isPossible;
}

/** @returns what to warn of before measuring, if anything. */
export function pinningProblem(): string | undefined {
  if (canPin()) return undefined;
  return 'server and load share their cores: there is no taskset, or no second core. CPU times hold, rates do not.';
}
