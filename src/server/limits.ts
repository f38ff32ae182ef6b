/**
 * What one caller may take of the server, so that nobody takes it from the others: connections, requests, messages and
 * what it writes (`write-limits.ts`). All but the count of all connections, and of one socket's operations, are for
 * callers that are told apart: on this machine alone, where nobody has to say who they are, they are off.
 *
 * A limit refuses at once; nothing waits. Whoever is refused is told when to try again.
 */
import type { IncomingMessage } from 'node:http';
import { ANYONE } from '../domain/viewer.ts';
import { networkOf } from '../util/network.ts';
import { Rates } from '../util/rates.ts';
import { createWriteLimits, type CountWrites } from './write-limits.ts';

/** Names of limits, for the operator's metrics. */
export type LimitName =
  | 'connections'
  | 'connectionsPerAddress'
  | 'socketsPerViewer'
  | 'streamsPerViewer'
  | 'requestsPerSecond'
  | 'messagesPerSecond'
  | 'operationsPerSocket'
  | 'emitsPerTask'
  | 'emitsPerViewer';

export interface LimitSettings {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxSocketsPerViewer: number;
  readonly maxStreamsPerViewer: number;
  readonly maxRequestsPerSecond: number;
  readonly maxEmitsPerTask: number;
  readonly maxEmitsPerViewer: number;
}

export interface LimitOptions extends LimitSettings {
  /** Whether callers are told apart. */
  readonly areCallersLimited: boolean;
  /** The proxy before the server says for whom it asks. */
  readonly trustProxy: boolean;
  readonly onRefused: (limit: LimitName) => void;
}

export interface Limits {
  /** A connection that stays: a socket, or an event stream. @returns what gives it back, or why it is refused. */
  connect(request: IncomingMessage): Disposable | Refusal;
  /** The same, once it is known who it is. */
  occupy(kind: 'socket' | 'stream', viewer: object): Disposable | Refusal;
  /** @returns undefined when it may go on. @param caller who asks, for requests that say so. */
  request(request: IncomingMessage, caller?: object): Refusal | undefined;
  /** @returns what counts the messages of one socket; false: too many. */
  messages(): () => boolean;
  refused(limit: LimitName): void;
  readonly countWrites: CountWrites;
}

export interface Refusal {
  readonly refusedBy: LimitName;
  readonly retryAfterMs: number;
}

export function isRefusal(value: Disposable | Refusal): value is Refusal {
  return 'refusedBy' in value;
}

/** When a connection may be had again, nobody knows. */
const TRY_CONNECTING_MS = 5_000;

export function createLimits(options: LimitOptions): Limits {
  const { areCallersLimited, trustProxy, onRefused } = options;
  const byAddress = createOccupancy<string>(options.maxConnectionsPerAddress);
  const sockets = createOccupancy<object>(options.maxSocketsPerViewer);
  const streams = createOccupancy<object>(options.maxStreamsPerViewer);
  const requests = new Rates<object | string>(options.maxRequestsPerSecond);
  let connections = 0;

  function refuse(refusedBy: LimitName, retryAfterMs: number): Refusal {
    onRefused(refusedBy);
    return { refusedBy, retryAfterMs };
  }

  function addressOf({ socket, headers }: IncomingMessage): string {
    const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined;
    const named = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim();
    return networkOf(named || (socket.remoteAddress ?? 'unknown'));
  }

  function take<Key>(rates: Rates<Key>, key: Key, limit: LimitName): Refusal | undefined {
    const waitMs = rates.take(key);
    return waitMs === undefined ? undefined : refuse(limit, waitMs);
  }

  return {
    connect(request) {
      if (connections >= options.maxConnections) return refuse('connections', TRY_CONNECTING_MS);
      const ofAddress = areCallersLimited ? byAddress.enter(addressOf(request)) : NOTHING;
      if (ofAddress === undefined) return refuse('connectionsPerAddress', TRY_CONNECTING_MS);
      connections += 1;
      return once(() => {
        connections -= 1;
        ofAddress[Symbol.dispose]();
      });
    },
    occupy(kind, viewer) {
      // Strangers are told apart by their addresses alone.
      if (!areCallersLimited || viewer === ANYONE) return NOTHING;
      const entered = (kind === 'socket' ? sockets : streams).enter(viewer);
      return entered ?? refuse(kind === 'socket' ? 'socketsPerViewer' : 'streamsPerViewer', TRY_CONNECTING_MS);
    },
    request(request, caller) {
      if (!areCallersLimited) return undefined;
      const key = caller === undefined || caller === ANYONE ? addressOf(request) : caller;
      return take(requests, key, 'requestsPerSecond');
    },
    messages() {
      const socket = {};
      return () => !areCallersLimited || take(requests, socket, 'messagesPerSecond') === undefined;
    },
    refused: onRefused,
    countWrites: areCallersLimited ? createWriteLimits(options) : (writers) => writers,
  };
}

interface Occupancy<Key> {
  /** @returns what leaves again; undefined when as many as may be are in. */
  enter(key: Key): Disposable | undefined;
}

function createOccupancy<Key>(max: number): Occupancy<Key> {
  const counts = new Map<Key, number>();
  return {
    enter(key) {
      const count = counts.get(key) ?? 0;
      if (count >= max) return undefined;
      counts.set(key, count + 1);
      return once(() => {
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      });
    },
  };
}

function once(release: () => void): Disposable {
  let isReleased = false;
  return {
    [Symbol.dispose]() {
      if (isReleased) return;
      isReleased = true;
      release();
    },
  };
}

const NOTHING: Disposable = Object.freeze({ [Symbol.dispose]: () => undefined });
