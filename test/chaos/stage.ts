/** Where the chaos run plays: a real server over SQLite, producers, and watchers behind a network that can be hurt. */
import { execFile } from 'node:child_process';
import { appendFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCountingWatcher } from '../support/counting-watcher.ts';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import { completion, produce, progressEvent } from '../support/producers.ts';
import { openRoamingWatcher, type RoamingWatcher } from '../support/roaming-watcher.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { openWatcher, type Watcher } from '../support/watchers.ts';

export interface Stage extends AsyncDisposable {
  readonly server: ServerProcess;
  /** Between the server and every watcher. */
  readonly network: TcpProxy;
  readonly emitter: Emitter;
  readonly tasks: readonly string[];
  /** They write everything down. */
  readonly whole: readonly Watcher[];
  readonly light: readonly RoamingWatcher[];
  /** Where the store is. */
  readonly directory: string;
  /** The same; undefined where no small disk can be made. */
  readonly smallDisk: string | undefined;
  /** Readers that took one frame and read no further, for as long as they are kept. */
  stalled(count: number): Disposable;
  /** Ends the load; resolves when all is answered. */
  stop(): Promise<void>;
  /** Records each task's last event. */
  completeTasks(): Promise<void>;
}

export interface StageOptions {
  readonly perSecond: number;
  readonly tasks: number;
  readonly watchers: number;
}

const MIB = 1024 * 1024;
const SMALL_DISK_MB = 512;
const PRODUCERS = 16;
const SETTINGS = ['--keep-alive-ms', '1000', '--stall-ms', '3000', '--log-level', 'warn'] as const;
/** Two missed signs of life. */
const SILENCE_MS = 2_500;

export async function openStage({ perSecond, tasks: taskCount, watchers }: StageOptions): Promise<Stage> {
  await using owned = new AsyncDisposableStack();
  const directory = owned.use(await openTempDir());
  const smallDisk = (await mountSmallDisk(directory.path)) ? directory.path : undefined;
  if (smallDisk !== undefined) owned.defer(() => promisify(execFile)('umount', ['--lazy', smallDisk]).then(ignore));
  const server = owned.use(
    await startServer({
      store: `sqlite:${join(directory.path, 'chaos.db')}`,
      args: SETTINGS,
      // As long as everybody may take to recover: the machine has much to do beside it.
      readyWithinMs: 60_000,
      // Little, so that what piles up is seen.
      env: { NODE_OPTIONS: '--max-old-space-size=256' },
    }),
  );
  const network = owned.use(await openTcpProxy({ target: { port: server.port } }));
  const tasks = Array.from({ length: taskCount }, (_, index) => `chaos-${index}`);
  const taskOf = (index: number): string => tasks[index % tasks.length] ?? '';
  const emitter = createEmitter({ url: server.graphqlUrl, timeoutMs: 8_000, retryDelayMs: 50 });
  const stopping = new AbortController();
  let events = 0;
  const producing = produce({
    producers: PRODUCERS,
    perSecond,
    next() {
      events += 1;
      return stopping.signal.aborted ? undefined : progressEvent(taskOf(events), events);
    },
    send: (inputs) => emitter.emitUntilAcknowledged(inputs),
  });
  producing.catch(ignore); // Asked for when it is stopped.
  owned.defer(() => stopping.abort());
  const transportOf = (index: number): 'ws' | 'sse' => (index % 2 === 0 ? 'ws' : 'sse');
  const { origin } = network;
  const whole = Array.from({ length: 4 }, (_, index) => {
    const options = { name: `${transportOf(index)} ${index}`, origin, taskId: taskOf(index), replay: true };
    return owned.use(openWatcher(transportOf(index), { ...options, silenceMs: SILENCE_MS, retryMs: 50 }));
  });
  const light = Array.from({ length: watchers }, (_, index) =>
    owned.use(openRoamingWatcher({ transport: transportOf(index), origin, taskId: taskOf(index) })),
  );
  const resources = owned.move();
  return {
    server,
    network,
    emitter,
    tasks,
    whole,
    light,
    directory: directory.path,
    smallDisk,
    stalled(count) {
      const readers = Array.from({ length: count }, (_, index) =>
        startCountingWatcher({
          origin: server.origin,
          transport: transportOf(index),
          taskId: taskOf(index),
          stops: true,
        }),
      );
      return {
        [Symbol.dispose]() {
          for (const reader of readers) reader[Symbol.dispose]();
        },
      };
    },
    async stop() {
      stopping.abort();
      await producing;
    },
    async completeTasks() {
      for (const taskId of tasks) await emitter.emitUntilAcknowledged(completion(taskId));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** @returns false where that is not allowed. */
async function mountSmallDisk(path: string): Promise<boolean> {
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_MB}m`, 'tmpfs', path]);
    return true;
  } catch {
    return false;
  }
}

/** Takes all room that is left. @returns what gives it back. */
export async function fillDisk(path: string): Promise<AsyncDisposable> {
  const filler = join(path, 'filler');
  // Nearly all at once, which is quick, and the rest as long as something fits: the server writes meanwhile.
  for (let left = FILL_TRIES; !(await takeNearlyAll(path, filler)); left -= 1) {
    if (left === 0) throw new Error('the disk could not be filled: the server was always faster');
  }
  await appendFile(filler, Buffer.alloc(4 * MIB)).catch(ignore);
  const { bavail } = await statfs(path);
  if (bavail > 0) throw new Error(`the disk still has ${bavail} blocks`);
  return { [Symbol.asyncDispose]: () => rm(filler, { force: true }) };
}

const FILL_TRIES = 10;

/** @returns false when there was less room than a moment before. */
async function takeNearlyAll(path: string, filler: string): Promise<boolean> {
  const { bavail: free, bsize } = await statfs(path);
  const most = Math.max(bsize, free * bsize - 2 * MIB);
  try {
    await promisify(execFile)('fallocate', ['--length', String(most), filler]);
    return true;
  } catch {
    await rm(filler, { force: true });
    return false;
  }
}

function ignore(): void {
  // Of no consequence here.
}
