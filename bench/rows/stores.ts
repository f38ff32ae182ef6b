/** What several servers over one database cost, beside the store of one process and beside the database alone. */
import type { EmitParams } from '../load/emit.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import type { ServerName } from '../lib/server.ts';

const STORES = ['drumline sqlite', 'drumline postgres', '2 × drumline postgres'] as const;
const WITH_REDIS = [...STORES, 'drumline postgres + redis', '2 × drumline postgres + redis'] as const;

export function storeRows({ isSmoke }: Scale): readonly Row[] {
  const batches: EmitParams = {
    transport: 'http',
    connections: isSmoke ? 2 : 8,
    eventsAtOnce: isSmoke ? 10 : 100,
    tasks: 1,
    components: 1,
    warmUpMs: isSmoke ? 50 : 1_500,
    warmUpMutations: isSmoke ? 0 : 400,
    measureMs: isSmoke ? 500 : 2_500,
  };
  const single = { ...batches, connections: isSmoke ? 4 : 32, eventsAtOnce: 1 };
  // As many rows a transaction as ours has at most: a batch of each connection.
  const rows = {
    batch: batches.connections * batches.eventsAtOnce,
    warmUp: isSmoke ? 1 : 30,
    batches: isSmoke ? 2 : 100,
  };
  const watchers = isSmoke ? 10 : 1_000;
  return [
    {
      name: 'stores-append',
      title: `${batches.eventsAtOnce} events of a task a mutation, ${batches.connections} connections; bare pg: the same rows`,
      metric: 'eventsPerSecond',
      unit: 'events/s',
      better: 'higher',
      also: { cpuUsPerEvent: 'CPU µs' },
      entries: [
        ...entries(STORES, (server) => ({ server, work: { job: 'emit', params: batches }, yardstick: 'bare pg' })),
        ...entries(['bare pg'], (server) => ({ server, work: { job: 'pgLoop', params: rows } })),
      ],
    },
    {
      name: 'stores-append-one',
      title: `one event a mutation, ${single.connections} connections`,
      metric: 'mutationsPerSecond',
      unit: 'mutations/s',
      better: 'higher',
      also: { cpuUsPerMutation: 'CPU µs' },
      entries: entries(STORES, (server) => ({ server, work: { job: 'emit', params: single } })),
    },
    {
      name: 'stores-latency',
      title: '20 events/s to 100 watchers, of the last server where there are two; emit to received',
      metric: 'p50Ms',
      unit: 'ms p50',
      better: 'lower',
      also: { p99Ms: 'ms p99', answerMs: 'ms to the answer', notifyMs: 'ms a NOTIFY', publishMs: 'ms a PUBLISH' },
      entries: entries(WITH_REDIS, (server) => ({
        server,
        work: {
          job: 'latency',
          params: {
            watchers: isSmoke ? 5 : 100,
            eventsPerSecond: 20,
            warmUp: isSmoke ? 1 : 40,
            events: isSmoke ? 3 : 200,
          },
        },
      })),
    },
    {
      name: 'stores-fanout',
      title: `one event at a time to ${watchers} watchers of each server; CPU of the busier one`,
      metric: 'cpuUsPerDelivery',
      unit: 'CPU µs per delivery',
      better: 'lower',
      also: { deliveriesPerSecond: '/s' },
      entries: entries(STORES, (server) => ({
        server,
        work: {
          job: 'fanout',
          params: {
            transport: 'ws',
            selection: 'small',
            watchers,
            tasks: 1,
            eventsAtOnce: 1,
            mutations: isSmoke ? 5 : 200,
            warmUp: isSmoke ? 1 : 60,
          },
        },
        cores: '0',
      })),
    },
  ];
}

/** The database needs a core as well, so nothing is pinned but where a row says so. */
function entries(
  names: readonly ServerName[],
  entry: (name: ServerName) => Omit<Entry, 'label' | 'ours'>,
): readonly Entry[] {
  return names.map((name) => ({ cores: '0,1', ...entry(name), label: name, ours: 'drumline postgres' }));
}
