/**
 * How slow the machine is at worst while a test runs: a question that no fault concerns is asked all the time, and how
 * long that takes is the machine's doing, and no server's.
 */

/** Waits of that kind that an answer is made of: here, in the server, and here again. */
const WAITS = 3;
const PROBE_MS = 50;
const ANSWER_MS = 10_000;

export interface MachineProbe extends Disposable {
  /** How long the servers took, at worst, for what needs neither store nor bus. */
  readonly slowestMs: number;
  /** What a bound in time has to be longer by. */
  readonly allowanceMs: number;
}

/** Of the servers at these origins. */
export function startMachineProbe(origins: readonly string[]): MachineProbe {
  let slowestMs = 0;

  async function probe(origin: string): Promise<void> {
    const startedAt = performance.now();
    await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then((response) => response.text());
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  }

  const timer = setInterval(() => {
    // A server that does not answer is seen by its emits.
    for (const origin of origins) probe(origin).catch(() => undefined);
  }, PROBE_MS);

  return {
    get slowestMs() {
      return slowestMs;
    },
    get allowanceMs() {
      return WAITS * slowestMs;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
