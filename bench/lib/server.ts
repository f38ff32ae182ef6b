/** A server in processes of its own, pinned to its core, with a fresh store; killed when the measurement is over. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from './children.ts';
import { pinned, type Cores } from './pin.ts';
import { RECIPES, type Recipe, type ServerName, type Services } from './recipes.ts';

export type { ServerName } from './recipes.ts';

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
}

export interface RunningServer extends AsyncDisposable {
  /** Several where several share a store. */
  readonly processes: readonly ServerProcess[];
  readonly services: Services;
  readonly directory: string;
  /** Set once one of the processes has ended by itself: how. */
  readonly death: string | undefined;
}

const READY = /listening on http:\/\/[^ ]+:(\d+)/;
const READY_WITHIN_MS = 20_000;

export async function startServer(name: ServerName, cores: Cores): Promise<RunningServer> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'drumline-bench-'));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const { commands, services = {} }: Recipe = await RECIPES[name](directory, cleanup);
  const processes: (ServerProcess & { readonly death: string | undefined })[] = [];
  for (const command of commands) {
    processes.push(cleanup.use(await startProcess(pinned(cores, [process.execPath, ...command]), name, directory)));
  }
  const resources = cleanup.move();
  return {
    processes,
    services,
    directory,
    get death() {
      return processes.find(({ death }) => death !== undefined)?.death;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function startProcess(
  [command, ...args]: readonly [string, ...string[]],
  name: string,
  directory: string,
): Promise<ServerProcess & AsyncDisposable & { readonly death: string | undefined }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment(), cwd: directory });
  endWithUs(child);
  const ready = Promise.withResolvers<number>();
  const stderr: string[] = [];
  let death: string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      death = `${code ?? signal}: ${stderr.find((line) => /error/i.test(line)) ?? stderr.at(-1) ?? ''}`;
      ready.reject(new Error(`${name} ended before it was ready: ${death}`));
      resolve();
    });
  });
  child.once('error', ready.reject);
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (stderr.length < 100) stderr.push(line);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const port = READY.exec(line)?.[1];
    if (port !== undefined) ready.resolve(Number(port));
  });
  const late = setTimeout(() => ready.reject(new Error(`${name} was not ready in time`)), READY_WITHIN_MS);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    return {
      port: await ready.promise,
      // taskset becomes the program that it starts, so the id is the server's.
      pid: child.pid ?? Number.NaN,
      get death() {
        return death;
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** A server that died under load may take a moment to be gone. */
export async function diedSoon(server: RunningServer, withinMs = 5_000): Promise<string | undefined> {
  for (let waited = 0; waited < withinMs && server.death === undefined; waited += 50) await sleep(50);
  return server.death;
}

/** What the shell has set must not reach the servers; all of them run as in production. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string): boolean => name.startsWith('DRUMLINE_') || name === 'PORT' || name === 'NODE_OPTIONS';
  const kept = Object.entries(process.env).filter(([name]) => !foreign(name));
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}
