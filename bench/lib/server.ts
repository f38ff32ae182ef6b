/** A server in a process of its own, pinned to its core, with a fresh store; killed when the measurement is over. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './children.ts';
import { drumlineCommand } from '../peers/drumline.ts';
import { pinned, type Cores } from './pin.ts';

const SERVERS = {
  'drumline sqlite': (directory: string) => drumlineCommand(`sqlite:${join(directory, 'bench.db')}`),
  'drumline memory': () => drumlineCommand('memory:'),
  yoga: () => [peer('yoga')],
  apollo: () => [peer('apollo')],
  mercurius: () => [peer('mercurius')],
  'mercurius jit': () => [peer('mercurius'), '--jit'],
  'raw ws': () => [peer('raw-ws')],
  'raw sse': () => [peer('raw-sse')],
  'raw http': () => [peer('raw-http')],
} as const satisfies Record<string, (directory: string) => readonly string[]>;

export type ServerName = keyof typeof SERVERS;

export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  /** Set once the process has ended by itself: how. */
  readonly death: string | undefined;
}

const READY = /listening on http:\/\/[^ ]+:(\d+)/;
const READY_WITHIN_MS = 20_000;

export async function startServer(name: ServerName, cores: Cores): Promise<RunningServer> {
  const directory = await mkdtemp(join(tmpdir(), 'drumline-bench-'));
  const [command, ...args] = pinned(cores, [process.execPath, ...SERVERS[name](directory)]);
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
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const port = await ready.promise;
    return {
      port,
      // taskset becomes the program that it starts, so the id is the server's.
      pid: child.pid ?? Number.NaN,
      directory,
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

function peer(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url));
}

/** What the shell has set must not reach the servers; all of them run as in production. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string): boolean => name.startsWith('DRUMLINE_') || name === 'PORT' || name === 'NODE_OPTIONS';
  const kept = Object.entries(process.env).filter(([name]) => !foreign(name));
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}
