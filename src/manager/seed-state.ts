/** The original system's progress dictionary, for callers that move over from it: its keys, its words, ISO times. */
import type { EventType, ProgressStage } from '../domain/event.ts';
import type { TaskProgress } from '../domain/progress.ts';

export interface SeedTaskState {
  readonly stage: ProgressStage;
  readonly started_at: string;
  readonly last_update: string;
  readonly components: Readonly<Record<string, { readonly status: EventType; readonly progress: number }>>;
  readonly overall_progress: number;
}

export function toSeedState(progress: TaskProgress): SeedTaskState {
  return {
    stage: progress.stage,
    started_at: new Date(progress.startedAt).toISOString(),
    last_update: new Date(progress.lastUpdate).toISOString(),
    // `fromEntries` defines own keys, so a component named `__proto__` is one.
    components: Object.fromEntries(
      Array.from(progress.components.values(), ({ name, status, progress: own }) => [name, { status, progress: own }]),
    ),
    overall_progress: progress.overallProgress,
  };
}
