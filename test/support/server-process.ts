/**
 * The real server in a real process: what users start, killed the way machines kill. A test that restarts it gets the
 * same port and the same store, so clients come back by themselves.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { settlesWithin } from './wait-for.ts';

export interface ServerOptions {
  /** As for `--store`, e.g. `sqlite:/tmp/x/drumline.db`. */
  readonly store: string;
  /** 0, the default, takes a free one; a restart keeps it. */
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than the server, for the tests of this file. */
  readonly entry?: string;
  readonly readyWithinMs?: number;
}

export interface Exit {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal, or the call, to the exit. */
  readonly tookMs: number;
}

export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly graphqlUrl: string;
  /** All lines of all starts. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  kill9(): Promise<Exit>;
  /** @returns the exit; fails when there is none within `withinMs` (15 s). */
  sigterm(withinMs?: number): Promise<Exit>;
  /** As when its machine is paused: it does nothing, and its connections stay. */
  freeze(): void;
  thaw(): void;
  /**
   * Start again on the same port and store; ends the running one with SIGKILL first.
   * @param env for this start only, beside what it was made with
   */
  restart(env?: ServerOptions['env']): Promise<void>;
  /** Begin to start again as `restart` does, and end it with SIGKILL after so long, wherever it is by then. */
  killStart(afterMs: number): Promise<void>;
  /** The exit that comes, or came, by itself. */
  exited(): Promise<Exit>;
}

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly port: number;
  readonly exit: Promise<Omit<Exit, 'tookMs'>>;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const READY = /^drumline listening on http:\/\/[^ ]+:(\d+)$/;

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  let running = await start(options, { stdout, stderr });
  const { port } = running;

  const end = async (signal: NodeJS.Signals | undefined, withinMs: number): Promise<Exit> => {
    const since = performance.now();
    const what = `the server to exit${signal === undefined ? '' : ` after ${signal}`}`;
    if (signal !== undefined) running.child.kill(signal);
    const exit = await settlesWithin(running.exit, { withinMs, what });
    return { ...exit, tookMs: performance.now() - since };
  };
  const kill9 = (): Promise<Exit> => end('SIGKILL', 5_000);

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    graphqlUrl: `http://127.0.0.1:${port}/graphql`,
    stdout,
    stderr,
    get pid() {
      return running.child.pid ?? Number.NaN;
    },
    kill9,
    sigterm: (withinMs = 15_000) => end('SIGTERM', withinMs),
    exited: () => end(undefined, 15_000),
    freeze: () => void running.child.kill('SIGSTOP'),
    thaw: () => void running.child.kill('SIGCONT'),
    async restart(env = {}) {
      await kill9();
      running = await start({ ...options, port, env: { ...options.env, ...env } }, { stdout, stderr });
    },
    async killStart(afterMs) {
      await kill9();
      const child = spawnServer({ ...options, port });
      const closed = once(child, 'close');
      for (const stream of [child.stdout, child.stderr]) stream.resume();
      await delay(afterMs);
      child.kill('SIGKILL');
      await closed;
    },
    async [Symbol.asyncDispose]() {
      await kill9();
    },
  };
}

async function start(options: ServerOptions, lines: { stdout: string[]; stderr: string[] }): Promise<Running> {
  const { readyWithinMs = 60_000 } = options;
  const child = spawnServer(options);
  const exited = Promise.withResolvers<Omit<Exit, 'tookMs'>>();
  const ready = Promise.withResolvers<number>();
  // Close, not exit: by then every line was read.
  child.once('close', (code, signal) => {
    exited.resolve({ code, signal });
    ready.reject(new Error(`the server ended (${code ?? signal}) before it was ready:\n${lines.stderr.join('\n')}`));
  });
  child.once('error', ready.reject);
  createInterface({ input: child.stderr }).on('line', (line) => lines.stderr.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.stdout.push(line);
    const match = READY.exec(line);
    if (match !== null) ready.resolve(Number(match[1]));
  });
  try {
    const actual = await settlesWithin(ready.promise, {
      withinMs: readyWithinMs,
      what: () => `the line that says listening:\n${lines.stderr.join('\n')}`,
    });
    return { child, port: actual, exit: exited.promise };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function spawnServer({ store, port = 0, args = [], env = {}, entry = MAIN }: ServerOptions): Running['child'] {
  const command = [entry, 'serve', '--store', store, '--host', '127.0.0.1', '--port', String(port), ...args];
  return spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...env },
  });
}

/** Settings of the shell that runs the tests must not reach the server under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string): boolean => name.startsWith('DRUMLINE_') || name === 'PORT' || name === 'NODE_OPTIONS';
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign(name)));
}
