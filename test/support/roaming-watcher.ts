/**
 * A watcher that costs a test little, and goes on at another server with its cursor whenever its connection ends or it
 * is told to move. It is exact when `wrong` is empty: then it saw 1, 2, 3 … once each, whichever servers it was at.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startCountingWatcher, type CountingOptions, type CountingWatcher } from './counting-watcher.ts';
import { choose, type Choice } from './choice.ts';

export interface RoamingWatcher extends AsyncDisposable {
  readonly at: number;
  readonly cursor: string | undefined;
  readonly connects: number;
  readonly wrong: readonly number[];
  /** Leaves its present connection. */
  move(): void;
  /** The task ended, and the server said that there is no more. */
  readonly ended: Promise<void>;
}

export interface RoamingOptions extends Pick<CountingOptions, 'transport' | 'taskId'> {
  /** Asked for each connection. */
  readonly origin: Choice;
}

/** A server that is away is not asked without pause. */
const RETRY_MS = 10;

export function openRoamingWatcher({ origin, ...options }: RoamingOptions): RoamingWatcher {
  const wrong: number[] = [];
  let current: CountingWatcher | undefined;
  let connects = 0;
  const closed = new AbortController();

  const ended = (async () => {
    while (!closed.signal.aborted) {
      const from: CountingOptions = { ...options, origin: choose(origin), after: current?.cursor };
      const next = startCountingWatcher(from, current?.at);
      current = next;
      connects += 1;
      const ending = await next.ending;
      wrong.push(...next.wrong);
      if (ending === 'complete') return;
      if (ending === 'refused') throw new Error(`${options.transport}: refused at ${next.at}`);
      await delay(RETRY_MS);
    }
  })();
  ended.catch(() => undefined); // A test that does not ask for the end must not fail over it.

  return {
    get at() {
      return current?.at ?? 0;
    },
    get cursor() {
      return current?.cursor;
    },
    get connects() {
      return connects;
    },
    wrong,
    ended,
    move: () => current?.[Symbol.dispose](),
    async [Symbol.asyncDispose]() {
      closed.abort();
      current?.[Symbol.dispose]();
      await ended.catch(() => undefined);
    },
  };
}
