/**
 * Which of two states of a task is the later one, when answers overtake each other: the one with the higher sequence,
 * unless the log itself went back (it was restored from an older copy, or the task was begun anew). Streams show that:
 * by a `TaskGap`, or by a state that is below the one before it, which no stream of ours ever sends otherwise.
 *
 * It reads `id` and `progress { sequence }` of tasks, and type names, so apps select them.
 */
export interface Continuity {
  /** Grows whenever a log went back: what was asked before that may tell of a history that is gone. */
  readonly generation: number;
  /** For one stream: hand it each result, in order. */
  follow(): (data: unknown) => void;
  /** For one query that is about to be asked. */
  ask(): Question;
  /** Whether it shows a task older than it was seen before. */
  isLate(data: unknown): boolean;
}

export interface Question {
  /** Whether to take this answer. If not it is late, or of a history that is gone: ask again. */
  takes(data: unknown): boolean;
}

/** An answer that stays behind, however often it is asked for, is not late: the log went back. */
const MAX_REPEATS = 3;

export function createContinuity(): Continuity {
  let generation = 0;
  const seen = new Map<string, number>();

  function goBack(): void {
    generation += 1;
    seen.clear();
  }
  function see(tasks: readonly SeenTask[]): void {
    for (const { id, sequence } of tasks) seen.set(id, Math.max(sequence, seen.get(id) ?? 0));
  }

  return {
    get generation() {
      return generation;
    },
    follow() {
      const latest = new Map<string, number>();
      return (data) => {
        const tasks = tasksIn(data);
        if (hasGap(data) || isBehind(tasks, latest)) goBack();
        for (const { id, sequence } of tasks) latest.set(id, sequence);
        see(tasks);
      };
    },
    ask() {
      let asked = generation;
      let repeats = 0;
      /** How far an answer must have come: not to what came while it was on its way, or a busy task would never do. */
      let wanted: ReadonlyMap<string, number> | undefined;
      return {
        takes(data) {
          const tasks = tasksIn(data);
          const isBehindStill = asked !== generation || isBehind(tasks, wanted ?? seen);
          if (isBehindStill && repeats < MAX_REPEATS) {
            wanted = asked === generation ? (wanted ?? new Map(seen)) : undefined;
            asked = generation;
            repeats += 1;
            return false;
          }
          if (isBehindStill && asked === generation) goBack();
          see(tasks);
          return true;
        },
      };
    },
    isLate: (data) => isBehind(tasksIn(data), seen),
  };
}

interface SeenTask {
  readonly id: string;
  readonly sequence: number;
}

function isBehind(tasks: readonly SeenTask[], latest: ReadonlyMap<string, number>): boolean {
  return tasks.some(({ id, sequence }) => sequence < (latest.get(id) ?? 0));
}

/** Every `Task` and every `TaskProgress` in a result, with the sequence that it shows. */
function tasksIn(value: unknown): readonly SeenTask[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(tasksIn);
  const { __typename, id, taskId, sequence, progress } = value as Readonly<Record<string, unknown>>;
  const below = Object.values(value).flatMap(tasksIn);
  const shown: unknown =
    typeof progress === 'object' && progress !== null ? Reflect.get(progress, 'sequence') : undefined;
  if (typeof id === 'string' && typeof shown === 'number') return [{ id, sequence: shown }, ...below];
  if (__typename === 'TaskProgress' && typeof taskId === 'string' && typeof sequence === 'number') {
    return [{ id: taskId, sequence }, ...below];
  }
  return below;
}

function hasGap(data: unknown): boolean {
  return (
    typeof data === 'object' &&
    data !== null &&
    Object.values(data).some(
      (item: unknown) =>
        typeof item === 'object' && item !== null && '__typename' in item && item.__typename === 'TaskGap',
    )
  );
}
