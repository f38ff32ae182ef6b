/** What it costs to know who calls: every connection bears a token of its own, and limits are counted. */
import type { Work } from '../load/jobs.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import { EMIT_ONE, emitOf } from './emit.ts';
import { FANOUT, fanoutOf } from './fanout.ts';

const SERVERS = ['drumline sqlite', 'drumline sqlite, tokens'] as const;

export function securityRows(scale: Scale): readonly Row[] {
  const fanout = fanoutOf(scale);
  const emit = emitOf(scale);
  return [
    {
      ...FANOUT,
      name: 'security-fanout',
      title: `one event at a time to ${fanout.watchers} watchers, each with a token of its own`,
      entries: entries({ job: 'fanout', params: fanout }),
    },
    {
      ...EMIT_ONE,
      name: 'security-emit',
      title: `one event a mutation, ${emit.connections} connections, each with a token of its own`,
      metric: 'cpuUsPerMutation',
      unit: 'CPU µs per mutation',
      better: 'lower',
      also: { mutationsPerSecond: 'mutations/s' },
      entries: entries({ job: 'emit', params: emit }).map((entry) => ({ ...entry, cores: '0,1' })),
    },
  ];
}

function entries(work: Work): readonly Entry[] {
  return SERVERS.map((server) => ({ label: server, server, work, yardstick: 'drumline sqlite' }));
}
