/** Mutations as fast as the server answers them, over connections that are kept open; nobody watches. */
import { createBearers } from './bearers.ts';
import { emitMany, emitOne, type EventOptions } from './documents.ts';
import { fill } from './fill.ts';
import { createHttpConnection, toRequest } from './http-client.ts';
import type { Metrics, Target } from './job.ts';
import { allCpuMicros } from './proc.ts';
import { openOperations } from './ws-operations.ts';

export interface EmitParams {
  readonly transport: 'http' | 'ws';
  /** Over WebSockets: operations in flight on one connection. */
  readonly connections: number;
  readonly eventsAtOnce: number;
  /** Events go round these in turn. */
  readonly tasks: number;
  readonly components: number;
  /** At least so long, and at least so many mutations: a slow machine must not be measured before its code is hot. */
  readonly warmUpMs: number;
  readonly warmUpMutations: number;
  readonly measureMs: number;
  /** Every task gets an event before anything is measured. */
  readonly knowsTasks?: boolean;
}

/** Sends a mutation, returns its answer. */
export interface Lane extends Disposable {
  send(request: Buffer): Promise<Buffer>;
}

export async function emit(target: Target, params: EmitParams): Promise<Metrics> {
  const { processes } = target;
  if (params.knowsTasks) await makeTasksKnown(target, params);
  const state = { answered: 0, nextId: 1, isOver: false };
  using connections = await connect(target, params);
  const running = connections.lanes.map((lane, index) => run(lane, prepareAll(target, params, index), state, params));
  const failed = Promise.all(running);
  const during = async (ms: number): Promise<void> => {
    const slept = new Promise<void>((resolve) => setTimeout(resolve, ms));
    await Promise.race([slept, failed]);
  };
  await during(params.warmUpMs);
  for (let waited = 0; state.answered < params.warmUpMutations && waited < MAX_WARM_UP_MS; waited += 50)
    await during(50);
  const answeredBefore = state.answered;
  const cpuBefore = allCpuMicros(processes);
  const ownBefore = process.cpuUsage();
  const since = performance.now();
  await during(params.measureMs);
  const seconds = (performance.now() - since) / 1_000;
  const mutations = state.answered - answeredBefore;
  const cpu = allCpuMicros(processes) - cpuBefore;
  const own = process.cpuUsage(ownBefore);
  state.isOver = true;
  await failed;
  const events = mutations * params.eventsAtOnce;
  return {
    mutationsPerSecond: mutations / seconds,
    eventsPerSecond: events / seconds,
    cpuUsPerMutation: cpu / mutations,
    cpuUsPerEvent: cpu / events,
    // Near 100 means that the load process, and not the server, was the limit.
    loadBusyPercent: (own.user + own.system) / 10_000 / seconds,
  };
}

const MAX_WARM_UP_MS = 15_000;

interface Progress {
  answered: number;
  nextId: number;
  isOver: boolean;
}
type Prepared = (firstId: number) => Buffer;

/** Requests made beforehand for each connection; they differ in components only. */
const SLOTS = 4;

async function run(lane: Lane, requests: readonly Prepared[], progress: Progress, params: EmitParams): Promise<void> {
  for (let turn = 0; !progress.isOver; turn += 1) {
    const request = requests[turn % requests.length];
    if (request === undefined) throw new Error('no request was prepared');
    const first = progress.nextId;
    progress.nextId += params.eventsAtOnce;
    const answer = await lane.send(request(first));
    if (answer.indexOf('"sequence":') < 0) throw new Error(`no event in the answer: ${answer.toString()}`);
    progress.answered += 1;
  }
}

async function connect(
  { port, processes, services }: Target,
  params: EmitParams,
): Promise<Disposable & { readonly lanes: readonly Lane[] }> {
  const { connections } = params;
  if (params.transport === 'ws') return openOperations(port, connections);
  const nextBearer = createBearers(services.authSecret);
  const portOf = (index: number): number => processes[index % processes.length]?.port ?? port;
  const lanes = Array.from({ length: connections }, (_, index) => createHttpConnection(portOf(index), nextBearer()));
  return {
    lanes,
    [Symbol.dispose]() {
      for (const lane of lanes) lane[Symbol.dispose]();
    },
  };
}

async function makeTasksKnown({ port, prefix, services }: Target, params: EmitParams): Promise<void> {
  using connection = createHttpConnection(port, createBearers(services.authSecret)());
  const tasks = Array.from({ length: params.tasks }, (_, task) => `${prefix}-emit-${String(task).padStart(8, '0')}`);
  await fill(connection, port, { tasks, events: params.tasks });
}

/** Fixed width, so that they can be changed in place. */
const ID_MARK = 'id00000000';
const TASK_MARK = '-emit-00000000';
const DIGITS = 8;

function prepareAll(target: Target, params: EmitParams, lane: number): readonly Prepared[] {
  return Array.from({ length: SLOTS }, (_, slot) => {
    const place = (lane * SLOTS + slot) * params.eventsAtOnce;
    const events = Array.from({ length: params.eventsAtOnce }, (_, index) => ({
      taskId: target.prefix + TASK_MARK,
      component: `component-${(place + index) % params.components}`,
      eventId: ID_MARK,
    }));
    return prepare(events, { target, params });
  });
}

/** @returns the request for events with ids that count up from the given one, each of the next task. */
function prepare(
  events: readonly EventOptions[],
  { target, params }: { readonly target: Target; readonly params: EmitParams },
): Prepared {
  const [first] = events;
  const body = events.length === 1 && first !== undefined ? emitOne(first) : emitMany(events);
  const request = params.transport === 'http' ? toRequest(target.port, body) : Buffer.from(body);
  const ids = findAll(request, ID_MARK);
  const tasks = findAll(request, TASK_MARK);
  return (firstId) => {
    for (let index = 0; index < ids.length; index += 1) {
      writeDigits(request, ids[index] ?? 0, firstId + index);
      writeDigits(request, tasks[index] ?? 0, (firstId + index) % params.tasks);
    }
    return request;
  };
}

/** @returns where the digits of each mark begin. */
function findAll(request: Buffer, mark: string): readonly number[] {
  const places: number[] = [];
  for (let at = request.indexOf(mark); at >= 0; at = request.indexOf(mark, at + 1)) {
    places.push(at + mark.length - DIGITS);
  }
  return places;
}

function writeDigits(buffer: Buffer, place: number, value: number): void {
  let rest = value;
  for (let at = place + DIGITS - 1; at >= place; at -= 1) {
    buffer[at] = 48 + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
}
