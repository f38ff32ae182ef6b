/**
 * The tab's side: its subscriptions through one port of the shared worker. A worker may die with the tab that it lives
 * in, and its ports do not tell; so a worker that falls silent is taken for dead, within 750 ms. Who subscribed hears
 * that the connection broke, and resumes over another link.
 */
import { ConnectionClosedError, ConnectionFailedError } from '../errors.ts';
import type { StreamRequest, StreamSink } from '../transport.ts';
import { fromWireError, listen, PROTOCOL, type FromTab, type FromWorker, type Port, type Target } from './protocol.ts';

export interface LinkOptions {
  readonly port: Port;
  /** The worker is there, and understands us. */
  readonly onShared: (hello: Extract<FromWorker, { type: 'hello' }>) => void;
  /** Nothing more comes, and nothing can be subscribed any more. `failure` says why it never was a link. */
  readonly onEnd: (failure: LinkFailure | undefined) => void;
  /** How long a worker may take to begin. */
  readonly startWithinMs?: number | undefined;
  /** A worker that says nothing for `maxMissed` whole ticks is dead. It pings every 200 ms. */
  readonly tickMs?: number;
  readonly maxMissed?: number;
}

export type LinkFailure = 'blocked' | 'silent' | 'other-release';

export interface LinkSink extends StreamSink {
  /** There is no worker to share: in place of an error. */
  notShared(): void;
}

export interface Link extends Disposable {
  subscribe(target: Promise<Target>, request: StreamRequest, sink: LinkSink): () => void;
  /** The page goes, or is put away; if it comes back, it hears that the link has ended. */
  bye(): void;
  /** The worker could not be started. */
  fail(why: LinkFailure): void;
  /** Another worker has begun. */
  lose(): void;
}

export function createLink(options: LinkOptions): Link {
  const { port, onShared, onEnd, startWithinMs = 10_000, tickMs = 250, maxMissed = 2 } = options;
  const sinks = new Map<number, LinkSink>();
  /** The worker knows of them, and so has somebody to ping. */
  const asked = new Set<number>();
  let ids = 0;
  let isShared = false;
  let hasEnded = false;
  let missed = 0;
  let ticking: ReturnType<typeof setInterval> | undefined;
  const starting = setTimeout(() => fail('silent'), startWithinMs);

  const post = (message: FromTab): void => port.postMessage(message);

  /** Counts turns, not time: after a pause of the page, what has arrived meanwhile is read before the next tick. */
  function tick(): void {
    missed += 1;
    if (missed > maxMissed) lose();
  }

  function updateTicking(): void {
    if (isShared && !hasEnded && asked.size > 0) ticking ??= startTicking();
    else {
      clearInterval(ticking);
      ticking = undefined;
    }
  }

  function startTicking(): ReturnType<typeof setInterval> {
    missed = 0;
    return setInterval(tick, tickMs);
  }

  /** Returns the sink for its last word; nothing for who has left. */
  function remove(id: number): LinkSink | undefined {
    const sink = sinks.get(id);
    sinks.delete(id);
    asked.delete(id);
    updateTicking();
    return sink;
  }

  function end(failure: LinkFailure | undefined, say: (sink: LinkSink) => void): void {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(starting);
    const left = [...sinks.values()];
    sinks.clear();
    asked.clear();
    updateTicking();
    // For a worker that was but slow.
    post({ type: 'bye' });
    port.close();
    onEnd(failure);
    for (const sink of left) say(sink);
  }

  function fail(why: LinkFailure): void {
    // Once it was there, it is not the page's rules that ended it.
    if (isShared) lose();
    else end(why, (sink) => sink.notShared());
  }

  function lose(): void {
    const error = new ConnectionFailedError('The connection that the tabs share broke.');
    end(undefined, (sink) => sink.error(error));
  }

  function onHello(hello: Extract<FromWorker, { type: 'hello' }>): void {
    if (hello.protocol !== PROTOCOL) return fail('other-release');
    clearTimeout(starting);
    isShared = true;
    updateTicking();
    onShared(hello);
  }

  listen<FromWorker>(port, (message) => {
    if (hasEnded) return;
    missed = 0;
    if (message.type === 'hello') onHello(message);
    if (message.type === 'ping') post({ type: 'pong', count: message.count });
    if (message.type === 'released') lose();
    if (message.type === 'connected') sinks.get(message.id)?.connected();
    if (message.type === 'next') sinks.get(message.id)?.next(message.result);
    if (message.type === 'complete') remove(message.id)?.complete();
    if (message.type === 'error') remove(message.id)?.error(fromWireError(message.error));
  });

  return {
    subscribe(target, request, sink) {
      ids += 1;
      const id = ids;
      sinks.set(id, sink);
      target.then(
        (target) => {
          if (!sinks.has(id)) return;
          post({ type: 'subscribe', id, target, request });
          asked.add(id);
          updateTicking();
        },
        (cause: unknown) => remove(id)?.error(new ConnectionFailedError('There are no headers.', { cause })),
      );
      return () => {
        if (remove(id) !== undefined) post({ type: 'unsubscribe', id });
      };
    },
    bye: () => post({ type: 'bye' }),
    fail,
    lose,
    [Symbol.dispose]: () => end(undefined, (sink) => sink.error(new ConnectionClosedError())),
  };
}
