/** Producers at work: numbered events, several producers at once, each waiting for its answer. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Emitter } from './emitter.ts';
import type { EmitInput } from './fixtures.ts';
import type { Random } from './random.ts';

/** An event like those of a busy component; the same number is the same event. */
export function progressEvent(taskId: string, number: number): EmitInput {
  return {
    eventId: `event-${number}`,
    taskId,
    eventType: 'PROGRESS_UPDATE',
    component: `component-${number % 7}`,
    stage: 'ANALYSIS',
    message: `step ${number}`,
    progress: (number % 100) / 100,
  };
}

/** The one that ends its task. */
export function completion(taskId: string): EmitInput {
  const what = { eventType: 'TASK_COMPLETED', component: 'camina', stage: 'COMPLETE', message: 'done', progress: 1 };
  return { eventId: 'completed', taskId, ...what };
}

export interface Load {
  readonly producers: number;
  /** Events, however many are sent together. Left out: as fast as answers come. */
  readonly perSecond?: number;
  /** The next to send, alone or several together, by its number from 1 on; undefined when there are no more. */
  readonly next: (number: number) => EmitInput | readonly EmitInput[] | undefined;
  readonly send: (inputs: EmitInput | readonly EmitInput[], producer: number) => Promise<unknown>;
}

/** Resolves when there is no more to send and all is answered. */
export async function produce({ producers, perSecond, next, send }: Load): Promise<void> {
  const start = performance.now();
  let number = 0;
  let events = 0;
  const work = async (_: unknown, producer: number): Promise<void> => {
    for (;;) {
      number += 1;
      const inputs = next(number);
      if (inputs === undefined) return;
      events += 'length' in inputs ? inputs.length : 1;
      const dueMs = perSecond === undefined ? 0 : start + (events / perSecond) * 1_000 - performance.now();
      if (dueMs > 0) await delay(dueMs);
      await send(inputs, producer);
    }
  };
  await Promise.all(Array.from({ length: producers }, work));
}

/** Sends until it is acknowledged. */
export function untilAcknowledged({ emitUntilAcknowledged }: Emitter): Load['send'] {
  return (inputs) => emitUntilAcknowledged(inputs);
}

/** Up to 20 events of tasks in no order, some of one task. @param numberOf the next number of a task */
export function mixedBatch(
  random: Random,
  tasks: readonly string[],
  numberOf: (taskId: string) => number,
): EmitInput[] {
  return Array.from({ length: random.int(1, 20) }, () => {
    const taskId = random.pick(tasks);
    return progressEvent(taskId, numberOf(taskId));
  });
}
