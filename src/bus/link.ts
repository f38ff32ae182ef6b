/**
 * A way to other processes that stays: one connection at a time, made anew after a break. Servers restart, networks
 * fall silent without a word, and client libraries notice late or never; the libraries' own reconnecting differs, and
 * a timeout that every write puts off does not see a server that was stopped. So a link asks one thing only: does what
 * we send come back to us? That is the whole way there is, subscription included (behind a pooler that hands a
 * session to others, LISTEN succeeds and hears nothing). No echo within the time, and the connection is given up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { retryDelayMs } from '../util/retry-delay.ts';

/** One connection, as a driver makes it. */
export interface Connection {
  send(frames: readonly string[]): Promise<unknown>;
  /** At once, whatever is under way. Never throws. */
  close(): void;
}

export interface ConnectionEvents {
  readonly onText: (text: string) => void;
  /** The connection is of no use any more. May be called at any time and again, with the error as it is. */
  readonly onLost: (error: unknown) => void;
  /** Whoever is still connecting when it aborts gives up, and releases what it opened. */
  readonly signal: AbortSignal;
}

/** Resolves when everything is heard that is sent from then on. Fails with the error as it is. */
export type Connect = (events: ConnectionEvents) => Promise<Connection>;

/** Trouble of a link, in words that hold no secret. */
export class BusLinkError extends Error {
  override readonly name = 'BusLinkError';
  readonly code = 'BUS_LINK';
}

export interface Link {
  readonly isUp: boolean;
  send(frames: readonly string[]): Promise<unknown>;
  /** Resolves when the first try is over, with what was wrong with it. It goes on trying. */
  start(): Promise<Error | undefined>;
  stop(): Promise<void>;
}

export interface LinkOptions {
  readonly connect: Connect;
  /**
   * Every error of a connection, of making it, losing it or sending, goes through this once: into words that hold no
   * secret, and a BusUnusableError when a setting is to blame.
   */
  readonly explain: (error: unknown) => Error;
  readonly echo: string;
  /** @returns whether it was the echo. */
  readonly onText: (text: string) => boolean;
  readonly onUp: () => void;
  /** A connection was lost, or could not be made. */
  readonly onDown: (error: Error, wasUp: boolean) => void;
  readonly random?: () => number;
  /** How long a connection may take until its first echo, milliseconds. */
  readonly connectMs?: number;
  /** How often an echo is asked for; one not heard until the next time is a break. So breaks show within twice this. */
  readonly echoMs?: number;
}

const CONNECT_MS = 3_000;
const ECHO_MS = 2_000;
/** A connection that lived as long as this was no accident: the next wait is short again. */
const STEADY_MS = 5_000;
const RETRY = Object.freeze({ baseMs: 100, capMs: 2_000 });

export function createLink(options: LinkOptions): Link {
  const { connect, explain, echo, onText, onUp, onDown, random = Math.random } = options;
  const { connectMs = CONNECT_MS, echoMs = ECHO_MS } = options;
  let current: Connection | undefined;
  let running: { readonly stopping: AbortController; readonly kept: Promise<void> } | undefined;

  /** One connection from its first try to its end. */
  async function live(stopping: AbortSignal, onSettled: () => void): Promise<Error> {
    const lost = Promise.withResolvers<Error>();
    const lose = (error: unknown): void => lost.resolve(explain(error));
    const over = new AbortController();
    const signal = AbortSignal.any([stopping, over.signal]);
    signal.addEventListener('abort', () => lost.resolve(new BusLinkError('The bus was stopped.')), { once: true });
    let connection: Connection | undefined;
    let isEchoDue = true;
    const deadline = setTimeout(() => lost.resolve(new BusLinkError('No answer in time.')), connectMs);
    const tick = setInterval(() => {
      // Not now: after a long turn of our own the echo may be here already, unread.
      if (current === undefined || current !== connection) return;
      if (isEchoDue) setImmediate(() => isEchoDue && lost.resolve(silent()));
      else ask();
    }, echoMs).unref();

    function ask(): void {
      isEchoDue = true;
      connection?.send([echo]).catch(lose);
    }

    function heard(text: string): void {
      // A connection that was given up may still bring what was on its way.
      if (signal.aborted || !onText(text)) return;
      isEchoDue = false;
      if (connection === undefined || current === connection) return;
      clearTimeout(deadline);
      current = connection;
      onUp();
      onSettled();
    }

    connect({ onText: heard, onLost: lose, signal }).then((made) => {
      connection = made;
      if (signal.aborted) made.close();
      else ask();
    }, lose);
    try {
      return await lost.promise;
    } finally {
      over.abort();
      clearTimeout(deadline);
      clearInterval(tick);
      if (current === connection) current = undefined;
      connection?.close();
    }
  }

  async function keep(stopping: AbortSignal, onSettled: (error?: Error) => void): Promise<void> {
    for (let attempt = 0; !stopping.aborted; attempt += 1) {
      let upAt: number | undefined;
      const error = await live(stopping, () => {
        upAt = performance.now();
        onSettled();
      });
      onSettled(error);
      if (stopping.aborted) return;
      onDown(error, upAt !== undefined);
      if (upAt !== undefined && performance.now() - upAt > STEADY_MS) attempt = 0;
      await sleep(retryDelayMs(attempt, { ...RETRY, random }), undefined, { signal: stopping, ref: false }).catch(
        ignore,
      );
    }
  }

  return {
    get isUp() {
      return current !== undefined;
    },
    async send(frames) {
      if (current === undefined) throw new BusLinkError('The bus has no connection.');
      try {
        return await current.send(frames);
      } catch (error) {
        throw explain(error);
      }
    },
    start() {
      const first = Promise.withResolvers<Error | undefined>();
      if (running !== undefined) return Promise.resolve(undefined);
      const stopping = new AbortController();
      running = { stopping, kept: keep(stopping.signal, first.resolve) };
      return first.promise;
    },
    async stop() {
      const ended = running;
      running = undefined;
      ended?.stopping.abort();
      await ended?.kept;
    },
  };
}

function silent(): BusLinkError {
  return new BusLinkError('Nothing comes back any more.');
}

function ignore(): void {
  // The wait was cut short by the stop.
}
