/**
 * One story that every official client must live through against the real server: ask, emit, watch, be cut off again
 * and again while the task goes on, outlive a server that is killed and started again, see the end.
 *
 * Nothing waits for time: a client says through `mayReconnect` that it would like to come back, and may when the events
 * that it must not miss were recorded.
 */
import { expect } from 'vitest';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { sized } from '../support/sizes.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import type { ClientOptions, OfficialClient, Update } from './documents.ts';

export * from './documents.ts';

export type Break = 'clean close' | 'reset' | 'mid-frame' | 'restart';

export interface Played {
  readonly updates: readonly Update[];
  /** The sequences recorded while the client was connected, and while it was not. */
  readonly live: readonly number[];
  readonly missed: readonly number[];
  readonly last: number;
}

const CUTS: readonly Break[] = ['reset', 'clean close', 'mid-frame'];

/** Five cuts and one restart; in full a hundred cuts and five restarts. */
const BREAKS: readonly Break[] = sized({
  usual: ['reset', 'clean close', 'mid-frame', 'restart', 'mid-frame', 'reset'],
  full: Array.from({ length: 105 }, (_, index) =>
    index % 21 === 20 ? 'restart' : (CUTS[index % CUTS.length] ?? 'reset'),
  ),
});
/** How long a story may take. */
export const STORY_MS = sized({ usual: 30_000, full: 300_000 });

export async function playStory(
  openClient: (options: ClientOptions) => OfficialClient,
  breaks: readonly Break[] = BREAKS,
): Promise<Played> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const server = stack.use(await startServer({ store: dir.sqliteStore }));
  const proxy = stack.use(await openTcpProxy({ target: { port: server.port } }));
  const gate = createGate();
  const client = stack.use(openClient({ origin: proxy.origin, mayReconnect: gate.pass }));
  const task = createTask(server);

  expect(await client.ask(task.id)).toBeUndefined();
  expect(await client.emit(task.event())).toBe(1);
  expect(await client.ask(task.id)).toBe(1);

  const updates: Update[] = [];
  const ended = client.watch(task.id, (update) => updates.push(update));
  const sees = async (sequence: number): Promise<unknown> => {
    const seen = waitFor(() => updates.some(({ progress }) => progress.sequence >= sequence), {
      withinMs: 15_000,
      what: () => `event ${sequence}; seen: ${JSON.stringify(updates.map(({ progress }) => progress.sequence))}`,
    });
    // A client that gave up says why.
    return Promise.race([seen, ended.then(() => seen)]);
  };
  await sees(1);

  const live: number[] = [];
  const missed: number[] = [];
  for (const how of breaks) {
    live.push(await task.record(), await task.record());
    await sees(task.last());
    gate.close();
    if (how === 'mid-frame') missed.push(await cutMidFrame(proxy, () => task.record()));
    else await cut(how, proxy, server);
    missed.push(await task.record(), await task.record());
    gate.open();
    await sees(task.last());
  }
  live.push(await task.end());
  await settlesWithin(ended, { withinMs: 15_000, what: 'the end of the stream' });
  return { updates, live, missed, last: task.last() };
}

/** Each event once, in order, after one snapshot; then the end. */
export function expectExactlyOnce({ updates, last }: Played): void {
  expect(updates.map(({ __typename, progress }) => `${__typename} ${progress.sequence}`)).toEqual([
    'TaskSnapshot 1',
    ...Array.from({ length: last - 1 }, (_, index) => `TaskEventRecorded ${index + 2}`),
    `TaskEnded ${last}`,
  ]);
  expectFinalState(updates);
}

/** What a client that sends its first variables again gets: a snapshot after each break, and never an old state. */
export function expectFreshSnapshots({ updates, live, missed, last }: Played, breaks = BREAKS.length): void {
  const snapshots = updates.filter(({ __typename }) => __typename === 'TaskSnapshot');
  expect(snapshots).toHaveLength(1 + breaks);
  const sequences = updates.map(({ progress }) => progress.sequence);
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  const events = updates.flatMap(({ event }) => (event === undefined ? [] : [event.sequence]));
  expect(events).toEqual(live);
  expect(events.filter((sequence) => missed.includes(sequence))).toEqual([]);
  expect(updates.at(-1)).toMatchObject({ __typename: 'TaskEnded', progress: { sequence: last } });
  expectFinalState(updates);
}

function expectFinalState(updates: readonly Update[]): void {
  expect(updates.at(-1)?.progress).toMatchObject({ status: 'COMPLETED', displayProgress: 1 });
}

interface Task {
  readonly id: string;
  /** The next event, to be sent by someone else. */
  event(): EmitInput;
  /** Record the next event past the proxy. */
  record(): Promise<number>;
  end(): Promise<number>;
  last(): number;
}

function createTask(server: ServerProcess): Task {
  const id = 'story';
  const emitter = createEmitter({ url: server.graphqlUrl });
  let last = 0;
  const event = (eventType = 'PROGRESS_UPDATE'): EmitInput => {
    last += 1;
    const message = `Step ${last}`;
    return { eventId: `step-${last}`, taskId: id, eventType, component: 'camina', stage: 'ANALYSIS', message };
  };
  const record = async (eventType?: string): Promise<number> => {
    await emitter.emitUntilAcknowledged(event(eventType));
    return last;
  };
  return {
    id,
    event: () => event(),
    record: async () => record(),
    end: async () => record('TASK_COMPLETED'),
    last: () => last,
  };
}

async function cut(how: Exclude<Break, 'mid-frame'>, proxy: TcpProxy, server: ServerProcess): Promise<void> {
  if (how === 'restart') return server.restart();
  for (const connection of proxy.connections()) {
    if (how === 'reset') connection.reset();
    else connection.cleanClose();
  }
}

/** Whatever connection the next frame comes on, only its first bytes arrive. */
async function cutMidFrame(proxy: TcpProxy, record: () => Promise<number>): Promise<number> {
  const done = Promise.withResolvers<void>();
  for (const connection of proxy.connections()) {
    connection.cutMidFrame({ moreBytes: 40, how: 'reset', onCut: () => done.resolve() });
  }
  const sequence = await record();
  await settlesWithin(done.promise, { withinMs: 5_000, what: 'the cut within a frame' });
  return sequence;
}

interface Gate {
  readonly pass: () => Promise<void>;
  open(): void;
  close(): void;
}

function createGate(): Gate {
  let way = Promise.withResolvers<void>();
  way.resolve();
  return {
    pass: async () => way.promise,
    open: () => way.resolve(),
    close() {
      way = Promise.withResolvers();
    },
  };
}
