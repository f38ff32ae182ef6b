/** Mutations as fast as the server answers them, over connections that are kept open; nobody watches. */
import { emitMany, emitOne, type EventOptions } from './documents.ts';
import { createHttpConnection, toRequest } from './http-client.ts';
import type { Metrics, Target } from './jobs.ts';
import { cpuMicros } from './proc.ts';

export interface EmitParams {
  readonly connections: number;
  readonly eventsAtOnce: number;
  /** Events go round these in turn. */
  readonly tasks: number;
  readonly components: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Fixed width, so that a request's id can be changed in place. */
const ID_MARK = 'id00000000';
const SLOTS = 4;

export async function emit({ port, pid }: Target, params: EmitParams): Promise<Metrics> {
  const state = { answered: 0, nextId: 1, isOver: false };
  const lanes = Array.from({ length: params.connections }, (_, lane) => runLane(port, lane, params, state));
  const failed = Promise.race(lanes);
  const during = async (ms: number): Promise<void> => {
    const slept = new Promise<void>((resolve) => setTimeout(resolve, ms));
    await Promise.race([slept, failed]);
  };
  await during(params.warmUpMs);
  const answeredBefore = state.answered;
  const cpuBefore = cpuMicros(pid);
  const ownBefore = process.cpuUsage();
  const since = performance.now();
  await during(params.measureMs);
  const seconds = (performance.now() - since) / 1_000;
  const mutations = state.answered - answeredBefore;
  const cpu = cpuMicros(pid) - cpuBefore;
  const own = process.cpuUsage(ownBefore);
  state.isOver = true;
  await Promise.all(lanes);
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

interface LaneState {
  answered: number;
  nextId: number;
  isOver: boolean;
}

async function runLane(port: number, lane: number, params: EmitParams, state: LaneState): Promise<void> {
  using connection = createHttpConnection(port);
  const requests = Array.from({ length: SLOTS }, (_, slot) => prepare(port, toEvents(params, lane * SLOTS + slot)));
  for (let turn = 0; !state.isOver; turn += 1) {
    const request = requests[turn % SLOTS];
    if (request === undefined) throw new Error('no request was prepared');
    const first = state.nextId;
    state.nextId += params.eventsAtOnce;
    const answer = await connection.send(request(first));
    if (answer.indexOf('"sequence":') < 0) throw new Error(`no event in the answer: ${answer.toString()}`);
    state.answered += 1;
  }
}

function toEvents(params: EmitParams, place: number): readonly EventOptions[] {
  const { eventsAtOnce, tasks, components } = params;
  return Array.from({ length: eventsAtOnce }, (_, index) => ({
    taskId: `emit-${(place * eventsAtOnce + index) % tasks}`,
    component: `component-${(place * eventsAtOnce + index) % components}`,
    eventId: ID_MARK,
  }));
}

/** @returns the request with ids that count up from the given one. */
function prepare(port: number, events: readonly EventOptions[]): (firstId: number) => Buffer {
  const [first] = events;
  const request = toRequest(port, events.length === 1 && first !== undefined ? emitOne(first) : emitMany(events));
  const places: number[] = [];
  for (let at = request.indexOf(ID_MARK); at >= 0; at = request.indexOf(ID_MARK, at + 1)) places.push(at + 2);
  return (firstId) => {
    places.forEach((place, index) => writeDigits(request, place, firstId + index));
    return request;
  };
}

function writeDigits(buffer: Buffer, place: number, value: number): void {
  let rest = value;
  for (let at = place + 7; at >= place; at -= 1) {
    buffer[at] = 48 + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
}
