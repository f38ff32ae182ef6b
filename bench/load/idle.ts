/** What a watcher that waits for its first event keeps of the server's memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openCrowd } from './crowd.ts';
import { SUBSCRIPTIONS } from './documents.ts';
import type { Metrics, Target } from './job.ts';
import { rssBytes } from './proc.ts';

export interface IdleParams {
  readonly watchers: number;
  readonly settleMs: number;
}

/** Left again before the measurement, so that what the first watchers bring with them is not counted. */
const WARM_UP = 100;

export async function idle({ port, pid, prefix }: Target, { watchers, settleMs }: IdleParams): Promise<Metrics> {
  const options = { port, transport: 'ws', query: SUBSCRIPTIONS.small } as const;
  const some = await openCrowd({ ...options, count: Math.min(WARM_UP, watchers), taskOf: () => `${prefix}-warm-up` });
  some[Symbol.dispose]();
  await sleep(settleMs);
  const before = rssBytes(pid);
  using crowd = await openCrowd({ ...options, count: watchers, taskOf: (index) => `${prefix}-idle-${index % 100}` });
  await sleep(settleMs);
  const after = rssBytes(pid);
  if (crowd.watchers.some(({ closeCode }) => closeCode !== undefined)) throw new Error('the server closed a watcher');
  return { kbPerWatcher: (after - before) / 1_000 / watchers, watchers, rssMb: after / 1e6 };
}
