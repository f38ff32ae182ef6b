/**
 * Joining late costs nothing: whenever a subscriber attaches, its snapshot and the events after it are the whole
 * story. 500 of them attach at random moments of a stream of 5,000 events, over both transports, each folds what it
 * gets by the rules of the contract, and all arrive at what the server says in the end.
 */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { expect, test } from 'vitest';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { foldOne, progressDifferences } from '../support/fold.ts';
import type { LogEvent, ProgressState } from '../support/fold.ts';
import { checkHistory } from '../support/history.ts';
import { openRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { readProgress, readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { createSseParser } from '../support/sse-parser.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const SUBSCRIBERS = 500;
const EVENTS = 5_000;
/** Most subscribers share sockets, as the pages of one browser do; every fifth has an event stream of its own. */
const SOCKETS = 10;
const MOST_LAG = 400;
const MOST_AT_ONCE = 60;
const TASK = 'attach';

test('500 subscribers attach at random moments of 5,000 events: snapshot and events fold to the final state', async () => {
  const random = openRandom('attach');
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const server = stack.use(await startServer({ store: dir.sqliteStore }));
  const emitter = createEmitter({ url: server.graphqlUrl });
  const sockets = Array.from({ length: SOCKETS }, () => stack.adopt(openSocket(server.origin), (open) => open.leave()));
  const leaving = new AbortController();
  stack.defer(() => leaving.abort());

  const moments = Array.from({ length: SUBSCRIBERS }, () => random.int(0, EVENTS - MOST_AT_ONCE)).toSorted(
    (a, b) => a - b,
  );
  const subscribers: Subscriber[] = [];
  const attachUpTo = (emitted: number): void => {
    while (subscribers.length < SUBSCRIBERS && (moments[subscribers.length] ?? EVENTS) <= emitted) {
      const subscriber = createSubscriber(subscribers.length);
      subscribers.push(subscriber);
      const socket = sockets[subscribers.length % SOCKETS];
      if (subscribers.length % 5 === 0) void readEvents(server.graphqlUrl, subscriber, leaving.signal);
      else socket?.subscribe(subscriber);
    }
  };
  for (let emitted = 0; emitted < EVENTS;) {
    attachUpTo(emitted);
    const batch = nextEvents(emitted, random);
    const [first] = batch;
    emitted += batch.length;
    await emitter.emitUntilAcknowledged(batch.length === 1 && first !== undefined ? first : batch);
    // Neither a backlog that all would only read in one go, nor all in step.
    const near = (one: Subscriber): boolean => one.progress() === undefined || one.at() > emitted - MOST_LAG;
    await waitFor(() => subscribers.every(near), {
      withinMs: 60_000,
      what: () => describeSlowest(subscribers, emitted),
    });
  }
  expect(subscribers).toHaveLength(SUBSCRIBERS);
  await settlesWithin(Promise.all(subscribers.map(({ ended }) => ended)), { withinMs: 60_000, what: 'all ends' });

  const final = await readProgress(server.graphqlUrl, TASK);
  if (final === null) throw new Error('the task is not known');
  expect(final).toMatchObject({ sequence: EVENTS, status: 'COMPLETED' });
  const problems = subscribers.flatMap((subscriber) => subscriber.problemsAgainst(final));
  expect(problems, `seed ${random.seed}`).toEqual([]);
  const log = await readTaskLog(server.graphqlUrl, TASK);
  expect(checkHistory({ taskId: TASK, emits: emitter.history(), log, watchers: [] })).toEqual([]);
  // They did attach in the middle, not all before the first event or after the last.
  expect(new Set(subscribers.map(({ beganAt }) => beganAt())).size).toBeGreaterThan(50);
}, 180_000);

function describeSlowest(subscribers: readonly Subscriber[], emitted: number): string {
  const behind = subscribers.map((one) => emitted - one.at()).toSorted((a, b) => b - a);
  return `the slowest subscribers, of ${subscribers.length}, which are behind by ${behind.slice(0, 10).join(', ')}`;
}

interface Subscriber {
  readonly ended: Promise<void>;
  next(result: unknown): void;
  failed(reason: unknown): void;
  at(): number;
  beganAt(): number | undefined;
  progress(): ProgressState | undefined;
  problemsAgainst(final: ProgressState): readonly string[];
}

/** What is selected below. */
type Update = { readonly __typename: string; readonly progress: ProgressState; readonly event?: LogEvent };

function createSubscriber(index: number): Subscriber {
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined); // Asked for at the end; a failure before that is not forgotten.
  const problems: string[] = [];
  let state: ProgressState | undefined;
  let beganAt: number | undefined;
  let finals = 0;

  const take = ({ __typename: kind, progress, event }: Update): void => {
    if (finals > 0) problems.push(`${kind} after the end`);
    if (kind === 'TaskSnapshot') {
      if (state !== undefined) problems.push('a second snapshot');
      state = progress;
      beganAt = progress.sequence;
    } else if (kind === 'TaskEventRecorded' && state !== undefined && event !== undefined) {
      if (event.sequence !== state.sequence + 1) problems.push(`event ${event.sequence} after ${state.sequence}`);
      state = foldOne(state, event);
      problems.push(...progressDifferences(progress, state));
    } else if (kind === 'TaskEnded') {
      finals += 1;
      ended.resolve();
    } else problems.push(`an unexpected ${kind}`);
  };
  return {
    ended: ended.promise,
    next(result) {
      const { data } = result as { data?: { taskUpdates: Update } | null }; // The selection below made it so.
      if (data === undefined || data === null) return ended.reject(new Error(JSON.stringify(result)));
      take(data.taskUpdates);
    },
    failed: (reason) => ended.reject(reason instanceof Error ? reason : new Error(JSON.stringify(reason))),
    at: () => state?.sequence ?? 0,
    beganAt: () => beganAt,
    progress: () => state,
    problemsAgainst(final) {
      const missing = state === undefined ? ['no snapshot'] : progressDifferences(state, final);
      return [...problems, ...missing].map((problem) => `subscriber ${index}: ${problem}`);
    },
  };
}

const SUBSCRIBE = `subscription ($taskId: ID!) {
  taskUpdates(taskId: $taskId) {
    __typename
    progress { sequence overallProgress }
    ... on TaskSnapshot {
      progress { status stage displayProgress components { name status progress stage message } }
    }
    ... on TaskEventRecorded { event { sequence eventType component stage message progress } }
  }
}`;

interface Socket {
  subscribe(subscriber: Subscriber): void;
  leave(): Promise<void>;
}

function openSocket(origin: string): Socket {
  const url = `${origin.replace('http', 'ws')}/graphql`;
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazyCloseTimeout: 1_000 });
  return {
    subscribe(subscriber) {
      const { next, failed: error } = subscriber;
      const complete = (): void => undefined;
      client.subscribe({ query: SUBSCRIBE, variables: { taskId: TASK } }, { next, error, complete });
    },
    leave: async () => client.dispose(),
  };
}

