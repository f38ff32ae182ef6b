/** Large mutations one after another, as fast as they are answered: does everybody get everything? */
import { bringUpToDate, openCrowd } from './crowd.ts';
import { SUBSCRIPTIONS } from './documents.ts';
import { fill } from './fill.ts';
import type { Metrics, Target } from './job.ts';
import { cpuMicros, rssBytes } from './proc.ts';

export interface FloodParams {
  readonly watchers: number;
  readonly events: number;
  readonly withinMs: number;
}

export async function flood({ port, pid, prefix }: Target, params: FloodParams): Promise<Metrics> {
  const { watchers: count, events, withinMs } = params;
  const taskId = `${prefix}-flood`;
  using crowd = await openCrowd({ port, transport: 'ws', query: SUBSCRIPTIONS.small, count, taskOf: () => taskId });
  await bringUpToDate(crowd, port, [taskId]);
  const cpuBefore = cpuMicros(pid);
  const since = performance.now();
  await fill(crowd.emitter, port, { tasks: [taskId], events });
  await crowd.arrived(count * events, withinMs);
  const seconds = (performance.now() - since) / 1_000;
  crowd.check(count * events);
  return {
    seconds,
    deliveriesPerSecond: (count * events) / seconds,
    cpuUsPerDelivery: (cpuMicros(pid) - cpuBefore) / count / events,
    rssMb: rssBytes(pid) / 1e6,
  };
}
