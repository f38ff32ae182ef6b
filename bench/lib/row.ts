/** A row: one question, asked of several servers in turn, and what its answer is called. */
import type { Work } from '../load/jobs.ts';
import type { Cores } from './pin.ts';
import type { ServerName } from './server.ts';

export interface Row {
  /** Stable: `--only` takes it, and the results bear it. */
  readonly name: string;
  readonly title: string;
  /** Which of the job's figures is the answer. */
  readonly metric: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly entries: readonly Entry[];
  /** Figures to tell beside the answer, with their units. */
  readonly also?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** A peer that loses events here, or closes connections, is a result like one that dies. Ours never is. */
  readonly peersMayFail?: boolean;
  /** Of a row that takes long, or of which one run tells enough. */
  readonly maxRepeats?: number;
}

export interface Entry {
  /** Unique in its row. */
  readonly label: string;
  readonly server: ServerName;
  readonly work: Work;
  readonly cores?: Cores;
  /** Labels of the entries to hold this one against. */
  readonly yardstick?: string;
  readonly ours?: string;
}

/** What rows are made to: the real thing, or the least that shows that all of it works. */
export interface Scale {
  readonly isSmoke: boolean;
  /** Overrides the number of watchers that wait, and of those beside one that stalls. */
  readonly watchers?: number;
}
