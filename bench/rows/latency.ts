/** What a watcher feels: how soon it has an event, and what it costs while it waits for one. */
import type { Work } from '../load/jobs.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import type { ServerName } from '../lib/server.ts';

const SERVERS = ['drumline sqlite', 'yoga', 'apollo', 'mercurius', 'raw ws'] as const;

export function latencyRows({ isSmoke, watchers: idleWatchers = isSmoke ? 30 : 10_000 }: Scale): readonly Row[] {
  const watchers = isSmoke ? 20 : 1_000;
  const events = { warmUp: isSmoke ? 1 : 30, events: isSmoke ? 3 : 100 };
  return [
    {
      name: 'latency',
      title: `10 events/s to ${watchers} watchers, emit to received`,
      metric: 'p99Ms',
      unit: 'ms p99',
      better: 'lower',
      also: { p50Ms: 'ms p50', fsyncMs: 'ms an fsync' },
      entries: entries({ job: 'latency', params: { watchers, eventsPerSecond: 10, ...events } }),
    },
    {
      name: 'idle-memory',
      title: `${idleWatchers} watchers that wait`,
      metric: 'kbPerWatcher',
      unit: 'kB of RSS per watcher',
      better: 'lower',
      also: { rssMb: 'MB in all' },
      maxRepeats: 3,
      entries: entries({ job: 'idle', params: { watchers: idleWatchers, settleMs: isSmoke ? 50 : 3_000 } }, [
        ...SERVERS,
        'graphql-ws alone',
      ]),
    },
  ];
}

function entries(work: Work, servers: readonly ServerName[] = SERVERS): readonly Entry[] {
  return servers.map((server) => ({ label: server, server, work, yardstick: 'raw ws', ours: 'drumline sqlite' }));
}
