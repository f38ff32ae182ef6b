/** Stores: a stream is followed while somebody listens, and told of no faster than a screen can show it. */
import { describe, expect, test } from 'vitest';
import {
  createStore,
  observationsStore,
  taskEventsStore,
  tasksStore,
  taskStore,
  type Store,
  type TaskStoreOptions,
  type TaskUpdate,
} from '../../src/client/index.ts';
import { dataOf, startApp, TASK } from '../support/app.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { openScriptedServer, type Asked, type ScriptedServer } from './scripted-server.ts';
import { at, componentOf, ended, gap, recorded, snapshot } from './updates.ts';

const OBSERVE = `mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { observation { id } } }`;

function send(asked: Asked, ...updates: readonly TaskUpdate[]): void {
  for (const taskUpdates of updates) asked.next({ taskUpdates });
}

function open({ url }: ScriptedServer, rest: Partial<TaskStoreOptions> = {}) {
  return taskStore({ taskId: 't', url, random: () => 0, ...rest });
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  await waitFor(condition, { withinMs: 10_000, what });
}

/** Listens until the snapshot is as it is to be. @returns how to leave. */
async function listenUntil<Snapshot>(store: Store<Snapshot>, isThere: (snapshot: Snapshot) => boolean) {
  const leave = store.subscribe(() => {});
  await until('the snapshot', () => isThere(store.getSnapshot()));
  return leave;
}

describe('who listens', () => {
  test('after an error, in the same turn in which the last left, asks anew', async () => {
    await using server = await openScriptedServer((asked) => {
      if (server.asked.length === 1) asked.error('TASK_DELETED');
      else send(asked, snapshot(1));
    });
    using store = open(server);
    const leave = await listenUntil(store, ({ error }) => error !== undefined);
    leave();
    const again = await listenUntil(store, ({ view }) => view?.cursor === 'c1');
    expect(store.getSnapshot().error).toBeUndefined();
    again();
  });

  test('the first begins the stream, and it ends after the last has left', async () => {
    await using server = await openScriptedServer((asked) => send(asked, snapshot(3)));
    using store = open(server, { graceMs: 20 });
    expect(store.getSnapshot()).toEqual({
      view: undefined,
      gap: undefined,
      error: undefined,
      connection: { kind: 'connecting' },
    });
    const first = await listenUntil(store, ({ view }) => view?.cursor === 'c3');
    const second = store.subscribe(() => {});
    first();
    first();
    expect(store.getSnapshot().connection).toEqual({ kind: 'connected', transport: 'websocket' });
    second();
    await until('the end of the connection', () => server.openConnections() === 0);
    expect(server.asked).toHaveLength(1);
    expect(store.getSnapshot()).toMatchObject({ view: { cursor: 'c3' }, connection: { kind: 'idle' } });
  });

  test('one that leaves and comes back at once keeps the connection', async () => {
    await using server = await openScriptedServer((asked) => send(asked, snapshot(3)));
    using store = open(server, { graceMs: 0 });
    for (let times = 0; times < 100; times += 1) store.subscribe(() => {})();
    const leave = await listenUntil(store, ({ view }) => view !== undefined);
    leave();
    await listenUntil(store, ({ connection }) => connection.kind === 'connected');
    expect(server.asked.map(({ connection }) => connection)).toEqual([1]);
  });

  test('one that comes back later goes on from the cursor', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection === 1) send(asked, snapshot(3, [componentOf('a')]), recorded(4, { component: 'b' }));
      else send(asked, recorded(5, { component: 'c' }));
    });
    using store = open(server, { graceMs: 0 });
    const leave = await listenUntil(store, ({ view }) => view?.cursor === 'c4');
    leave();
    await until('the end of the connection', () => server.openConnections() === 0);
    await listenUntil(store, ({ view }) => view?.cursor === 'c5');
    expect(server.asked.map(({ variables }) => variables['after'])).toEqual([undefined, 'c4']);
    expect([...(store.getSnapshot().view?.components.keys() ?? [])]).toEqual(['a', 'b', 'c']);
  });

  test('whoever shares stores is told when one is not used any more', async () => {
    await using server = await openScriptedServer((asked) => send(asked, ended(1)));
    let unused = 0;
    using store = open(server, { graceMs: 0, onUnused: () => (unused += 1) });
    const leave = await listenUntil(store, ({ connection }) => connection.kind === 'idle');
    expect(unused).toBe(0);
    leave();
    await until('that', () => unused === 1);
  });
});

