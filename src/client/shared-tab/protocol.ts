/**
 * What a tab and the shared worker say to each other. Both are of this package and of the page's own origin, so a
 * message is told by its `type` and believed; what differs between releases is told by `PROTOCOL`.
 */
import type { ConnectionOptions } from '../connection.ts';
import { ConnectionFailedError, OperationFailedError, type Issue } from '../errors.ts';
import type { StreamRequest, StreamResult } from '../transport.ts';

/** Raised when a tab and a worker of different releases would misunderstand each other. */
export const PROTOCOL = 1;

/** One end of a MessageChannel: the browser's, or Node's. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: object) => void): void;
  start(): void;
  close(): void;
}

/** To whom, and as whom: subscriptions with equal ones share a connection. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: ConnectionOptions['connectTimeoutMs'];
  readonly transport: ConnectionOptions['transport'];
}

export type FromTab =
  | { readonly type: 'subscribe'; readonly id: number; readonly target: Target; readonly request: StreamRequest }
  | { readonly type: 'unsubscribe'; readonly id: number }
  /** `count` is that of the ping. */
  | { readonly type: 'pong'; readonly count: number }
  /** The tab goes, or is put away. */
  | { readonly type: 'bye' };

export type FromWorker =
  /** `worker` is different for each life of the worker. */
  | { readonly type: 'hello'; readonly protocol: number; readonly worker: string; readonly channel: string }
  | { readonly type: 'connected'; readonly id: number }
  | { readonly type: 'next'; readonly id: number; readonly result: StreamResult }
  | { readonly type: 'complete'; readonly id: number }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  /** `count` results were posted before it. */
  | { readonly type: 'ping'; readonly count: number }
  /** The tab was taken for gone, or said bye: its subscriptions have ended, and the port is closed. */
  | { readonly type: 'released' };

/** Said on a BroadcastChannel by a worker that has just begun: every other one of its kind is dead. */
export interface Begun {
  readonly worker: string;
}

/** A class does not survive the way through a port. */
export type WireError =
  | {
      readonly kind: 'operation';
      readonly code: string;
      readonly message: string;
      readonly issues: readonly Issue[];
      readonly errors: OperationFailedError['errors'];
    }
  | {
      readonly kind: 'connection';
      readonly message: string;
      readonly status: number | undefined;
      readonly retryAfterMs: number | undefined;
    };

export function toWireError(error: Error): WireError {
  const { message } = error;
  if (error instanceof OperationFailedError) {
    return { kind: 'operation', code: error.code, message, issues: error.issues, errors: error.errors };
  }
  const { status, retryAfterMs } = error instanceof ConnectionFailedError ? error : {};
  return { kind: 'connection', message, status, retryAfterMs };
}

export function fromWireError(error: WireError): Error {
  return error.kind === 'operation'
    ? new OperationFailedError(error.code, error.message, error.issues, error.errors)
    : new ConnectionFailedError(error.message, error);
}

/** Calls `listener` with each message. */
export function listen<Message>(port: Port, listener: (message: Message) => void): void {
  port.addEventListener('message', (event) => {
    // The other end is ours: see above.
    if ('data' in event) listener(event.data as Message);
  });
  port.start();
}
