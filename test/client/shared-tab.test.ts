/** Tabs and their worker, over real ports and a real socket: one connection, and nobody's silence harms the others. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createConnection } from '../../src/client/connection.ts';
import { watchTask, type ConnectionState, type TaskUpdate, type WatchTaskOptions } from '../../src/client/index.ts';
import {
  createSharedConnection,
  type SharedConnection,
  type SharedConnectionOptions,
} from '../../src/client/shared-tab.ts';
import { createHub, type Hub, type HubOptions } from '../../src/client/shared-tab/hub.ts';
import type { Begun, FromWorker, Port } from '../../src/client/shared-tab/protocol.ts';
import { waitFor } from '../support/wait-for.ts';
import { openScriptedServer, type Asked, type ScriptedServer } from './scripted-server.ts';
import { ended, recorded } from './updates.ts';

const CHANNEL = 'drumline shared-tab test';

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => stack.disposeAsync());

/** A server that tells each subscription all events from its cursor up to `upTo`, and then the end. */
async function openStory(upTo: number, script?: (asked: Asked, after: number) => boolean): Promise<ScriptedServer> {
  return stack.use(
    await openScriptedServer((asked) => {
      const { after: cursor } = asked.variables;
      const after = typeof cursor === 'string' ? Number(cursor.slice(1)) : 0;
      if (script?.(asked, after) === true) return;
      for (let sequence = after + 1; sequence <= upTo; sequence += 1) send(asked, recorded(sequence));
      send(asked, ended(upTo));
    }),
  );
}

function send(asked: Asked, taskUpdates: TaskUpdate): void {
  asked.next({ taskUpdates });
}

function openHub(options: Partial<HubOptions> = {}): Hub {
  return createHub({
    worker: 'the first',
    channel: CHANNEL,
    openTransport: (target) => createConnection(target).transport,
    lingerMs: 0,
    ...options,
  });
}

/** A tab's end of a channel to that worker, and the worker's. */
function openChannel(): { readonly tab: MessagePort; readonly worker: MessagePort } {
  const { port1: tab, port2: worker } = new MessageChannel();
  stack.defer(() => {
    tab.close();
    worker.close();
  });
  return { tab, worker };
}

function openTab(
  options: Omit<SharedConnectionOptions, 'worker'>,
  port: () => Port,
  onWorkerError: (fail: () => void) => void = () => {},
): SharedConnection {
  const worker = () => ({
    port: port(),
    addEventListener: (_type: 'error', listener: (event: object) => void) => onWorkerError(() => listener({})),
  });
  return stack.use(createSharedConnection({ ...options, worker }));
}

function join(hub: Hub): Port {
  const { tab, worker } = openChannel();
  hub.accept(worker);
  return tab;
}

async function collect(
  connection: SharedConnection,
  options: Partial<Omit<WatchTaskOptions, 'url' | 'connection'>> = {},
): Promise<string[]> {
  const seen: string[] = [];
  for await (const { cursor } of watchTask({ taskId: 't', random: () => 0, ...options, connection })) seen.push(cursor);
  return seen;
}

const upTo = (count: number): string[] => [...Array.from({ length: count }, (_, at) => `c${at + 1}`), `c${count}`];

