/** A few events a second to many watchers: how soon they have them. Durable, where the server keeps events at all. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bringUpToDate, openCrowd } from './crowd.ts';
import { emitOne, SUBSCRIPTIONS } from './documents.ts';
import { toRequest } from './http-client.ts';
import type { Metrics, Target } from './job.ts';
import { createLatencies } from './latencies.ts';
import { paced } from './pace.ts';
import { roundTrips } from './round-trips.ts';
import { spreadOf } from '../lib/stats.ts';

/** Enough for a median, and no more than there are events, for a smoke run has few. */
const MOST_ROUND_TRIPS = 100;

export interface LatencyParams {
  readonly watchers: number;
  readonly eventsPerSecond: number;
  readonly warmUp: number;
  readonly events: number;
}

/** Emitted to the first process, watched on the last. */
export async function latency(target: Target, params: LatencyParams): Promise<Metrics> {
  const { port, processes, directory, prefix, services } = target;
  const { watchers: count, eventsPerSecond, warmUp, events } = params;
  const taskId = `${prefix}-latency`;
  const latencies = createLatencies();
  const answered: number[] = [];
  using crowd = await openCrowd({
    port,
    portOf: () => processes.at(-1)?.port ?? port,
    transport: 'ws',
    query: SUBSCRIPTIONS.small,
    count,
    taskOf: () => taskId,
    onEvent: (sequence) => latencies.arrived(sequence),
  });
  await bringUpToDate(crowd, port, [taskId]);
  const request = toRequest(port, emitOne({ taskId }));
  let next = (crowd.watchers[0]?.last ?? 0) + 1;
  const run = async (times: number): Promise<void> => {
    crowd.restart();
    latencies.restart();
    answered.length = 0;
    await paced(1_000 / eventsPerSecond, times, async () => {
      latencies.emitting(next);
      next += 1;
      const since = performance.now();
      await crowd.emitter.send(request);
      answered.push(performance.now() - since);
    });
    await crowd.arrived(count * times);
  };
  await run(warmUp);
  await run(events);
  crowd.check(count * events);
  return {
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    answerMs: spreadOf(answered).median,
    fsyncMs: medianFsyncMs(directory),
    ...(await roundTrips(services, { everyMs: 1_000 / eventsPerSecond, times: Math.min(events, MOST_ROUND_TRIPS) })),
  };
}

/** What the disk itself asks of whoever answers only when an event is safe. */
function medianFsyncMs(directory: string): number {
  const file = openSync(join(directory, 'fsync.tmp'), 'a');
  try {
    const text = Buffer.alloc(300, 'x');
    const took = Array.from({ length: 50 }, () => {
      const since = performance.now();
      writeSync(file, text);
      fdatasyncSync(file);
      return performance.now() - since;
    });
    return spreadOf(took).median;
  } finally {
    closeSync(file);
  }
}
