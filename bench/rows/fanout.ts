/** One event to a thousand watchers: what each delivery costs the server's CPU. */
import type { FanoutParams } from '../load/fanout.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import type { ServerName } from '../lib/server.ts';

const WS_SERVERS = ['drumline sqlite', 'yoga', 'apollo', 'mercurius', 'raw ws'] as const;
const SSE_SERVERS = ['drumline sqlite', 'yoga', 'raw sse'] as const;
const TASKS_SERVERS = ['drumline sqlite', 'drumline memory', 'yoga', 'apollo', 'mercurius', 'raw ws'] as const;

export const FANOUT = {
  metric: 'cpuUsPerDelivery',
  unit: 'CPU µs per delivery',
  better: 'lower',
  also: { deliveriesPerSecond: '/s', bytesPerDelivery: 'B' },
} as const;

/** One event at a time to the watchers of one task. */
export function fanoutOf({ isSmoke }: Scale): FanoutParams {
  return {
    transport: 'ws',
    selection: 'small',
    watchers: isSmoke ? 20 : 1_000,
    tasks: 1,
    eventsAtOnce: 1,
    mutations: isSmoke ? 5 : 200,
    warmUp: isSmoke ? 1 : 60,
  };
}

export function fanoutRows(scale: Scale): readonly Row[] {
  const { isSmoke } = scale;
  const one = fanoutOf(scale);
  const { watchers } = one;
  const sse = { ...one, transport: 'sse' } as const;
  const sixteen = { ...one, eventsAtOnce: 16, mutations: isSmoke ? 2 : 25, warmUp: isSmoke ? 1 : 8 };
  const hundred = { ...one, tasks: watchers, eventsAtOnce: isSmoke ? 10 : 100, mutations: isSmoke ? 4 : 600 };
  const title = `one event at a time to ${watchers} watchers`;
  return [
    { ...FANOUT, name: 'fanout-small', title, entries: entries(WS_SERVERS, one) },
    { ...FANOUT, name: 'fanout-full', title, entries: entries(WS_SERVERS, { ...one, selection: 'full' }) },
    { ...FANOUT, name: 'fanout-sse-small', title, entries: entries(SSE_SERVERS, sse) },
    { ...FANOUT, name: 'fanout-sse-full', title, entries: entries(SSE_SERVERS, { ...sse, selection: 'full' }) },
    {
      ...FANOUT,
      name: 'burst',
      title: `16 ready events to ${watchers} watchers`,
      entries: entries(WS_SERVERS, sixteen),
    },
    {
      ...FANOUT,
      name: 'tasks-1000',
      title: `${watchers} tasks with a watcher each, ${hundred.eventsAtOnce} events a mutation, its cost inside`,
      entries: entries(TASKS_SERVERS, { ...hundred, warmUp: isSmoke ? 1 : 150 }),
    },
  ];
}

function entries(servers: readonly ServerName[], params: FanoutParams): readonly Entry[] {
  return servers.map((server) => ({
    label: server,
    server,
    work: { job: 'fanout', params },
    yardstick: params.transport === 'ws' ? 'raw ws' : 'raw sse',
    ours: 'drumline sqlite',
  }));
}
