/**
 * Producers that come whatever the servers do: an event every so often, and each is sent once. What came of each attempt
 * is remembered, and how long its answer took. Beside them the machine is probed.
 */
import { createEmitter, type Emitter, type EmitResult } from './emitter.ts';
import type { EmitInput } from './fixtures.ts';
import type { EmitRecord } from './history.ts';
import { startMachineProbe, type MachineProbe } from './machine-probe.ts';
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
  readonly machine: Pick<MachineProbe, 'slowestMs' | 'allowanceMs'>;
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

export function startLoad({ origins, taskIds, perSecond }: LoadOptions): Load {
  const emitters = origins.map((origin) => createEmitter({ url: `${origin}/graphql`, timeoutMs: ANSWER_MS }));
  const attempts: Attempt[] = [];
  const underWay = new Set<Promise<void>>();
  let count = 0;

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

  const timer = setInterval(produce, 1_000 / perSecond);
  const machine = startMachineProbe(origins);

  async function stop(): Promise<void> {
    clearInterval(timer);
    machine[Symbol.dispose]();
    await settlesWithin(Promise.all(underWay), { withinMs: ANSWER_MS + 1_000, what: 'all answers' });
  }

  return {
    attempts,
    machine,
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