async function readEvents(url: string, subscriber: Subscriber, signal: AbortSignal): Promise<void> {
  try {
    const variables = JSON.stringify({ taskId: TASK });
    const response = await fetch(`${url}?${new URLSearchParams({ query: SUBSCRIBE, variables })}`, {
      headers: { accept: 'text/event-stream' },
      signal,
    });
    const parser = createSseParser();
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      for (const { type, data } of parser.push(decoder.decode(chunk, { stream: true }))) {
        if (type === 'next') subscriber.next(JSON.parse(data));
      }
    }
  } catch (error) {
    subscriber.failed(error);
  }
}

/** A single event or a batch; the last one completes the task. */
function nextEvents(emitted: number, random: Random): readonly EmitInput[] {
  const size = Math.min(random.pick([1, random.int(2, MOST_AT_ONCE)]), EVENTS - emitted);
  return Array.from({ length: size }, (_, index) => {
    const number = emitted + index + 1;
    return {
      eventId: `event-${number}`,
      taskId: TASK,
      eventType: number === EVENTS ? 'TASK_COMPLETED' : random.pick(['PROGRESS_UPDATE', 'WARNING', 'DATA_PROCESSING']),
      component: `component-${random.int(1, 8)}`,
      stage: random.pick(['DATA_GATHERING', 'ANALYSIS', 'SYNTHESIS']),
      message: `step ${number}`,
      progress: random.pick([null, 0, random.next(), 1]),
    };
  });
}
