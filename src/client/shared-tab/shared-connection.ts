/**
 * One connection to the server for all tabs of an origin: a SharedWorker holds it, which browsers have on plain HTTP
 * too, and which lives as long as any tab does. Where there is none, a tab has a connection of its own, and says why.
 */
import { createConnection, type Connection, type ConnectionOptions } from '../connection.ts';
import { toEndpoint } from '../endpoint.ts';
import { ConnectionClosedError } from '../errors.ts';
import { headersOf, type Transport } from '../transport.ts';
import { createLink, type Link, type LinkFailure } from './link.ts';
import type { Begun, Port, Target } from './protocol.ts';

/** As much of the browser's SharedWorker as is needed. */
export interface SharedWorkerLike {
  readonly port: Port;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

export interface SharedConnectionOptions extends ConnectionOptions {
  /** Starts the worker, or joins it: a new `SharedWorker` of the file `drumline/client/shared-tab-worker`. */
  readonly worker: () => SharedWorkerLike;
}

export type Sharing =
  /** Not known before the first watch has asked. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'shared' }
  | {
      readonly kind: 'alone';
      /**
       * `unsupported`: the browser has no SharedWorker. `blocked`: it did not start, e.g. by a content security policy.
       * `silent`: it did not answer in time. `other-release`: a worker of another release runs, from older tabs.
       */
      readonly reason: 'unsupported' | LinkFailure;
    };

export interface SharedConnection extends Connection {
  readonly sharing: Sharing;
}

/**
 * `headers` as a function is asked in the tab, before each subscription. Tabs whose headers differ have connections of
 * their own, in the same worker. Throws TypeError for a URL that is none.
 */
export function createSharedConnection(options: SharedConnectionOptions): SharedConnection {
  const { worker, headers, connectTimeoutMs, transport } = options;
  // A worker would take a relative one for relative to itself.
  const url = toEndpoint(options.url, 'http');
  let sharing: Sharing = { kind: 'pending' };
  let current: Link | undefined;
  let own: Transport | undefined;
  let isClosed = false;

  async function target(): Promise<Target> {
    return { url, headers: { ...(await headersOf(headers)) }, connectTimeoutMs, transport };
  }

  function alone(): Transport {
    own ??= createConnection({ url, headers, connectTimeoutMs, transport }).transport;
    return own;
  }

  /** Nothing where there is no worker to share. */
  function linkUp(): Link | undefined {
    if (sharing.kind === 'alone') return undefined;
    if (current !== undefined) return current;
    let shared: SharedWorkerLike;
    try {
      shared = worker();
    } catch {
      sharing = { kind: 'alone', reason: hasSharedWorkers() ? 'blocked' : 'unsupported' };
      return undefined;
    }
    const leavings: (() => void)[] = [];
    const link = createLink({
      port: shared.port,
      startWithinMs: connectTimeoutMs,
      onShared(hello) {
        sharing = { kind: 'shared' };
        leavings.push(onOtherWorker(hello, link.lose));
      },
      onEnd(failure) {
        if (failure !== undefined) sharing = { kind: 'alone', reason: failure };
        for (const leave of leavings) leave();
        current = undefined;
      },
    });
    shared.addEventListener('error', () => link.fail('blocked'));
    leavings.push(onPageHidden(link.bye));
    current = link;
    return link;
  }

  return {
    get sharing() {
      return sharing;
    },
    renewsHeaders: typeof headers === 'function',
    transport: {
      get name() {
        return sharing.kind === 'alone' ? alone().name : 'shared-tab';
      },
      subscribe(request, sink) {
        if (isClosed) {
          sink.error(new ConnectionClosedError());
          return () => {};
        }
        const link = linkUp();
        if (link === undefined) return alone().subscribe(request, sink);
        let leave = link.subscribe(target(), request, {
          connected: () => sink.connected(),
          next: (result) => sink.next(result),
          complete: () => sink.complete(),
          error: (error) => sink.error(error),
          notShared() {
            leave = alone().subscribe(request, sink);
          },
        });
        return () => leave();
      },
      [Symbol.dispose]: dispose,
    },
    [Symbol.dispose]: dispose,
  };

  function dispose(): void {
    isClosed = true;
    current?.[Symbol.dispose]();
    own?.[Symbol.dispose]();
  }
}

function hasSharedWorkers(): boolean {
  return typeof Reflect.get(globalThis, 'SharedWorker') === 'function';
}

/**
 * The tab in front is the first to notice that a worker has died; its successor tells all the others, whose timers the
 * browser may have slowed to one a minute.
 */
function onOtherWorker({ worker, channel }: Begun & { readonly channel: string }, listener: () => void): () => void {
  const news = new BroadcastChannel(channel);
  news.addEventListener('message', ({ data }: { readonly data: Begun }) => data.worker !== worker && listener());
  return () => news.close();
}

/** Before it is closed, or put away where no code runs. */
function onPageHidden(listener: () => void): () => void {
  const page: EventTarget | undefined = globalThis instanceof EventTarget ? globalThis : undefined;
  page?.addEventListener('pagehide', listener);
  return () => page?.removeEventListener('pagehide', listener);
}
