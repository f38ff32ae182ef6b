/** One step of a task's stream; `progress` is the fold at its place, which is the step's cursor. */
import type { GapReason } from '../domain/cursor.ts';
import type { TaskEvent } from '../domain/event.ts';
import type { TaskProgress } from '../domain/progress.ts';

export type TaskUpdate =
  | { readonly kind: 'snapshot' | 'checkpoint' | 'ended'; readonly progress: TaskProgress }
  | { readonly kind: 'event'; readonly progress: TaskProgress; readonly event: TaskEvent }
  | { readonly kind: 'gap'; readonly progress: TaskProgress; readonly reason: GapReason };
