/**
 * The recorded runs in `test/fixtures`, as a producer would send them: the seed's snake_case lines turned into inputs
 * of `emitEvent`, each with a stable event id, so that sending one again is a retry.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export interface EmitInput {
  readonly eventId: string;
  readonly taskId: string;
  readonly eventType: string;
  readonly timestamp?: string;
  readonly component: string;
  readonly stage: string;
  readonly message: string;
  readonly details?: unknown;
  readonly progress?: number | null;
  readonly estimatedTimeRemaining?: string | null;
}

const Line = z.object({
  event_type: z.string(),
  task_id: z.string(),
  timestamp: z.string(),
  component: z.string(),
  stage: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
  progress: z.number().nullable(),
  estimated_time_remaining: z.string().nullable(),
});

/** @param as another task id than the recorded one. */
export function readFixture(name: 'code-survey' | 'code-survey-failed', as?: string): readonly EmitInput[] {
  const text = readFileSync(new URL(`../fixtures/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((json, index) => {
      const line = Line.parse(JSON.parse(json));
      return {
        eventId: `line-${index + 1}`,
        taskId: as ?? line.task_id,
        eventType: line.event_type.toUpperCase(),
        // The recorder wrote UTC without saying so.
        timestamp: `${line.timestamp}Z`,
        component: line.component,
        stage: line.stage.toUpperCase(),
        message: line.message,
        details: line.details,
        progress: line.progress,
        estimatedTimeRemaining: line.estimated_time_remaining,
      };
    });
}
