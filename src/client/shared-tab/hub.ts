/**
 * The worker's side: the subscriptions of all tabs over one connection for each server and caller. A port does not
 * tell that its tab has crashed or was frozen, so tabs are pinged. One that does not answer is released, and resumes
 * from its cursors when it comes back. Messages need no timer in the tab, so a tab in the background answers in time.
 */
import type { Transport } from '../transport.ts';
import { listen, PROTOCOL, toWireError, type FromTab, type FromWorker, type Port, type Target } from './protocol.ts';

export interface HubOptions {
  /** Different for each life of the worker. */
  readonly worker: string;
  /** The BroadcastChannel on which the next worker will say that it has begun. */
  readonly channel: string;
  readonly openTransport: (target: Target) => Transport;
  readonly pingMs?: number;
  /** A tab that has left so many pings unanswered is gone. */
  readonly maxMissed?: number;
  /** How many results a tab may be behind before it is released. */
  readonly maxUnread?: number;
  /** How long a connection that nobody uses is remembered: after a break, its users come back one by one. */
  readonly lingerMs?: number;
}

export interface Hub {
  accept(port: Port): void;
}

export function createHub(options: HubOptions): Hub {
  const { worker, channel, pingMs = 200, maxMissed = 50, maxUnread = 10_000 } = options;
  const pool = createPool(options);

  return {
    accept(port) {
      const subscriptions = new Map<number, () => void>();
      let pinging: ReturnType<typeof setInterval> | undefined;
      let missed = 0;
      let posted = 0;
      let read = 0;

      const post = (message: FromWorker): void => port.postMessage(message);

      function ping(): void {
        post({ type: 'ping', count: posted });
      }

      function check(): void {
        missed += 1;
        if (missed > maxMissed) release();
        else ping();
      }

      function leave(id: number): void {
        subscriptions.get(id)?.();
        subscriptions.delete(id);
        if (subscriptions.size > 0) return;
        clearInterval(pinging);
        pinging = undefined;
      }

      function release(): void {
        for (const id of subscriptions.keys()) leave(id);
        post({ type: 'released' });
        port.close();
      }

      function subscribe({ id, target, request }: Extract<FromTab, { type: 'subscribe' }>): void {
        pinging ??= setInterval(check, pingMs);
        const { transport, giveBack } = pool.take(target);
        const end = (message: FromWorker): void => {
          leave(id);
          post(message);
        };
        // Before it is there, there is nothing to leave; and it may end at once.
        subscriptions.set(id, giveBack);
        const unsubscribe = transport.subscribe(request, {
          connected: () => post({ type: 'connected', id }),
          next(result) {
            post({ type: 'next', id, result });
            posted += 1;
            if (posted - read >= maxUnread) release();
            else if (posted % Math.ceil(maxUnread / 10) === 0) ping();
          },
          complete: () => end({ type: 'complete', id }),
          error: (error) => end({ type: 'error', id, error: toWireError(error) }),
        });
        if (!subscriptions.has(id)) return unsubscribe();
        subscriptions.set(id, () => {
          unsubscribe();
          giveBack();
        });
      }

      listen<FromTab>(port, (message) => {
        missed = 0;
        if (message.type === 'subscribe') subscribe(message);
        if (message.type === 'unsubscribe') leave(message.id);
        if (message.type === 'pong') read = message.count;
        if (message.type === 'bye') release();
      });
      post({ type: 'hello', protocol: PROTOCOL, worker, channel });
    },
  };
}

interface Pool {
  take(target: Target): { readonly transport: Transport; readonly giveBack: () => void };
}

function createPool({ openTransport, lingerMs = 60_000 }: HubOptions): Pool {
  interface Entry {
    readonly transport: Transport;
    users: number;
    forgetting?: ReturnType<typeof setTimeout> | undefined;
  }
  const entries = new Map<string, Entry>();
  return {
    take(target) {
      const key = keyOf(target);
      const entry = entries.get(key) ?? { transport: openTransport(target), users: 0 };
      entries.set(key, entry);
      entry.users += 1;
      clearTimeout(entry.forgetting);
      return {
        transport: entry.transport,
        giveBack() {
          entry.users -= 1;
          if (entry.users > 0) return;
          entry.forgetting = setTimeout(() => {
            entries.delete(key);
            entry.transport[Symbol.dispose]();
          }, lingerMs);
        },
      };
    },
  };
}

function keyOf({ url, headers, connectTimeoutMs, transport }: Target): string {
  const sorted = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([url, sorted, connectTimeoutMs, transport]);
}