describe('what is told', () => {
  test('no snapshot without a notification, and no notification without another snapshot', async () => {
    await using server = await openScriptedServer((asked) => {
      send(asked, snapshot(0), ...Array.from({ length: 500 }, (_, index) => recorded(index + 1)), ended(500));
    });
    using store = open(server);
    const seen = new Set([store.getSnapshot()]);
    let told = 0;
    store.subscribe(() => {
      told += 1;
      seen.add(store.getSnapshot());
    });
    let asked: unknown = store.getSnapshot();
    await until('the end', () => {
      // Asked between the notifications.
      asked = store.getSnapshot();
      expect(seen).toContain(asked);
      return store.getSnapshot().connection.kind === 'idle';
    });
    expect(seen.size).toBe(told + 1);
    expect(store.getSnapshot()).toMatchObject({ view: { cursor: 'c500', hasEnded: true } });
  });

  test('at most `maxRate` times a second, the first at once and the last in the end; a snapshot is made for each', async () => {
    const total = 1_000;
    const updates = async function* (): AsyncGenerator<number, void, void> {
      for (let sequence = 1; sequence <= total; sequence += 1) {
        yield sequence;
        if (sequence % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    let made = 0;
    let last = 0;
    const source = () => ({
      watch: updates,
      fold(sequence: number) {
        last = sequence;
        return false;
      },
      state() {
        made += 1;
        return { last };
      },
    });
    const maxRate = 20;
    using store = createStore(source, { maxRate });
    const times: number[] = [];
    const shown: number[] = [];
    store.subscribe(() => {
      times.push(performance.now());
      shown.push(store.getSnapshot().last);
    });
    await until('the last', () => store.getSnapshot().last === total);
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
    // 5 ms for 5 of 1,000: a second at least.
    expect(seconds).toBeGreaterThan(0.9);
    expect(times.length).toBeGreaterThan(5);
    expect(times.length).toBeLessThanOrEqual(seconds * maxRate + 1);
    expect(shown[0]).toBe(1);
    expect(made).toBe(times.length + 1);
  });

  test('the first update is not kept waiting by the news of the connection', async () => {
    await using server = await openScriptedServer((asked) => send(asked, snapshot(1), recorded(2)));
    // Ten minutes between the first and the next.
    using store = open(server, { maxRate: 1 / 600 });
    await listenUntil(store, ({ view }) => view !== undefined);
    expect(store.getSnapshot().view?.cursor).toBe('c1');
  });

  test('a component that is told again without a change is the same object', async () => {
    await using server = await openScriptedServer((asked) => {
      send(asked, snapshot(1, [componentOf('a'), componentOf('b')]), recorded(2, { component: 'b' }));
    });
    using store = open(server);
    await listenUntil(store, ({ view }) => view?.cursor === 'c2');
    const before = store.getSnapshot().view;
    const b = before?.components.get('b');
    if (b === undefined) throw new Error('b is missing');
    const [asked] = server.asked;
    if (asked === undefined) throw new Error('nothing was asked');
    send(asked, ended(2, 'COMPLETED', [componentOf('a'), { ...b, message: 'done' }]));
    await until('the end', () => store.getSnapshot().view?.hasEnded === true);
    const after = store.getSnapshot().view;
    expect(after?.components.get('a')).toBe(before?.components.get('a'));
    expect([b.message, after?.components.get('b')?.message]).toEqual(['event 2', 'done']);
  });

  test('a listener that throws is its own affair: the others and the stream go on', async () => {
    await using server = await openScriptedServer((asked) => send(asked, snapshot(1), recorded(2)));
    using store = open(server, { maxRate: 1_000 });
    using uncaught = catchUncaught();
    const leave = store.subscribe(() => {
      throw new Error('mine');
    });
    await listenUntil(store, ({ view }) => view?.cursor === 'c2');
    leave();
    await until('the error', () => uncaught.errors.length > 0);
    expect(new Set(uncaught.errors.map(String))).toEqual(new Set(['Error: mine']));
    expect(store.getSnapshot()).toMatchObject({ error: undefined, connection: { kind: 'connected' } });
  });
});

describe('an end', () => {
  test('after TaskEnded it rests without a connection, whoever comes', async () => {
    await using server = await openScriptedServer((asked) => send(asked, recorded(1), ended(1)));
    let unused = false;
    using store = open(server, { graceMs: 0, onUnused: () => (unused = true) });
    const leave = await listenUntil(store, ({ connection }) => connection.kind === 'idle');
    await until('the end of the connection', () => server.openConnections() === 0);
    leave();
    await until('the grace', () => unused);
    store.subscribe(() => {});
    expect(store.getSnapshot()).toMatchObject({ view: { hasEnded: true }, error: undefined });
    expect(store.getSnapshot().connection).toEqual({ kind: 'idle' });
    expect(server.asked).toHaveLength(1);
  });

  test('what cannot pass is in the snapshot; who comes after all had left begins anew', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection > 1) return send(asked, snapshot(7));
      send(asked, snapshot(3));
      asked.error('TASK_DELETED');
    });
    let unused = false;
    using store = open(server, { graceMs: 0, onUnused: () => (unused = true) });
    const leave = await listenUntil(store, ({ error }) => error !== undefined);
    expect(store.getSnapshot()).toMatchObject({ error: { code: 'TASK_DELETED' }, view: { cursor: 'c3' } });
    expect(store.getSnapshot().connection).toEqual({ kind: 'idle' });
    store.subscribe(() => {})();
    expect(server.asked).toHaveLength(1);
    leave();
    await until('the grace', () => unused);
    await listenUntil(store, ({ view }) => view?.cursor === 'c7');
    expect(store.getSnapshot().error).toBeUndefined();
    expect(server.asked[1]?.variables['after']).toBeUndefined();
  });

  test('a URL that is none is such an error', async () => {
    using store = taskStore({ taskId: 't', url: 'ftp://x/graphql' });
    await listenUntil(store, ({ error }) => error instanceof TypeError);
    expect(store.getSnapshot().connection).toEqual({ kind: 'idle' });
  });

  test.each(['disposed', 'aborted'] as const)('once %s it stays as it was', async (how) => {
    await using server = await openScriptedServer((asked) => send(asked, snapshot(3)));
    const ending = new AbortController();
    using store = open(server, { signal: ending.signal });
    await listenUntil(store, ({ view }) => view !== undefined);
    if (how === 'disposed') store[Symbol.dispose]();
    else ending.abort();
    await until('the end of the connection', () => server.openConnections() === 0);
    store.subscribe(() => {});
    expect(store.getSnapshot()).toMatchObject({ view: { cursor: 'c3' }, connection: { kind: 'idle' } });
    expect(server.asked).toHaveLength(1);
  });
});

