/**
 * Two answers may overtake each other: a query that was asked first may be answered last, and an emit's payload may
 * come after the stream has told of the next event. Whoever writes both into a cache shows a task that goes back.
 *
 * Here each answer is judged before the app sees it, by one rule of cause and effect. An answer that shows an older
 * state of a task than one seen before it was *asked* proves that the log itself went back (it was restored from a
 * copy, or the task was deleted): it is believed. One that shows an older state than one seen *since* was merely
 * overtaken: it is late. What was asked before the log went back is late as well, whatever it shows.
 */
import { createHold, type Hold } from './hold.ts';

/** When something was asked. */
export interface Question {
  /** The answer without the tasks that are late. The same object when there is none. */
  sift(data: unknown): unknown;
}

/** A subscription: each answer is newer than the one before, however long ago it was asked. */
export interface StateStream extends Question {
  /** It is asked, once more. */
  asked(): void;
}

export interface Freshness {
  readonly hold: Hold;
  ask(): Question;
  openStream(): StateStream;
  /** Somebody was told that the log went back. */
  wentBack(): void;
}

/** How often a query is asked until its answer is taken as it is: somebody emits faster than we can ask. */
export const MAX_ASKED = 10;

/** Of how many tasks it is remembered what was seen; those that were news longest ago are forgotten. */
const MAX_TASKS = 10_000;

export function createFreshness(): Freshness {
  /** Of each task the newest sequence, and when it was first seen. */
  const newest = new Map<string, { readonly sequence: number; readonly seenAt: number }>();
  /** Counts what happens, in the place of a clock. */
  let now = 0;
  let wentBackAt = 0;

  function wentBack(): void {
    newest.clear();
    now += 1;
    wentBackAt = now;
  }

  function see({ id, sequence }: ShownTask): void {
    const known = newest.get(id);
    if (known !== undefined && known.sequence >= sequence) return;
    now += 1;
    newest.delete(id);
    newest.set(id, { sequence, seenAt: now });
    const [oldest] = newest.keys();
    if (newest.size > MAX_TASKS && oldest !== undefined) newest.delete(oldest);
  }

  /** Whether it was asked before something newer was seen. */
  function isOvertaken({ id, sequence }: ShownTask, askedAt: number): boolean {
    const known = newest.get(id);
    return known !== undefined && sequence < known.sequence && askedAt < known.seenAt;
  }

  function isOlder({ id, sequence }: ShownTask): boolean {
    return sequence < (newest.get(id)?.sequence ?? 0);
  }

  return {
    hold: createHold(),
    wentBack,
    ask() {
      const askedAt = now;
      return {
        sift(data) {
          const isOfThePast = askedAt < wentBackAt;
          return sift(data, (task) => {
            if (isOfThePast || isOvertaken(task, askedAt)) return true;
            if (isOlder(task)) wentBack();
            see(task);
            return false;
          });
        },
      };
    },
    openStream() {
      let askedAt = now;
      const shown = new Map<string, number>();
      return {
        asked: () => void (askedAt = now),
        sift(data) {
          // A whole board goes back at once.
          let isBack = false;
          return sift(data, (task) => {
            const goesBack = task.sequence < (shown.get(task.id) ?? 0);
            shown.set(task.id, task.sequence);
            if (!goesBack && isOvertaken(task, askedAt)) return true;
            if (!isBack && (goesBack || isOlder(task))) {
              isBack = true;
              wentBack();
            }
            see(task);
            return false;
          });
        },
      };
    },
  };
}

interface ShownTask {
  readonly id: string;
  readonly sequence: number;
}

/** Where a task may be missing, null says so; from a list it is left out. */
function sift(value: unknown, isLate: (task: ShownTask) => boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const kept = value
      .map((each: unknown) => sift(each, isLate))
      .filter((each, index) => each !== null || value[index] === null);
    return kept.length === value.length && kept.every((each, index) => each === value[index]) ? value : kept;
  }
  const task = toShownTask(value);
  if (task !== undefined && isLate(task)) return null;
  let copy: object | undefined;
  for (const [key, child] of Object.entries(value)) {
    const sifted = sift(child, isLate);
    if (sifted !== child) copy = { ...(copy ?? value), [key]: sifted };
  }
  return copy ?? value;
}

/** A task that tells its place; what does not cannot be judged. */
function toShownTask(value: object): ShownTask | undefined {
  if (Reflect.get(value, '__typename') !== 'Task') return undefined;
  const id: unknown = Reflect.get(value, 'id');
  const progress: unknown = Reflect.get(value, 'progress');
  if (typeof id !== 'string' || typeof progress !== 'object' || progress === null) return undefined;
  const sequence: unknown = Reflect.get(progress, 'sequence');
  return typeof sequence === 'number' ? { id, sequence } : undefined;
}
