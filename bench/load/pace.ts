/** Steps at a steady rate. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Steps that come late are not skipped: they follow at once, so that their number is always the same. */
export async function paced(everyMs: number, times: number, step: (turn: number) => Promise<void>): Promise<void> {
  const since = performance.now();
  for (let turn = 0; turn < times; turn += 1) {
    const wait = since + turn * everyMs - performance.now();
    if (wait > 0) await sleep(wait);
    await step(turn);
  }
}
