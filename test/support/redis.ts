/**
 * A real Redis for one test file: Debian's, on a port and in a directory of its own, and it keeps nothing. It can be
 * stopped, frozen and started again, as servers are.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createClient } from '@redis/client';
import { freePort } from './free-port.ts';
import { systemProgram } from './system-program.ts';
import { openTempDir } from './temp-dir.ts';
import { settlesWithin } from './wait-for.ts';

export const redisServer = systemProgram('redis-server', { debian: 'redis-server' });

export interface Redis extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** One command on a connection of its own. */
  command(...words: readonly [string, ...string[]]): Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** As SIGSTOP: connections are accepted, nothing is answered. */
  freeze(): void;
  thaw(): void;
}

interface Running {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<void>;
}

export async function startRedis(args: readonly string[] = []): Promise<Redis> {
  await using opening = new AsyncDisposableStack();
  const directory = opening.use(await openTempDir());
  let port = 0;
  let running: Running | undefined;
  for (let attempt = 0; running === undefined; attempt += 1) {
    port = await freePort();
    try {
      running = await run(port, directory.path, args);
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
  const url = `redis://127.0.0.1:${port}`;
  const owned = opening.move();

  async function stop(): Promise<void> {
    const ended = running;
    running = undefined;
    ended?.kill('SIGKILL');
    await ended?.exited;
  }

  return {
    port,
    url,
    async command(...words) {
      const client = createClient({ url, socket: { reconnectStrategy: false } });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return await client.sendCommand([...words]);
      } finally {
        client.destroy();
      }
    },
    async start() {
      running ??= await run(port, directory.path, args);
    },
    stop,
    freeze: () => running?.kill('SIGSTOP'),
    thaw: () => running?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await stop();
      await owned.disposeAsync();
    },
  };
}

async function run(port: number, directory: string, args: readonly string[]): Promise<Running> {
  const command = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  const child = spawn(redisServer.path, [...command, '--save', '', '--appendonly', 'no', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const lines: string[] = [];
  child.once('error', ready.reject);
  child.once('close', () => {
    exited.resolve();
    ready.reject(new Error(`redis-server ended:\n${lines.join('\n')}`));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.includes('Ready to accept connections')) ready.resolve();
  });
  try {
    await settlesWithin(ready.promise, { withinMs: 10_000, what: 'redis-server to be ready' });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { kill: (signal) => void child.kill(signal), exited: exited.promise };
}
