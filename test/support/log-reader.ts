/**
 * A reader of one task's log that never rests: page after page through the public API of one server, to the end and on
 * from there. Whoever writes, and wherever, it must see the log grow at its end only, without a hole for even an
 * instant, and at once with whatever was acknowledged before it asked.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LogEvent } from './fold.ts';
import { readLogPage } from './read-log.ts';

export interface LogReader extends AsyncDisposable {
  readonly events: readonly LogEvent[];
  readonly reads: number;
  /** What it saw that may not be. */
  readonly problems: readonly string[];
}

export interface LogReaderOptions {
  readonly url: string;
  readonly taskId: string;
  /** The highest number that any producer was told of. */
  readonly acknowledged: () => number;
}

export function openLogReader({ url, taskId, acknowledged }: LogReaderOptions): LogReader {
  const events: LogEvent[] = [];
  const problems: string[] = [];
  let reads = 0;
  const closed = new AbortController();

  async function readOn(): Promise<void> {
    const least = acknowledged();
    const before = events.length;
    const { nodes, hasNextPage } = await readLogPage(url, taskId, events.at(-1)?.cursor);
    reads += 1;
    for (const event of nodes) {
      const expected = events.length + 1;
      if (event.sequence !== expected) problems.push(`${url}: ${event.sequence} instead of ${expected}`);
      events.push(event);
    }
    if (!hasNextPage && events.length < least) problems.push(`${url}: ends at ${events.length}, ${least} was told`);
    if (events.length === before) await delay(1);
  }

  const running = (async () => {
    while (!closed.signal.aborted && problems.length === 0) await readOn();
  })().catch((error: unknown) => void problems.push(`${url}: ${String(error)}`));

  return {
    events,
    problems,
    get reads() {
      return reads;
    },
    async [Symbol.asyncDispose]() {
      closed.abort();
      await running;
    },
  };
}
