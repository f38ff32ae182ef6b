/** Readers that stop, crawl or come late, and producers that flood: who survives, and what the others notice. */
import type { SlowReadersParams } from '../load/slow-readers.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import type { ServerName } from '../lib/server.ts';

const SERVERS = ['drumline sqlite', 'yoga', 'apollo', 'mercurius', 'raw ws'] as const;
const MEMORY = { rssStartMb: 'MB RSS at start', rssPeakMb: 'at peak', rssEndMb: 'at end' } as const;
/** Just after ours gives up on a reader that takes nothing. */
const AFTER_STALL_MS = 31_000;

export function hardshipRows({ isSmoke }: Scale): readonly Row[] {
  const base: SlowReadersParams = {
    healthy: isSmoke ? 10 : 999,
    stalled: 0,
    slow: 0,
    slowBytesPerSecond: 16_384,
    eventsPerSecond: 200,
    eventsAtOnce: 20,
    messageBytes: 1_024,
    seconds: isSmoke ? 0.5 : 60,
    withinMs: isSmoke ? 10_000 : 300_000,
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
    stalledCloseCode: 'close code of the stalled',
    complete: '(1: on return it missed nothing)',
  },
  maxRepeats: 1,
  timeoutMs: 600_000,
} as const;

function oneStalled(base: SlowReadersParams, isSmoke: boolean): Row {
  const stalledReadOnAfterMs = isSmoke ? 300 : AFTER_STALL_MS;
  const short = { ...base, seconds: isSmoke ? 0.5 : 15 };
  const none: Entry = {
    label: 'drumline sqlite, none stalled',
    server: 'drumline sqlite',
    work: { job: 'slowReaders', params: base },
  };
  return {
    ...READERS,
    name: 'one-stalled',
    title: `200 events/s of 1 KB to ${base.healthy} watchers and one that stops reading`,
    entries: [
      none,
      {
        ...none,
        label: 'drumline sqlite, one stalled',
        work: { job: 'slowReaders', params: { ...base, stalled: 1, stalledReadOnAfterMs, mustReturn: true } },
        yardstick: none.label,
      },
      ...peers({ ...short, stalled: 1 }),
    ],
  };
}

function allStalled(base: SlowReadersParams, isSmoke: boolean): Row {
  const params = {
    ...base,
    healthy: isSmoke ? 4 : 200,
    stalled: isSmoke ? 10 : 1_000,
    seconds: isSmoke ? 0.5 : 15,
  };
  return {
    ...READERS,
    name: 'all-stalled',
    metric: 'rssGrowthMb',
    unit: 'MB of RSS more at peak',
    also: { ...READERS.also, p99Ms: 'ms p99' },
    title: `200 events/s of 1 KB to ${params.healthy} watchers and ${params.stalled} that stop reading`,
    entries: [ours(params), ...peers(params)],
  };
}

function slowTwenty(base: SlowReadersParams, isSmoke: boolean): Row {
  const params = { ...base, healthy: isSmoke ? 8 : 800, slow: isSmoke ? 2 : 200, seconds: isSmoke ? 0.5 : 15 };
  return {
    ...READERS,
    name: 'slow-20',
    title: `200 events/s of 1 KB to ${params.healthy} watchers and ${params.slow} that read 16 KB/s`,
    entries: [ours(params), ...peers(params)],
  };
}

function ours(params: SlowReadersParams): Entry {
  return { label: 'drumline sqlite', server: 'drumline sqlite', work: { job: 'slowReaders', params } };
}

function peers(params: SlowReadersParams): readonly Entry[] {
  return SERVERS.slice(1).map((server) => ({ label: server, server, work: { job: 'slowReaders', params } }));
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
    entries: SERVERS.map((server: ServerName) => ({ label: server, server, work: { job: 'flood', params } })),
  };
}
