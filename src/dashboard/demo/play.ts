/** Plays the demo: says each thing when it is due, until the end. */
import { createEmitter, type HeadersSource } from '../../emitter/index.ts';
import { createAutoResetEvent } from '../../util/auto-reset-event.ts';
import type { DemoRun } from './run.ts';
import { scheduleOf } from './schedule.ts';

export interface PlayOptions {
  readonly url: string;
  readonly headers: HeadersSource;
  /** Ends it early, quietly. */
  readonly signal: AbortSignal;
}

/** Resolves when all is recorded. Throws why the server takes no more. */
export async function playDemo(run: DemoRun, { url, headers, signal }: PlayOptions): Promise<void> {
  const refused = new AbortController();
  const either = AbortSignal.any([signal, refused.signal]);
  const pause = createAutoResetEvent(either);
  const emitter = createEmitter({ url, headers, signal: either, onRefused: (error) => refused.abort(error) });
  for (const { atMs, event } of scheduleOf(run)) {
    const waitMs = atMs - Date.now();
    if (waitMs > 0) await pause.wait(waitMs);
    if (either.aborted) break;
    void emitter.emit(event);
  }
  await emitter.flush();
  if (!signal.aborted) refused.signal.throwIfAborted();
}
