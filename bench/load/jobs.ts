/** What a load process can be asked to do, each with its parameters and with figures as its answer. */
import { catchUp } from './catch-up.ts';
import { emit } from './emit.ts';
import { emitter } from './emitter.ts';
import { fanout } from './fanout.ts';
import { flood } from './flood.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { pgLoop } from './pg-loop.ts';
import { slowReaders } from './slow-readers.ts';
import type { Services } from '../lib/recipes.ts';
import type { ServerProcess } from '../lib/server.ts';

/** The server under load. */
export interface Target {
  /** Of the first process. */
  readonly port: number;
  readonly pid: number;
  readonly processes: readonly ServerProcess[];
  /** What it runs beside. */
  readonly services: Services;
  /** Where its store is, for figures of the same disk. */
  readonly directory: string;
  /** Begins the ids of all tasks of this job: they are new to the server. */
  readonly prefix: string;
}

export type Metrics = Readonly<Record<string, number>>;

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
