/**
 * Producers that come whatever the servers do: an event every so often, and each is sent once. What came of each attempt
 * is remembered, and how long its answer took.
 */
import { createEmitter, type Emitter, type EmitResult } from './emitter.ts';
import type { EmitInput } from './fixtures.ts';
import type { EmitRecord } from './history.ts';
import { settlesWithin } from './wait-for.ts';

export interface Attempt {
  readonly input: EmitInput;
  readonly emitter: Emitter;
  readonly startedAt: number;
  readonly tookMs: number;
  readonly result: EmitResult;
}

export interface Load extends AsyncDisposable {
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
  readonly urls: readonly string[];
  /** In turn. */
  readonly taskIds: readonly string[];
  readonly perSecond: number;
}

/** No answer by then is as bad as a wrong one. */
const ANSWER_MS = 10_000;

export function startLoad({ urls, taskIds, perSecond }: LoadOptions): Load {
  const emitters = urls.map((url) => createEmitter({ url, timeoutMs: ANSWER_MS }));
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
    const sent = attempt(emitter, eventOf(taskId, count)).finally(() => underWay.delete(sent));
    underWay.add(sent);
  }

  const timer = setInterval(produce, 1_000 / perSecond);

  async function stop(): Promise<void> {
    clearInterval(timer);
    await settlesWithin(Promise.all(underWay), { withinMs: ANSWER_MS + 1_000, what: 'all answers' });
  }

  return {
    attempts,
    stop,
    retryUnknown: () =>
      Promise.all(
        attempts
          .filter(({ result }) => result.outcome === 'unknown')
          .map(({ emitter, input }) => emitter.emitUntilAcknowledged(input)),
      ),
    async complete(taskId) {
      await emitters[0]?.emitUntilAcknowledged(completionOf(taskId));
    },
    history: (taskId) => emitters.flatMap((emitter) => emitter.history()).filter((record) => record.taskId === taskId),
    [Symbol.asyncDispose]: stop,
  };
}

function eventOf(taskId: string, count: number): EmitInput {
  return {
    eventId: `e${count}`,
    taskId,
    eventType: 'PROGRESS_UPDATE',
    component: `component-${count % 5}`,
    stage: 'ANALYSIS',
    message: `step ${count}`,
    progress: (count % 100) / 100,
  };
}

function completionOf(taskId: string): EmitInput {
  const what = { eventType: 'TASK_COMPLETED', component: 'camina', stage: 'COMPLETE', message: 'done', progress: 1 };
  return { eventId: 'completed', taskId, ...what };
}
