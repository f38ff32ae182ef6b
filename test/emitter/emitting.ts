/** Emitting, as tests do it. */
import type { EmitEventInput } from '../../src/emitter/index.ts';
import type { Batch, Refusal } from './refusing-server.ts';

export function progress(message: string, patch: Partial<EmitEventInput> = {}): EmitEventInput {
  return { taskId: 'survey', eventType: 'PROGRESS_UPDATE', component: 'a', stage: 'ANALYSIS', message, ...patch };
}

export function messagesOf(events: readonly { readonly message: string }[]): readonly string[] {
  return events.map(({ message }) => message);
}

/** What became of it: `recorded`, the code of the refusal, or an error without one. */
export function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'recorded',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

/** Refuses the first so many batches. */
export function first(count: number, refusal: Refusal): (batch: Batch) => Refusal | undefined {
  return ({ number }) => (number <= count ? refusal : undefined);
}
