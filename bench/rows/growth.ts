/** Whether the cost of one delivery, or one emit, stays the same when there is more of everything. */
import type { EmitParams } from '../load/emit.ts';
import type { FanoutParams } from '../load/fanout.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';

export function growthRows({ isSmoke }: Scale): readonly Row[] {
  return [growthWatchers(isSmoke), growthLog(isSmoke), growthTasks(isSmoke)];
}

const ONE: FanoutParams = {
  transport: 'ws',
  selection: 'small',
  watchers: 1_000,
  tasks: 1,
  eventsAtOnce: 1,
  mutations: 100,
  warmUp: 40,
};

function growthWatchers(isSmoke: boolean): Row {
  const counts = isSmoke ? [5, 10] : [100, 1_000, 10_000];
  const entries = counts.flatMap((watchers) => {
    // As many deliveries whatever the count, but enough mutations to tell one from another.
    const mutations = isSmoke ? 3 : Math.max(20, 100_000 / watchers);
    const params = { ...ONE, watchers, mutations, warmUp: Math.ceil(mutations / 3) };
    return (['drumline sqlite', 'raw ws'] as const).map((server) => ({
      label: `${server}, ${watchers}`,
      server,
      work: { job: 'fanout', params } as const,
      yardstick: `raw ws, ${watchers}`,
    }));
  });
  return {
    name: 'growth-watchers',
    title: `${counts.join(', ')} watchers`,
    metric: 'cpuUsPerDelivery',
    unit: 'CPU µs per delivery',
    better: 'lower',
    also: { deliveriesPerSecond: '/s' },
    maxRepeats: 3,
    entries,
  };
}

function growthLog(isSmoke: boolean): Row {
  const lengths = isSmoke ? [100, 2_000] : [1_000, 100_000, 1_000_000];
  const small = isSmoke ? { watchers: 5, mutations: 3, warmUp: 1 } : {};
  return {
    name: 'growth-log',
    title: `a log of ${lengths.join(', ')} events before anyone watches`,
    metric: 'cpuUsPerDelivery',
    unit: 'CPU µs per delivery',
    better: 'lower',
    also: { cpuUsPerEmit: 'CPU µs an emit', fillEventsPerSecond: 'events/s filled' },
    maxRepeats: 2,
    timeoutMs: 900_000,
    entries: lengths.map((eventsBefore) => ({
      label: `drumline sqlite, ${eventsBefore}`,
      server: 'drumline sqlite',
      work: { job: 'fanout', params: { ...ONE, ...small, eventsBefore } },
      yardstick: `drumline sqlite, ${lengths[0] ?? 0}`,
    })),
  };
}

function growthTasks(isSmoke: boolean): Row {
  const counts = isSmoke ? [1, 50] : [1, 1_000, 100_000];
  const params: EmitParams = {
    transport: 'http',
    connections: isSmoke ? 2 : 32,
    eventsAtOnce: 1,
    tasks: 1,
    components: 1,
    warmUpMs: isSmoke ? 20 : 1_500,
    warmUpMutations: isSmoke ? 0 : 8_000,
    measureMs: isSmoke ? 50 : 2_500,
    knowsTasks: true,
  };
  const entries = counts.map((tasks): Entry => ({
    label: `drumline sqlite, ${tasks}`,
    server: 'drumline sqlite',
    cores: '0,1',
    work: { job: 'emit', params: { ...params, tasks } },
    yardstick: `drumline sqlite, ${counts[0] ?? 0}`,
  }));
  return {
    name: 'growth-tasks',
    title: `emits that go round ${counts.join(', ')} known tasks`,
    metric: 'cpuUsPerMutation',
    unit: 'CPU µs per mutation',
    better: 'lower',
    also: { mutationsPerSecond: 'mutations/s' },
    maxRepeats: 3,
    entries,
  };
}
