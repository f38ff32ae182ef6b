/**
 * A watcher over `graphql-transport-ws`, by the graphql-ws client as it is published. It re-sends the payload object
 * it was given after each reconnect, so the cursor in it is kept up to date in place.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { choose } from './choice.ts';
import { WATCH } from './watcher.ts';
import type { Recorder, Watcher, WatcherOptions } from './watcher.ts';

export function openWsWatcher(options: WatcherOptions, recorder: Recorder): Watcher {
  const { origin, taskId, replay = false, silenceMs = 20_000, retryMs = 10 } = options;
  const watchdog = createWatchdog(silenceMs);
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined); // A test that does not ask for the end must not fail over it.

  const client = createClient({
    url: () => `${choose(origin).replace('http', 'ws')}/graphql`,
    webSocketImpl: watchdog.WebSocket,
    keepAlive: Math.ceil(silenceMs / 3),
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async () => delay(retryMs),
    on: { connected: recorder.connected },
  });
  const variables: { taskId: string; replay: boolean; after?: string } = { taskId, replay };
  const leave = client.subscribe(
    { query: WATCH, variables },
    {
      next(result) {
        try {
          recorder.next(result);
        } catch (error) {
          ended.reject(error);
        }
        if (recorder.cursor !== undefined) variables.after = recorder.cursor;
      },
      error: (error) => ended.reject(toError(error)),
      complete() {
        if (!recorder.sawEnd) return ended.reject(new Error('completed without TaskEnded'));
        recorder.completed();
        ended.resolve();
      },
    },
  );

  return {
    name: recorder.name,
    get connects() {
      return recorder.connects;
    },
    get at() {
      return recorder.at;
    },
    frames: recorder.frames,
    record: recorder.record,
    ended: ended.promise,
    pathDied: watchdog.terminate,
    async [Symbol.asyncDispose]() {
      leave();
      // Not awaited: with a server that is gone there is no connection to wait for.
      void Promise.resolve(client.dispose()).catch(() => undefined);
      watchdog.stop();
    },
  };
}

interface Watchdog {
  /** For the client, which asks for no more than a class. */
  readonly WebSocket: unknown;
  readonly terminate: () => void;
  readonly stop: () => void;
}

/** Ends the current socket, as hard as a network does, when nothing came through it for too long. */
function createWatchdog(silenceMs: number): Watchdog {
  let current: WebSocket | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const terminate = (): void => current?.terminate();
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(terminate, silenceMs);
  };
  const watch = (socket: WebSocket): void => {
    current = socket;
    socket.on('open', heard);
    socket.on('message', heard);
    socket.on('close', () => current === socket && clearTimeout(timer));
    if (stopped) socket.terminate();
  };
  class Watched extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { handshakeTimeout: silenceMs, perMessageDeflate: false });
      // Terminating a socket that is still connecting is an error event, and the client has let go of its handler.
      this.on('error', () => undefined);
      watch(this);
    }
  }
  return {
    WebSocket: Watched,
    terminate,
    stop() {
      stopped = true;
      clearTimeout(timer);
      terminate();
    },
  };
}

/** The sink gets an error, a list of GraphQL errors, or the event of a close that is fatal. */
function toError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  if (typeof reason === 'object' && reason !== null && 'code' in reason) {
    return new Error(`the socket was closed for good: ${String(reason.code)}`, { cause: reason });
  }
  return new Error(JSON.stringify(reason), { cause: reason });
}
