/** A few events a second to many watchers: how soon they have them. Durable, where the server keeps events at all. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bringUpToDate, openCrowd } from './crowd.ts';
import { emitOne, SUBSCRIPTIONS } from './documents.ts';
import { toRequest } from './http-client.ts';
import type { Metrics, Target } from './jobs.ts';
import { createLatencies } from './latencies.ts';
import { paced } from './pace.ts';
import { spreadOf } from '../lib/stats.ts';

export interface LatencyParams {
  readonly watchers: number;
  readonly eventsPerSecond: number;
  readonly warmUp: number;
  readonly events: number;
}

export async function latency({ port, directory, prefix }: Target, params: LatencyParams): Promise<Metrics> {
  const { watchers: count, eventsPerSecond, warmUp, events } = params;
  const taskId = `${prefix}-latency`;
  const latencies = createLatencies();
  using crowd = await openCrowd({
    port,
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
    await paced(1_000 / eventsPerSecond, times, async () => {
      latencies.emitting(next);
      next += 1;
      await crowd.emitter.send(request);
    });
    await crowd.arrived(count * times);
  };
  await run(warmUp);
  await run(events);
  crowd.check(count * events);
  return { p50Ms: latencies.percentile(0.5), p99Ms: latencies.percentile(0.99), fsyncMs: medianFsyncMs(directory) };
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
