/** A producer that uses the client's emitter as its guide shows it: as fast as there is room for events. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEmitter } from '../../src/emitter/index.ts';
import type { Metrics, Target } from './job.ts';
import { toInput } from './documents.ts';
import { allCpuMicros } from './proc.ts';

export interface EmitterParams {
  /** Events go round these in turn. */
  readonly tasks: number;
  /** At least so long, and at least so many events. */
  readonly warmUpMs: number;
  readonly warmUpEvents: number;
  readonly measureMs: number;
}

const MAX_WARM_UP_MS = 15_000;

export async function emitter({ port, processes, prefix }: Target, params: EmitterParams): Promise<Metrics> {
  const refused: unknown[] = [];
  const stop = new AbortController();
  let recorded = 0;
  await using emitter = createEmitter({
    url: `http://127.0.0.1:${port}/graphql`,
    onRefused: (error) => refused.push(error),
  });
  const produce = async (): Promise<void> => {
    const count = (): void => void (recorded += 1);
    const ignore = (): void => undefined;
    for (let number = 0; !stop.signal.aborted; number += 1) {
      await emitter.ready;
      const taskId = `${prefix}-emitter-${number % params.tasks}`;
      emitter.emit(toInput({ taskId })).then(count, ignore);
    }
  };
  const producing = produce();
  await sleep(params.warmUpMs);
  for (let waited = 0; recorded < params.warmUpEvents && waited < MAX_WARM_UP_MS; waited += 50) await sleep(50);
  const before = recorded;
  const cpuBefore = allCpuMicros(processes);
  const ownBefore = process.cpuUsage();
  const since = performance.now();
  await sleep(params.measureMs);
  const seconds = (performance.now() - since) / 1_000;
  const events = recorded - before;
  const cpu = allCpuMicros(processes) - cpuBefore;
  const own = process.cpuUsage(ownBefore);
  stop.abort();
  await producing;
  await emitter.flush();
  if (refused.length > 0) throw new Error(`${refused.length} events were refused`, { cause: refused[0] });
  return {
    eventsPerSecond: events / seconds,
    cpuUsPerEvent: cpu / events,
    loadBusyPercent: (own.user + own.system) / 10_000 / seconds,
  };
}
