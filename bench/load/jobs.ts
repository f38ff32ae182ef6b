/** What a load process can be asked to do, each with its parameters and with figures as its answer. */
import { catchUp } from './catch-up.ts';
import { emit } from './emit.ts';
import { emitter } from './emitter.ts';
import { fanout } from './fanout.ts';
import { flood } from './flood.ts';
import { idle } from './idle.ts';
import type { Metrics, Target } from './job.ts';
import { latency } from './latency.ts';
import { pgLoop } from './pg-loop.ts';
import { slowReaders } from './slow-readers.ts';

export const JOBS = { fanout, emit, emitter, latency, idle, flood, catchUp, slowReaders, pgLoop };

type Jobs = typeof JOBS;
export type Work = {
  [Name in keyof Jobs]: { readonly job: Name; readonly params: Parameters<Jobs[Name]>[1] };
}[keyof Jobs];

export interface LoadRequest {
  readonly target: Target;
  readonly work: Work;
}
export type LoadAnswer = { readonly metrics: Metrics } | { readonly failure: string };