describe('a list of events', () => {
  const sequences = (store: ReturnType<typeof taskEventsStore>) =>
    store.getSnapshot().events.map(({ sequence }) => sequence);

  test('keeps the last, and counts what it let go', async () => {
    await using server = await openScriptedServer((asked) => {
      send(asked, ...Array.from({ length: 25 }, (_, index) => recorded(index + 1)), ended(25));
    });
    using store = taskEventsStore({ taskId: 't', url: server.url, replay: true, keep: 10 });
    await listenUntil(store, ({ hasEnded }) => hasEnded);
    expect(store.getSnapshot()).toMatchObject({ dropped: 15, gap: undefined });
    expect(sequences(store)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  });

  test('after EXPIRED goes on, with the gap told', async () => {
    await using server = await openScriptedServer((asked) => {
      send(asked, recorded(1), gap(5, 'EXPIRED'), recorded(6), ended(6));
    });
    using store = taskEventsStore({ taskId: 't', url: server.url, replay: true });
    await listenUntil(store, ({ hasEnded }) => hasEnded);
    expect(store.getSnapshot()).toMatchObject({ dropped: 0, gap: 'EXPIRED' });
    expect(sequences(store)).toEqual([1, 6]);
    expect(server.asked).toHaveLength(1);
  });

  test('after DIVERGED lists nothing of the other history, and with `replay` reads this one from its beginning', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection === 1) send(asked, recorded(1), recorded(2), recorded(3), gap(2));
      else send(asked, recorded(1, { eventId: 'x1' }), recorded(2, { eventId: 'x2' }), ended(2));
    });
    using store = taskEventsStore({ taskId: 't', url: server.url, replay: true });
    await listenUntil(store, ({ hasEnded }) => hasEnded);
    expect(store.getSnapshot().events.map(({ eventId }) => eventId)).toEqual(['x1', 'x2']);
    expect(store.getSnapshot()).toMatchObject({ dropped: 0, gap: 'DIVERGED', error: undefined });
    expect(server.asked.map(({ variables: { after, replay } }) => ({ after, replay }))).toEqual([
      { after: undefined, replay: true },
      { after: undefined, replay: true },
    ]);
  });

  test('after DIVERGED without `replay` goes on behind the gap', async () => {
    await using server = await openScriptedServer((asked) => {
      send(asked, snapshot(8), recorded(9), gap(2), recorded(3), ended(3));
    });
    using store = taskEventsStore({ taskId: 't', url: server.url });
    await listenUntil(store, ({ hasEnded }) => hasEnded);
    expect(sequences(store)).toEqual([3]);
    expect(server.asked).toHaveLength(1);
  });
});

