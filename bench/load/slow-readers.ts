/**
 * A crowd of which some stop reading, or read slowly, while events keep coming: what that costs the server's memory
 * and the others' time, and whether who was left behind has everything in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { bringUpToDate, openCrowd, type Crowd } from './crowd.ts';
import { emitMany, RESUME, SUBSCRIPTIONS } from './documents.ts';
import { toRequest } from './http-client.ts';
import type { Metrics, Target } from './job.ts';
import { createLatencies } from './latencies.ts';
import { paced } from './pace.ts';
import { rssBytes, unsentBytes, type Ports } from './proc.ts';
import { openWatcher, type Watcher } from './watcher.ts';

export interface SlowReadersParams {
  readonly healthy: number;
  /** Read nothing from the first measured event on. */
  readonly stalled: number;
  /** Read so many bytes a second. */
  readonly slow: number;
  readonly slowBytesPerSecond: number;
  readonly eventsPerSecond: number;
  /** In one mutation. */
  readonly eventsAtOnce: number;
  readonly messageBytes: number;
  readonly seconds: number;
  /** The first of the stalled reads on when the kernel has taken nothing more for it for so long. Left out: never. */
  readonly readOnAfterMs?: number;
  /** Whoever was cut off must have everything once it has come back with its cursor. */
  readonly mustReturn?: boolean;
  readonly withinMs: number;
}

export async function slowReaders({ port, pid, prefix }: Target, params: SlowReadersParams): Promise<Metrics> {
  const { healthy: count, stalled, slow, eventsPerSecond, eventsAtOnce, messageBytes, seconds, withinMs } = params;
  const taskId = `${prefix}-readers`;
  const latencies = createLatencies();
  const options = { port, transport: 'ws', query: SUBSCRIPTIONS.small, taskOf: () => taskId } as const;
  using others = await openCrowd({ ...options, count: stalled + slow, keepCursor: true });
  using healthy = await openCrowd({ ...options, count, onEvent: (sequence) => latencies.arrived(sequence) });
  await bringUpToDate(healthy, port, [taskId]);
  await othersAreLive(others, healthy);

  const first = (healthy.watchers[0]?.last ?? 0) + 1;
  const events = Math.ceil((eventsPerSecond * seconds) / eventsAtOnce) * eventsAtOnce;
  const memory = watchMemory(pid);
  const stopped = others.watchers.slice(0, stalled);
  for (const { socket } of stopped) socket.pause();
  using _slow = readSlowly(others.watchers.slice(stalled), params.slowBytesPerSecond);
  let isEmitted = false;
  const end = { last: first + events - 1, isEmitted: () => isEmitted };
  const readingOn = readOn(stopped[0], { port, taskId, params, ...end });

  latencies.restart();
  const request = toRequest(port, emitMany(Array.from({ length: eventsAtOnce }, () => ({ taskId, messageBytes }))));
  const since = performance.now();
  await paced((1_000 * eventsAtOnce) / eventsPerSecond, events / eventsAtOnce, async (turn) => {
    for (let index = 0; index < eventsAtOnce; index += 1) latencies.emitting(first + turn * eventsAtOnce + index);
    await healthy.emitter.send(request);
  });
  isEmitted = true;
  const emittedWithin = (performance.now() - since) / 1_000;
  await healthy.arrived(count * events, withinMs);
  healthy.check(count * events);
  const rss = memory.stop();
  const returned = await readingOn;
  if (params.mustReturn && returned['complete'] !== 1)
    throw new Error('the stalled reader missed events on its return');
  if (others.watchers.some(({ disorders }) => disorders > 0)) throw new Error('a slow reader got events out of order');
  return {
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    eventsPerSecond: events / emittedWithin,
    deliveries: count * events,
    ...rss,
    ...returned,
  };
}

/** `bringUpToDate` looks at the healthy; the others have been subscribed before them. */
async function othersAreLive(others: Crowd, healthy: Crowd): Promise<void> {
  const newest = healthy.watchers[0]?.last ?? 0;
  for (let waited = 0; others.watchers.some(({ last }) => last < newest); waited += 1) {
    if (waited === 500) throw new Error('not every watcher became live');
    await sleep(20);
  }
}

interface Returning {
  readonly port: number;
  readonly taskId: string;
  /** Its last event. */
  readonly last: number;
  isEmitted(): boolean;
  readonly params: SlowReadersParams;
}

/** One of the stalled reads on; cut off meanwhile, it comes back with its cursor. Either way it must miss nothing. */
async function readOn(watcher: Watcher | undefined, returning: Returning): Promise<Metrics> {
  const { port, taskId, last, params } = returning;
  const { readOnAfterMs, withinMs } = params;
  if (watcher === undefined || readOnAfterMs === undefined) return {};
  const since = performance.now();
  await isStuck({ server: port, client: watcher.socket.localPort ?? 0 }, readOnAfterMs, returning);
  const readOnAfterS = (performance.now() - since) / 1_000;
  watcher.socket.resume();
  const deadline = performance.now() + withinMs;
  while (watcher.last < last && watcher.closeCode === undefined && performance.now() < deadline) await sleep(20);
  const code = watcher.closeCode;
  const closed = { readOnAfterS, ...(code === undefined ? {} : { stalledCloseCode: code }) };
  if (watcher.last === last) return { ...closed, complete: 1 };
  if (watcher.closeCode === undefined || watcher.cursor === undefined) return { ...closed, complete: 0 };
  const back = await openWatcher({
    port,
    transport: 'ws',
    query: RESUME,
    variables: { taskId, after: watcher.cursor },
    onEvent: () => undefined,
    startsAfter: watcher.last,
  });
  while (back.last < last && back.closeCode === undefined && performance.now() < deadline) await sleep(20);
  back.socket.destroy();
  return { ...closed, complete: back.last === last && back.disorders === 0 ? 1 : 0 };
}

/** Until then the kernel's buffers take what the reader does not, and no server can know that it has stopped. */
async function isStuck(ports: Ports, forMs: number, { isEmitted }: Returning): Promise<void> {
  let unsent = 0;
  for (let since = performance.now(); performance.now() - since < forMs; await sleep(Math.min(250, forMs / 4))) {
    const now = unsentBytes(ports);
    if (now !== unsent || (now === 0 && !isEmitted())) since = performance.now();
    unsent = now;
  }
}

/** Lets each read its share, then pauses it until the next turn. */
function readSlowly(watchers: readonly Watcher[], bytesPerSecond: number): Disposable {
  const TURNS_PER_SECOND = 4;
  const before = watchers.map(({ bytes }) => bytes);
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    const allowed = (bytesPerSecond * turn) / TURNS_PER_SECOND;
    for (const [index, { socket, bytes }] of watchers.entries()) {
      if (bytes - (before[index] ?? 0) < allowed) socket.resume();
      else socket.pause();
    }
  }, 1_000 / TURNS_PER_SECOND);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function watchMemory(pid: number): { stop(): Metrics } {
  const start = rssBytes(pid);
  let peak = start;
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, rssBytes(pid));
    } catch {
      // The process has ended; whoever waits for an answer is told so.
      clearInterval(timer);
    }
  }, 250);
  return {
    stop() {
      clearInterval(timer);
      const end = rssBytes(pid);
      return {
        rssStartMb: start / 1e6,
        rssPeakMb: Math.max(peak, end) / 1e6,
        rssEndMb: end / 1e6,
        rssGrowthMb: (Math.max(peak, end) - start) / 1e6,
      };
    },
  };
}
