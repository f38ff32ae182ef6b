/**
 * The demo as a plan: what is said when. The same run gives the same events to the letter, ids and times included, so
 * that after a reload all that is due may be sent again, and is recorded once.
 */
import type { EmitEventInput } from '../../emitter/index.ts';
import { demoRun } from '../../demo/demo-run.ts';
import type { DemoRun } from './run.ts';

export interface Due {
  readonly atMs: number;
  readonly event: EmitEventInput;
}

export function scheduleOf({ taskId, seed, startedAt }: DemoRun): readonly Due[] {
  return demoRun({ seed, fails: false }).map(({ atMs, ...event }, index) => {
    const dueMs = startedAt + Math.round(atMs);
    const eventId = `demo-${index + 1}`;
    return { atMs: dueMs, event: { ...event, taskId, eventId, timestamp: new Date(dueMs).toISOString() } };
  });
}
