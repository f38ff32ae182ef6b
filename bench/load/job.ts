/** What every job of a load process is given, and what it answers. */
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

/** What a job measured, by name. */
export type Metrics = Readonly<Record<string, number>>;
