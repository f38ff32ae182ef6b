/**
 * Producers that come whatever the servers do: an event every so often, and each is sent once. What came of each attempt
 * is remembered, and how long its answer took. Beside them runs a question that no fault concerns: how long that takes
 * at worst is the machine's doing, and no server's.
 */
import { createEmitter, type Emitter, type EmitResult } from './emitter.ts';
import type { EmitInput } from './fixtures.ts';
import type { EmitRecord } from './history.ts';
import { completion, progressEvent } from './producers.ts';
import { settlesWithin } from './wait-for.ts';

export interface Attempt {
  readonly input: EmitInput;
  readonly emitter: Emitter;
  readonly startedAt: number;
  readonly tookMs: number;
  readonly result: EmitResult;
}

export interface Load extends AsyncDisposable {
  /** How long the servers took, at worst, for what needs neither store nor bus. */
  readonly slowestProbeMs: number;
  /** Those that were answered. */
  readonly attempts: readonly Attempt[];
  /** Resolves when everything that was sent is answered. */
  stop(): Promise<void>;
  /** Sends again, with the same ids, whatever may have been recorded or not, until it is acknowledged. */
  retryUnknown(): Promise<readonly EmitResult[]>;
  /** Records a task's last event. */
  complete(taskId: string): Promise<void>;
  history(taskId: string): readonly EmitRecord[];
}

export interface LoadOptions {
  /** Of the servers, in turn. */
  readonly origins: readonly string[];
  /** In turn. */
  readonly taskIds: readonly string[];
  readonly perSecond: number;
}

/** No answer by then is as bad as a wrong one. */
const ANSWER_MS = 10_000;
const PROBE_MS = 50;

export function startLoad({ origins, taskIds, perSecond }: LoadOptions): Load {
  const emitters = origins.map((origin) => createEmitter({ url: `${origin}/graphql`, timeoutMs: ANSWER_MS }));
  const attempts: Attempt[] = [];
  const underWay = new Set<Promise<void>>();
  let count = 0;
  let slowestProbeMs = 0;

  async function attempt(emitter: Emitter, input: EmitInput): Promise<void> {
    const startedAt = performance.now();
    const result = await emitter.emit(input);
    attempts.push({ input, emitter, startedAt, tookMs: performance.now() - startedAt, result });
  }

  function produce(): void {
    const emitter = emitters[count % emitters.length];
    const taskId = taskIds[Math.floor(count / emitters.length) % taskIds.length];
    count += 1;
    if (emitter === undefined || taskId === undefined) return;
    const sent = attempt(emitter, progressEvent(taskId, count)).finally(() => underWay.delete(sent));
    underWay.add(sent);
  }

  async function probe(origin: string): Promise<void> {
    const startedAt = performance.now();
    await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then((response) => response.text());
    slowestProbeMs = Math.max(slowestProbeMs, performance.now() - startedAt);
  }

  function probeAll(): void {
    // A server that does not answer is seen by its emits.
    for (const origin of origins) probe(origin).catch(() => undefined);
  }

  const timers = [setInterval(produce, 1_000 / perSecond), setInterval(probeAll, PROBE_MS)];

  async function stop(): Promise<void> {
    for (const timer of timers) clearInterval(timer);
    await settlesWithin(Promise.all(underWay), { withinMs: ANSWER_MS + 1_000, what: 'all answers' });
  }

  return {
    attempts,
    get slowestProbeMs() {
      return slowestProbeMs;
    },
    stop,
    retryUnknown: () =>
      Promise.all(
        attempts
          .filter(({ result }) => result.outcome === 'unknown')
          .map(({ emitter, input }) => emitter.emitUntilAcknowledged(input)),
      ),
    async complete(taskId) {
      await emitters[0]?.emitUntilAcknowledged(completion(taskId));
    },
    history: (taskId) => emitters.flatMap((emitter) => emitter.history()).filter((record) => record.taskId === taskId),
    [Symbol.asyncDispose]: stop,
  };
}
