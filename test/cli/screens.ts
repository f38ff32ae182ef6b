/** Screens of tasks as their updates left them, on a terminal at nine seconds past noon. */
import type { FrameOptions } from '../../src/cli/frame.ts';
import { createScreenFold, type Screen } from '../../src/cli/screen.ts';
import type { TaskUpdate } from '../../src/client/index.ts';
import { at } from '../client/updates.ts';

export const PLAIN: FrameOptions = {
  width: 100,
  height: 20,
  nowMs: Date.parse(at(9)),
  withColour: false,
  timeZone: 'UTC',
};

export function screenOf(...updates: readonly TaskUpdate[]): Screen {
  return screenOfTask('t', ...updates);
}

export function screenOfTask(taskId: string, ...updates: readonly TaskUpdate[]): Screen {
  const sinceMs = Date.parse(at(0));
  const fold = createScreenFold(taskId, sinceMs);
  fold.set({ connection: { kind: 'live', sinceMs } });
  for (const update of updates) fold.fold(update, cameMs(update));
  return fold.screen();
}

/** An event when it was recorded, all else when its task said the last. */
function cameMs(update: TaskUpdate): number {
  const { progress } = update;
  return Date.parse(update.__typename === 'TaskEventRecorded' ? update.event.recordedAt : progress.lastUpdate);
}