describe('tabs share', () => {
  test('one connection, each with what it asked for, and close it with the last', async () => {
    const server = await openStory(0, () => true);
    const hub = openHub();
    const watching = Array.from({ length: 8 }, (_, index) => {
      const tab = openTab({ url: server.url }, () => join(hub));
      return { tab, seen: collect(tab, { taskId: `t${index}` }) };
    });
    await waitFor(() => server.asked.length === 8, { withinMs: 5_000, what: 'all subscriptions' });
    expect(server.openConnections()).toBe(1);
    expect(watching.map(({ tab }) => tab.sharing)).toEqual(watching.map(() => ({ kind: 'shared' })));
    for (const [index, asked] of server.asked.entries()) {
      for (let sequence = 1; sequence <= index + 1; sequence += 1) send(asked, recorded(sequence));
      send(asked, ended(index + 1));
    }
    expect(await Promise.all(watching.map(async ({ seen }) => seen))).toEqual(
      watching.map((_, index) => upTo(index + 1)),
    );
    await waitFor(() => server.openConnections() === 0, { withinMs: 5_000, what: 'the connection to close' });
  });

  test('also when it takes long to know the headers', async () => {
    const server = await openStory(0, () => true);
    const hub = openHub();
    let links = 0;
    // Twice as long as a worker may be silent before it is taken for dead.
    const headers = async (): Promise<Record<string, string>> =>
      new Promise((resolve) => setTimeout(resolve, 1_500, {}));
    const seen = collect(
      openTab({ url: server.url, headers }, () => {
        links += 1;
        return join(hub);
      }),
    );
    await waitFor(() => server.asked.length === 1, { withinMs: 10_000, what: 'the subscription' });
    const [asked] = server.asked;
    if (asked !== undefined) send(asked, recorded(1));
    if (asked !== undefined) send(asked, ended(1));
    expect(await seen).toEqual(upTo(1));
    expect(links).toBe(1);
  });

  test.each([
    [
      'the same headers',
      [
        { authorization: 'a', b: '1' },
        { b: '1', authorization: 'a' },
      ],
      1,
    ],
    ['other headers', [{ authorization: 'a' }, { authorization: 'b' }], 2],
  ])('with %s', async (_name, headers, connections) => {
    const server = await openStory(0, () => true);
    const hub = openHub();
    for (const each of headers) {
      const seen = collect(openTab({ url: server.url, headers: each }, () => join(hub)));
      // Closed with the test.
      seen.catch(() => undefined);
    }
    await waitFor(() => server.asked.length === 2, { withinMs: 5_000, what: 'both subscriptions' });
    expect(server.openConnections()).toBe(connections);
  });

  test('until one disposes its connection: what it watched is left at once', async () => {
    const server = await openStory(0, () => true);
    // Not for want of an answer to a ping.
    const tab = openTab({ url: server.url }, () => join(openHub({ pingMs: 60_000 })));
    const seen = collect(tab);
    await waitFor(() => server.asked.length === 1, { withinMs: 5_000, what: 'the subscription' });
    tab[Symbol.dispose]();
    await expect(seen).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(collect(tab)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await waitFor(() => server.openConnections() === 0, { withinMs: 5_000, what: 'the connection to close' });
  });

  test('a token that its tab renews, after the old one has expired', async () => {
    const server = await openStory(2, (asked) => {
      if (asked.connection > 1) return false;
      asked.error('TOKEN_EXPIRED');
      return true;
    });
    let token = 0;
    const headers = async () => ({ authorization: `Bearer ${(token += 1)}` });
    const hub = openHub({ lingerMs: 60_000 });
    expect(await collect(openTab({ url: server.url, headers }, () => join(hub)))).toEqual(upTo(2));
    expect(server.asked.map(({ connection }) => connection)).toEqual([1, 2]);
  });
});

describe('what ends a stream comes through', () => {
  test('a refusal, with its code', async () => {
    const server = await openStory(0, (asked) => {
      asked.error('TASK_NOT_FOUND', 'no such task');
      return true;
    });
    const seen = collect(openTab({ url: server.url }, () => join(openHub())));
    await expect(seen).rejects.toMatchObject({ name: 'OperationFailedError', code: 'TASK_NOT_FOUND' });
  });

  test('a close that is final, with its status', async () => {
    const server = await openStory(0, (asked) => {
      asked.close(4401);
      return true;
    });
    const seen = collect(openTab({ url: server.url }, () => join(openHub())));
    await expect(seen).rejects.toMatchObject({ name: 'ConnectionFailedError', status: 4401 });
  });

  test('headers that cannot be had: they are asked for again', async () => {
    const server = await openStory(1);
    let asked = 0;
    const headers = () => {
      asked += 1;
      if (asked === 1) throw new Error('not signed in yet');
      return {};
    };
    expect(await collect(openTab({ url: server.url, headers }, () => join(openHub())))).toEqual(upTo(1));
  });

  test('a cut: the stream goes on after the last cursor', async () => {
    const server = await openStory(4, (asked) => {
      if (asked.connection > 1) return false;
      send(asked, recorded(1));
      send(asked, recorded(2));
      asked.cut();
      return true;
    });
    const states: ConnectionState[] = [];
    const onConnection = (state: ConnectionState) => void states.push(state);
    expect(
      await collect(
        openTab({ url: server.url }, () => join(openHub())),
        { onConnection },
      ),
    ).toEqual(upTo(4));
    expect(states).toContainEqual({ kind: 'connected', transport: 'shared-tab' });
  });
});

describe('a tab that does not answer', () => {
  test('is released, and what it subscribed to is left', async () => {
    const server = await openStory(0, () => true);
    const heard: FromWorker['type'][] = [];
    const port = join(openHub({ pingMs: 5, maxMissed: 4 }));
    // It subscribes, and never says a word again.
    port.addEventListener('message', (event) => 'data' in event && heard.push((event.data as FromWorker).type));
    port.start();
    const target = { url: server.url, headers: {}, connectTimeoutMs: undefined, transport: undefined };
    port.postMessage({ type: 'subscribe', id: 1, target, request: { query: 'subscription { x }', variables: {} } });
    await waitFor(() => heard.includes('released'), { withinMs: 5_000, what: 'the release' });
    await waitFor(() => server.openConnections() === 0, { withinMs: 5_000, what: 'the connection to close' });
  });

  test('for it was frozen, resumes when it comes back', async () => {
    const server = await openStory(5, (asked, after) => {
      if (after >= 2) return false;
      send(asked, recorded(1));
      send(asked, recorded(2));
      return true;
    });
    const hub = openHub({ pingMs: 5, maxMissed: 4 });
    const ports: FreezablePort[] = [];
    const tab = openTab({ url: server.url }, () => {
      const port = freezable(join(hub));
      ports.push(port);
      return port;
    });
    const seen = collect(tab);
    await waitFor(() => server.asked.length === 1, { withinMs: 5_000, what: 'the subscription' });
    ports[0]?.freeze();
    await waitFor(() => server.openConnections() === 0, { withinMs: 5_000, what: 'the release' });
    ports[0]?.thaw();
    expect(await seen).toEqual(upTo(5));
    expect(ports).toHaveLength(2);
  });

  test('for it has fallen too far behind, is released, and has it all in the end', async () => {
    const total = 400;
    const server = await openStory(total);
    const hub = openHub({ maxUnread: 50 });
    const tab = openTab({ url: server.url }, () => join(hub));
    expect(await collect(tab)).toEqual(upTo(total));
    expect(server.asked.length).toBeGreaterThan(1);
  });
});

describe('a worker that dies without a word', () => {
  test('is noticed, and the next one goes on after the last cursor, within 2 s', async () => {
    const server = await openStory(3, (asked) => {
      if (server.asked.length > 1) return false;
      send(asked, recorded(1));
      return true;
    });
    const ports: FreezablePort[] = [];
    const hubs = [openHub(), openHub()];
    const tab = openTab({ url: server.url }, () => {
      const port = freezable(join(hubs[ports.length] ?? openHub()));
      ports.push(port);
      return port;
    });
    const seen = collect(tab);
    await waitFor(() => server.asked.length === 1, { withinMs: 5_000, what: 'the subscription' });
    const since = performance.now();
    ports[0]?.freeze();
    expect(await seen).toEqual(upTo(3));
    expect(performance.now() - since).toBeLessThan(2_000);
    expect(tab.sharing).toEqual({ kind: 'shared' });
  });

  test('is known to be dead when its successor begins', async () => {
    const server = await openStory(3, () => server.asked.length === 1);
    const hubs = [openHub(), openHub({ worker: 'the second' })];
    let joined = 0;
    const tab = openTab({ url: server.url }, () => {
      joined += 1;
      return join(hubs[joined - 1] ?? openHub());
    });
    const seen = collect(tab);
    await waitFor(() => server.asked.length === 1, { withinMs: 5_000, what: 'the subscription' });
    const news = new BroadcastChannel(CHANNEL);
    stack.defer(() => news.close());
    // The first still pings, so nothing else can tell.
    const begun: Begun = { worker: 'the second' };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- That is for windows.
    news.postMessage(begun);
    expect(await seen).toEqual(upTo(3));
    expect(joined).toBe(2);
  });
});

describe('where there is nothing to share, a tab has a connection of its own and says why', () => {
  test.each([
    [
      'unsupported',
      () => {
        throw new ReferenceError('SharedWorker is not defined');
      },
    ],
    ['silent', () => openChannel().tab],
    [
      'other-release',
      () => {
        const { tab, worker: port } = openChannel();
        port.postMessage({ type: 'hello', protocol: 0, worker: '', channel: CHANNEL } satisfies FromWorker);
        return tab;
      },
    ],
  ])('%s', async (reason, port) => {
    const server = await openStory(2);
    const tab = openTab({ url: server.url, connectTimeoutMs: 500 }, port);
    expect(tab.sharing).toEqual({ kind: 'pending' });
    const states: ConnectionState[] = [];
    const onConnection = (state: ConnectionState) => void states.push(state);
    expect(await collect(tab, { onConnection })).toEqual(upTo(2));
    expect(tab.sharing).toEqual({ kind: 'alone', reason });
    expect(states).toEqual([{ kind: 'connecting' }, { kind: 'connected', transport: 'websocket' }]);
  });

  test('blocked', async () => {
    const server = await openStory(2);
    const tab = openTab(
      { url: server.url },
      () => openChannel().tab,
      (fail) => setImmediate(fail),
    );
    expect(await collect(tab)).toEqual(upTo(2));
    expect(tab.sharing).toEqual({ kind: 'alone', reason: 'blocked' });
  });
});

test('a URL that is none is refused at once', () => {
  expect(() => openTab({ url: 'ftp://x/graphql' }, () => openChannel().tab)).toThrow(TypeError);
});

interface FreezablePort extends Port {
  /** Nothing arrives, as in a tab that the browser has put to sleep. */
  freeze(): void;
  /** All of it arrives now. */
  thaw(): void;
}

function freezable(port: Port): FreezablePort {
  let frozen: (() => void)[] | undefined;
  return {
    postMessage: (message) => frozen === undefined && port.postMessage(message),
    addEventListener(type, listener) {
      port.addEventListener(type, (event) => {
        if (frozen === undefined) listener(event);
        else frozen.push(() => listener(event));
      });
    },
    start: () => port.start(),
    close: () => port.close(),
    freeze() {
      frozen = [];
    },
    thaw() {
      const waiting = frozen ?? [];
      frozen = undefined;
      for (const each of waiting) each();
    },
  };
}