describe('a list of observations', () => {
  const idsOf = (store: ReturnType<typeof observationsStore>) =>
    store.getSnapshot().observations.map(({ content }) => content);

  test('begins with the last, goes on without a hole, and across a break as well', async () => {
    await using server = await startApp();
    await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
    const say = async (content: string): Promise<unknown> =>
      dataOf(await server.post(OBSERVE, { input: { content, taskId: content === 'aside' ? 'other' : TASK } }));
    for (const content of ['one', 'two', 'aside', 'three']) await say(content);
    using store = observationsStore({
      url: `${proxy.origin}/graphql`,
      random: () => 0,
      taskId: TASK,
      last: 2,
      keep: 3,
    });
    const leave = await listenUntil(store, ({ observations }) => observations.length === 2);
    expect(idsOf(store)).toEqual(['two', 'three']);
    for (const connection of proxy.connections()) connection.reset();
    for (const content of ['four', 'aside', 'five']) await say(content);
    await until('the fifth', () => idsOf(store).includes('five'));
    expect(idsOf(store)).toEqual(['three', 'four', 'five']);
    expect(store.getSnapshot()).toMatchObject({ dropped: 1, gap: undefined, error: undefined });
    leave();
  });

  test('after DIVERGED lists nothing of the other history, and with `last` begins anew', async () => {
    const said = (id: string) => ({
      __typename: 'ObservationRecorded',
      cursor: id,
      observation: { id, timestamp: at(0), content: id, taskId: null, metadata: {} },
    });
    for (const last of [5, undefined]) {
      await using server = await openScriptedServer((asked) => {
        if (asked.connection === 1) {
          asked.next({ observations: said('a') });
          asked.next({ observations: { __typename: 'ObservationGap', cursor: 'g', reason: 'DIVERGED' } });
        }
        asked.next({ observations: said('b') });
      });
      using store = observationsStore({ url: server.url, last });
      const leave = await listenUntil(store, ({ observations }) => observations.at(-1)?.id === 'b');
      expect(idsOf(store)).toEqual(['b']);
      expect(store.getSnapshot()).toMatchObject({ gap: 'DIVERGED' });
      const asked = server.asked.map(({ variables }) => [variables['after'], variables['last']]);
      expect(asked).toEqual(
        last === undefined
          ? [[undefined, undefined]]
          : [
              [undefined, 5],
              [undefined, 5],
            ],
      );
      leave();
    }
  });
});

describe('against the server, across breaks', () => {
  test('a task, its events, a board and observations', async () => {
    await using server = await startApp();
    await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
    const common = { url: `${proxy.origin}/graphql`, random: () => 0, graceMs: 0 };
    using task = taskStore({ ...common, taskId: TASK });
    using events = taskEventsStore({ ...common, taskId: TASK, replay: true });
    using board = tasksStore({ ...common, filter: { taskIdPrefix: TASK } });
    using observations = observationsStore({ ...common });
    const stores = [task, events, board, observations] as const;
    const leave = stores.map((store) => store.subscribe(() => {}));

    await until('the observations to begin', () => observations.getSnapshot().connection.kind === 'connected');
    const total = 40;
    for (let sequence = 1; sequence <= total; sequence += 1) {
      if (sequence % 10 === 0) for (const connection of proxy.connections()) connection.reset();
      await server.emit({ component: `c${sequence % 4}`, message: String(sequence) });
    }
    await until('the task', () => task.getSnapshot().view?.progress.sequence === total);
    await until('its events', () => events.getSnapshot().events.length === total);
    await until('the board', () => board.getSnapshot().view.tasks.get(TASK)?.progress.sequence === total);
    expect(events.getSnapshot().events.map(({ message }) => message)).toEqual(
      Array.from({ length: total }, (_, index) => String(index + 1)),
    );
    expect(Array.from(task.getSnapshot().view?.components.values() ?? [], ({ message }) => message).toSorted()).toEqual(
      ['37', '38', '39', '40'],
    );

    await until('the observations', () => observations.getSnapshot().connection.kind === 'connected');
    await until('an observation', async () => {
      dataOf(await server.post(OBSERVE, { input: { content: 'seen' } }));
      return observations.getSnapshot().observations.length > 0;
    });
    for (const each of leave) each();
    await until('nobody to be followed for', () => server.app.stats().followers === 0);
    for (const store of stores) expect(store.getSnapshot()).toMatchObject({ error: undefined });
  });
});

/** For as long as it lives, errors that nobody caught are not the test's failure. */
function catchUncaught() {
  const errors: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => errors.push(error));
  return {
    errors,
    [Symbol.dispose]() {
      process.removeAllListeners('uncaughtException');
      for (const each of others) process.on('uncaughtException', each);
    },
  };
}
