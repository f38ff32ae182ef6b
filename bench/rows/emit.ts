/** Mutations with nobody watching: how many a second, and what one costs. */
import type { EmitParams } from '../load/emit.ts';
import type { Entry, Row, Scale } from '../lib/row.ts';
import type { ServerName } from '../lib/server.ts';

const SERVERS = [
  'drumline sqlite',
  'drumline memory',
  'yoga',
  'apollo',
  'mercurius',
  'mercurius jit',
  'raw http',
] as const;

export const EMIT_ONE = {
  metric: 'mutationsPerSecond',
  unit: 'mutations/s',
  better: 'higher',
  also: { cpuUsPerMutation: 'CPU µs', loadBusyPercent: '% load busy' },
} as const;
const MANY = {
  metric: 'eventsPerSecond',
  unit: 'events/s',
  better: 'higher',
  also: { cpuUsPerEvent: 'CPU µs', loadBusyPercent: '% load busy' },
} as const;

/** One event a mutation, of one task. */
export function emitOf({ isSmoke }: Scale): EmitParams {
  return {
    transport: 'http',
    connections: isSmoke ? 4 : 32,
    eventsAtOnce: 1,
    tasks: 1,
    components: 1,
    warmUpMs: isSmoke ? 50 : 1_500,
    warmUpMutations: isSmoke ? 0 : 8_000,
    measureMs: isSmoke ? 100 : 2_500,
  };
}

export function emitRows(scale: Scale): readonly Row[] {
  const { isSmoke } = scale;
  const one = emitOf(scale);
  const many = {
    ...one,
    connections: isSmoke ? 2 : 8,
    eventsAtOnce: isSmoke ? 10 : 100,
    warmUpMutations: isSmoke ? 0 : 400,
  };
  const connections = `${one.connections} connections`;
  return [
    { ...EMIT_ONE, name: 'emit-http', title: `one event a mutation, ${connections}`, entries: entries(one) },
    {
      ...EMIT_ONE,
      name: 'emit-http-32-tasks',
      title: `one event a mutation, ${connections}, 32 tasks`,
      entries: entries({ ...one, tasks: 32 }),
    },
    {
      ...EMIT_ONE,
      name: 'emit-ws',
      title: `one event a mutation, ${one.connections} in flight over one WebSocket`,
      entries: entries({ ...one, transport: 'ws' }),
    },
    {
      ...MANY,
      name: 'emit-batch',
      title: `${many.eventsAtOnce} events of a task a mutation, ${many.connections} connections`,
      entries: entries(many),
    },
    {
      ...MANY,
      name: 'emit-batch-100-tasks',
      title: `${many.eventsAtOnce} events of as many tasks a mutation, ${many.connections} connections`,
      entries: entries({ ...many, tasks: 100 }),
    },
    {
      ...MANY,
      name: 'emit-1000-components',
      title: `${many.eventsAtOnce} events of a task with 1,000 components a mutation`,
      entries: entries({ ...many, components: 1_000 }),
    },
    emitterRow({ ...many, tasks: 100 }),
  ];
}

/** What one emitter of the client gets through, beside what the server takes of bytes made beforehand. */
function emitterRow(many: EmitParams): Row {
  const { eventsAtOnce, connections, tasks, warmUpMs, warmUpMutations, measureMs } = many;
  const params = { tasks, warmUpMs, warmUpEvents: warmUpMutations * eventsAtOnce, measureMs };
  const both = { server: 'drumline sqlite', cores: '0,1', yardstick: 'batches' } as const;
  return {
    ...MANY,
    name: 'emitter',
    title: `events of ${tasks} tasks by one emitter; batches: ${eventsAtOnce} events a mutation, ${connections} connections`,
    entries: [
      { ...both, label: 'emitter', work: { job: 'emitter', params } },
      { ...both, label: 'batches', work: { job: 'emit', params: many } },
    ],
  };
}

/** Ours has a writer thread beside the main one and may use both cores; the others have nothing to use a second with. */
function entries(params: EmitParams): readonly Entry[] {
  // What speaks HTTP only has no WebSocket, and compiled documents are no other thing over one.
  const servers = SERVERS.filter(
    (name) => params.transport === 'http' || (name !== 'raw http' && name !== 'mercurius jit'),
  );
  return servers.map((server: ServerName) => ({
    label: server,
    server,
    work: { job: 'emit', params },
    cores: server === 'drumline sqlite' ? '0,1' : '0',
    ...(params.transport === 'http' ? { yardstick: 'raw http' } : {}),
    ours: 'drumline sqlite',
  }));
}
