/**
 * Watchers that come back by themselves: whatever is done to their connection, each goes on from its last cursor, and
 * writes down everything that it was given for the judge in `history.ts`.
 */
import { openSseWatcher } from './sse-watcher.ts';
import { createRecorder } from './watcher.ts';
import type { Watcher, WatcherOptions } from './watcher.ts';
import { openWsWatcher } from './ws-watcher.ts';

export type { Watcher, WatcherOptions } from './watcher.ts';

export type Transport = 'ws' | 'sse';

/** Watches one task over either transport, until it ended or the watcher is disposed. */
export function openWatcher(transport: Transport, options: WatcherOptions): Watcher {
  const recorder = createRecorder(options);
  return transport === 'ws' ? openWsWatcher(options, recorder) : openSseWatcher(options, recorder);
}
