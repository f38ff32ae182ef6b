/** Readers that stop, crawl or come late, and producers that flood: who survives, and what the others notice. */
import type { SlowReadersParams } from '../load/slow-readers.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import type { ServerName } from '../lib/server.ts';

const SERVERS = ['drumline sqlite', 'yoga', 'apollo', 'mercurius', 'raw ws'] as const;
const MEMORY = { rssStartMb: 'MB RSS at start', rssPeakMb: 'at peak', rssEndMb: 'at end' } as const;
/** Ours gives up on a reader that took nothing for 30 s, looks every 5 s, and waits 5 s more for its goodbye. */
const AFTER_STALL_MS = 35_000;

export function hardshipRows({ isSmoke, watchers = isSmoke ? 10 : 999 }: Scale): readonly Row[] {
  const base: SlowReadersParams = {
    healthy: watchers,
    stalled: 0,
    slow: 0,
    slowBytesPerSecond: 16_384,
    eventsPerSecond: 200,
    eventsAtOnce: 20,
    messageBytes: 1_024,
    seconds: isSmoke ? 0.5 : 60,
    withinMs: isSmoke ? 10_000 : 120_000,
  };
  return [
    catchUp(isSmoke),
    oneStalled(base, isSmoke),
    allStalled(base, isSmoke),
    slowTwenty(base, isSmoke),
    flood(isSmoke),
  ];
}

function catchUp(isSmoke: boolean): Row {
  const params = isSmoke
    ? { watchers: 3, events: 500, quietMs: 300, capMs: 10_000 }
    : { watchers: 100, events: 100_000, quietMs: 5_000, capMs: 120_000 };
  return {
    name: 'catch-up',
    title: `${params.watchers} watchers read ${params.events} events from the start`,
    metric: 'deliveriesPerSecond',
    unit: 'deliveries/s',
    better: 'higher',
    also: { completePercent: '% read', quietP99Ms: 'ms p99 live before', liveP99Ms: 'ms meanwhile', ...MEMORY },
    maxRepeats: 3,
    timeoutMs: 600_000,
    entries: [{ label: 'drumline sqlite', server: 'drumline sqlite', work: { job: 'catchUp', params } }],
  };
}

const READERS = {
  metric: 'p99Ms',
  unit: 'ms p99 of the others',
  better: 'lower',
  also: {
    p50Ms: 'ms p50',
    eventsPerSecond: 'events/s',
    ...MEMORY,
    readOnAfterS: 's until the stalled read on',
    stalledCloseCode: 'its close code',
    complete: '(1: on return it missed nothing)',
  },
  maxRepeats: 1,
  timeoutMs: 600_000,
  peersMayFail: true,
} as const;

function oneStalled(base: SlowReadersParams, isSmoke: boolean): Row {
  const returning = { ...base, stalled: 1, readOnAfterMs: isSmoke ? 100 : AFTER_STALL_MS, mustReturn: true };
  const none = ours('none stalled', base);
  return {
    ...READERS,
    name: 'one-stalled',
    title: `200 events/s of 1 KB, a watcher among ${base.healthy + 1} stops reading; of the peers, one among 101`,
    entries: [
      none,
      { ...ours('one stalled', returning), yardstick: none.label },
      ...everyone({ ...toFew(base, isSmoke), stalled: 1 }),
    ],
  };
}

function allStalled(base: SlowReadersParams, isSmoke: boolean): Row {
  const [healthy, stalled] = isSmoke ? [4, 10] : [200, 1_000];
  const params = { ...base, healthy, stalled, seconds: isSmoke ? 0.5 : 30 };
  return {
    ...READERS,
    name: 'all-stalled',
    metric: 'rssGrowthMb',
    unit: 'MB of RSS more at peak',
    also: { ...READERS.also, p99Ms: 'ms p99' },
    title: `200 events/s of 1 KB to ${healthy} watchers and ${stalled} that stop reading; a tenth of each for all servers`,
    entries: [
      ours(`${stalled} stalled`, params),
      ...everyone({ ...params, healthy: Math.ceil(healthy / 10), stalled: Math.ceil(stalled / 10) }),
    ],
  };
}

function slowTwenty(base: SlowReadersParams, isSmoke: boolean): Row {
  const [healthy, slow] = isSmoke ? [8, 2] : [800, 200];
  const params = { ...base, healthy, slow, seconds: isSmoke ? 0.5 : 30 };
  return {
    ...READERS,
    name: 'slow-20',
    title: `200 events/s of 1 KB to ${healthy} watchers and ${slow} that read 16 KB/s; a tenth of each for all servers`,
    entries: [
      ours(`${slow} slow`, params),
      ...everyone({ ...params, healthy: Math.ceil(healthy / 10), slow: Math.ceil(slow / 10) }),
    ],
  };
}

function ours(what: string, params: SlowReadersParams): Entry {
  return { label: `drumline sqlite, ${what}`, server: 'drumline sqlite', work: { job: 'slowReaders', params } };
}

/** At a size that a server with a cost for each delivery can keep up with, or nothing would be learnt but that. */
function toFew(params: SlowReadersParams, isSmoke: boolean): SlowReadersParams {
  return { ...params, healthy: isSmoke ? 5 : 100, seconds: isSmoke ? 0.5 : 30 };
}

function everyone(params: SlowReadersParams): readonly Entry[] {
  return SERVERS.map((server) => ({
    label: server,
    server,
    work: { job: 'slowReaders', params },
    yardstick: 'raw ws',
    ours: 'drumline sqlite',
  }));
}

function flood(isSmoke: boolean): Row {
  const params = {
    watchers: isSmoke ? 10 : 1_000,
    events: isSmoke ? 500 : 5_000,
    withinMs: isSmoke ? 20_000 : 500_000,
  };
  return {
    name: 'flood',
    title: `${params.events} events in mutations of 1,000, as fast as they go, to ${params.watchers} watchers`,
    metric: 'seconds',
    unit: 's until all had all',
    better: 'lower',
    also: { deliveriesPerSecond: '/s', cpuUsPerDelivery: 'CPU µs each', rssMb: 'MB RSS after' },
    maxRepeats: 1,
    timeoutMs: 600_000,
    peersMayFail: true,
    entries: SERVERS.map((server: ServerName) => ({ label: server, server, work: { job: 'flood', params } })),
  };
}
