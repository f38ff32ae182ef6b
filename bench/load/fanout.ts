/** Many watchers of one task or of many, one mutation at a time: what a delivery costs the server. */
import { createBearers } from './bearers.ts';
import { bringUpToDate, openCrowd } from './crowd.ts';
import { emitMany, emitOne, SUBSCRIPTIONS, type Selection } from './documents.ts';
import { fill } from './fill.ts';
import { createHttpConnection, toRequest, type HttpConnection } from './http-client.ts';
import type { Metrics, Target } from './job.ts';
import { cpuMicros } from './proc.ts';
import type { Transport } from './watcher.ts';

export interface FanoutParams {
  readonly transport: Transport;
  readonly selection: Selection;
  /** On each of the processes. */
  readonly watchers: number;
  /** Watchers are spread evenly over these. */
  readonly tasks: number;
  /** 1: `emitEvent`; more: so many in one `emitEvents`. */
  readonly eventsAtOnce: number;
  /** Mutations in the measured window, and before it. */
  readonly mutations: number;
  readonly warmUp: number;
  /** The log's length before anyone watches. */
  readonly eventsBefore?: number;
}

export async function fanout(
  { port, pid, processes, prefix, services }: Target,
  params: FanoutParams,
): Promise<Metrics> {
  const { transport, selection, eventsAtOnce, mutations, warmUp } = params;
  const tasks = Array.from({ length: params.tasks }, (_, index) => `${prefix}-fanout-${index}`);
  const count = params.watchers * processes.length;
  const portOf = (index: number): number => processes[index % processes.length]?.port ?? port;
  const taskOf = (index: number): string => tasks[index % tasks.length] ?? '';
  const nextBearer = createBearers(services.authSecret);
  using filler = createHttpConnection(port, nextBearer());
  const alone =
    params.eventsBefore === undefined ? {} : await emitAlone({ port, pid, filler }, tasks, params.eventsBefore);
  using crowd = await openCrowd({
    port,
    portOf,
    transport,
    query: SUBSCRIPTIONS[selection],
    count,
    taskOf,
    nextBearer,
  });
  await bringUpToDate(crowd, port, tasks);
  const requests = prepareRequests(port, tasks, eventsAtOnce);
  const perMutation = (count / tasks.length) * eventsAtOnce;

  // The next mutation waits until every delivery of this one has come.
  const run = async (times: number): Promise<void> => {
    crowd.restart();
    for (let done = 1; done <= times; done += 1) {
      const request = requests[done % requests.length];
      if (request !== undefined) await crowd.emitter.send(request);
      await crowd.arrived(perMutation * done);
    }
  };
  await run(warmUp);
  const bytesBefore = totalBytes(crowd.watchers);
  const cpuBefore = processes.map((process) => cpuMicros(process.pid));
  const since = performance.now();
  await run(mutations);
  const seconds = (performance.now() - since) / 1_000;
  // Of several servers, the one that had most to do: a mean would hide what the one that takes the events spends.
  const cpu = Math.max(...processes.map((process, index) => cpuMicros(process.pid) - (cpuBefore[index] ?? 0)));
  const deliveries = perMutation * mutations;
  const bytes = totalBytes(crowd.watchers) - bytesBefore;
  // A delivery too many would come late.
  await new Promise((resolve) => setTimeout(resolve, 50));
  crowd.check(deliveries);
  return {
    cpuUsPerDelivery: (cpu * processes.length) / deliveries,
    deliveries,
    deliveriesPerSecond: deliveries / seconds,
    bytesPerDelivery: bytes / deliveries,
    ...alone,
  };
}

interface Filling {
  readonly port: number;
  readonly pid: number;
  readonly filler: HttpConnection;
}

const EMITS_ALONE = 300;

/** Fills the log, then measures what one event more costs while nobody watches. */
async function emitAlone({ port, pid, filler }: Filling, tasks: readonly string[], events: number): Promise<Metrics> {
  const since = performance.now();
  await fill(filler, port, { tasks, events });
  const filledWithin = (performance.now() - since) / 1_000;
  const request = toRequest(port, emitOne({ taskId: tasks[0] ?? '' }));
  const cpuBefore = cpuMicros(pid);
  for (let done = 0; done < EMITS_ALONE; done += 1) await filler.send(request);
  return {
    cpuUsPerEmit: (cpuMicros(pid) - cpuBefore) / EMITS_ALONE,
    fillEventsPerSecond: events / filledWithin,
  };
}

/** Requests that go round the tasks, so many events each. */
function prepareRequests(port: number, tasks: readonly string[], eventsAtOnce: number): readonly Buffer[] {
  const count = Math.ceil(tasks.length / eventsAtOnce);
  return Array.from({ length: count }, (_, turn) => {
    const events = Array.from({ length: eventsAtOnce }, (_, index) => ({
      taskId: tasks[(turn * eventsAtOnce + index) % tasks.length] ?? '',
    }));
    const [first] = events;
    return toRequest(port, events.length === 1 && first !== undefined ? emitOne(first) : emitMany(events));
  });
}

function totalBytes(watchers: readonly { readonly bytes: number }[]): number {
  return watchers.reduce((sum, { bytes }) => sum + bytes, 0);
}
