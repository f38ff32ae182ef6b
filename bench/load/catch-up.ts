/**
 * Many watchers read a long log from its start, all at once: how fast, in how much memory, and what someone who
 * watches another task notices of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { bringUpToDate, openCrowd, type Crowd } from './crowd.ts';
import { emitOne, REPLAY, SUBSCRIPTIONS } from './documents.ts';
import { fill } from './fill.ts';
import { createHttpConnection, toRequest } from './http-client.ts';
import type { Metrics, Target } from './job.ts';
import { createLatencies } from './latencies.ts';
import { rssBytes } from './proc.ts';

export interface CatchUpParams {
  readonly watchers: number;
  readonly events: number;
  /** How long to watch live before anyone catches up. */
  readonly quietMs: number;
  /** Whoever has not read everything by then is measured by how far it came. */
  readonly capMs: number;
}

const LIVE_EVERY_MS = 100;

export async function catchUp({ port, pid, prefix }: Target, params: CatchUpParams): Promise<Metrics> {
  const { watchers: count, events, quietMs, capMs } = params;
  const [taskId, liveTask] = [`${prefix}-catch-up`, `${prefix}-live`];
  const latencies = createLatencies();
  using filler = createHttpConnection(port);
  await fill(filler, port, { tasks: [taskId], events });
  using live = await openCrowd({
    port,
    transport: 'ws',
    query: SUBSCRIPTIONS.small,
    count: 1,
    taskOf: () => liveTask,
    onEvent: (sequence) => latencies.arrived(sequence),
  });
  await bringUpToDate(live, port, [liveTask]);
  await emitLive(live, { port, liveTask, latencies, isOver: after(quietMs) });
  const quietP99 = latencies.percentile(0.99);

  latencies.restart();
  const rssBefore = rssBytes(pid);
  let rssPeak = rssBefore;
  const since = performance.now();
  const options = { port, transport: 'ws', query: REPLAY, count, taskOf: () => taskId } as const;
  const opening = openCrowd(options);
  let isOver = false;
  const beside = emitLive(live, {
    port,
    liveTask,
    latencies,
    isOver: () => {
      rssPeak = Math.max(rssPeak, rssBytes(pid));
      return isOver;
    },
  });
  using crowd = await opening;
  const isComplete = await Promise.race([
    crowd.arrived(count * events, capMs * 2).then(() => true),
    sleep(capMs, false, { ref: false }),
  ]);
  const seconds = (performance.now() - since) / 1_000;
  const { delivered } = crowd;
  isOver = true;
  await beside;
  if (isComplete) crowd.check(count * events);
  else if (crowd.watchers.some(({ disorders }) => disorders > 0)) throw new Error('deliveries out of order');
  return {
    deliveriesPerSecond: delivered / seconds,
    completePercent: (100 * delivered) / count / events,
    liveP99Ms: latencies.percentile(0.99),
    quietP99Ms: quietP99,
    rssStartMb: rssBefore / 1e6,
    rssPeakMb: rssPeak / 1e6,
    rssEndMb: rssBytes(pid) / 1e6,
  };
}

interface Live {
  readonly port: number;
  readonly liveTask: string;
  readonly latencies: ReturnType<typeof createLatencies>;
  isOver(): boolean;
}

async function emitLive(live: Crowd, { port, liveTask, latencies, isOver }: Live): Promise<void> {
  const request = toRequest(port, emitOne({ taskId: liveTask }));
  live.restart();
  let emitted = 0;
  while (!isOver()) {
    const next = (live.watchers[0]?.last ?? 0) + 1 + emitted - live.delivered;
    latencies.emitting(next);
    await live.emitter.send(request);
    emitted += 1;
    await sleep(LIVE_EVERY_MS);
  }
  await live.arrived(emitted);
}

function after(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}
