/**
 * Every event of a run in fourteen bytes: when, who, what, in which stage. That is all that a picture of the whole and
 * a filter need, so a run of a million events is some fifteen megabytes, and its messages stay on the server until
 * somebody looks at them.
 *
 * Events come live at the end and in pages from anywhere before it, in any order; each is kept once, by its sequence.
 */
import { isTrouble, lookOf } from '../../view/look.ts';
import { createColumns, type Beat } from './columns.ts';

export type { Beat } from './columns.ts';

export interface BeatFields {
  readonly sequence: number;
  readonly timestamp: string;
  readonly recordedAt: string;
  readonly component: string;
  readonly eventType: string;
  readonly stage: string;
}

export interface History {
  add(event: BeatFields): void;
  /** The log is another one. */
  clear(): void;
  /** The last event there is, known or not. */
  readonly head: number;
  setHead(sequence: number): void;
  /** The oldest event that is still kept; 1 until the server says otherwise. */
  readonly floor: number;
  setFloor(sequence: number): void;
  /** Changes with each change before the end. */
  readonly olderVersion: number;
  /** How many of the events between `floor` and `head` are known. */
  readonly size: number;
  has(sequence: number): boolean;
  get(sequence: number): Beat | undefined;
  /** The newest stretch of unknown events, at most `limit` long. */
  missing(limit: number): { readonly from: number; readonly to: number } | undefined;
  /** In order, from the first that is at least `from`. The beat is good for that visit alone. */
  each(visit: (beat: Beat) => void, from?: number): void;
  readonly components: readonly string[];
  readonly types: readonly string[];
  readonly stages: readonly string[];
  /** The sequences of warnings, errors and failures, in order. */
  readonly problems: readonly number[];
  /** The event that ended the task, when it is known. */
  readonly endedAt: number | undefined;
  /** Milliseconds since 1970; undefined before the first event. */
  readonly firstMs: number | undefined;
  /** The last event that had happened by then; undefined when none had. */
  sequenceAt(timeMs: number): number | undefined;
}

export function createHistory(): History {
  const columns = createColumns();
  const components = createNames();
  const types = createNames();
  const stages = createNames();
  let problems: number[] = [];
  let areProblemsSorted = true;
  let [head, floor, olderVersion] = [0, 1, 0];
  let firstMs: number | undefined;
  let endedAt: number | undefined;

  function noteProblem(sequence: number, eventType: string): void {
    if (!isTrouble(lookOf(eventType, 0))) return;
    if ((problems.at(-1) ?? 0) > sequence) areProblemsSorted = false;
    problems.push(sequence);
  }

  return {
    add({ sequence, timestamp, recordedAt, component, eventType, stage }) {
      const beat = {
        sequence,
        // A clock that runs ahead moves nothing into the future.
        timeMs: Math.min(Date.parse(timestamp), Date.parse(recordedAt)),
        component: components.placeOf(component),
        type: types.placeOf(eventType),
        stage: stages.placeOf(stage),
      };
      if (!columns.set(beat)) return;
      if (sequence <= head) olderVersion += 1;
      head = Math.max(head, sequence);
      firstMs = Math.min(firstMs ?? Infinity, beat.timeMs);
      noteProblem(sequence, eventType);
      // A second ending is a late fact like any other.
      if (ENDINGS.has(eventType)) endedAt = Math.min(endedAt ?? Infinity, sequence);
    },
    clear() {
      columns.clear();
      for (const names of [components, types, stages]) names.clear();
      problems = [];
      [head, floor] = [0, 1];
      firstMs = endedAt = undefined;
      olderVersion += 1;
    },
    get head() {
      return head;
    },
    setHead(sequence) {
      head = Math.max(head, sequence);
    },
    get floor() {
      return floor;
    },
    setFloor(sequence) {
      if (sequence <= floor) return;
      floor = sequence;
      columns.forgetBelow(sequence);
      problems = problems.filter((each) => each >= sequence);
      olderVersion += 1;
    },
    get olderVersion() {
      return olderVersion;
    },
    get size() {
      return columns.size;
    },
    has: columns.has,
    get: columns.get,
    missing(limit) {
      const to = columns.unknownAtOrBefore(head);
      if (to < floor) return undefined;
      let from = to;
      while (from > floor && to - from + 1 < limit && !columns.has(from - 1)) from -= 1;
      return { from, to };
    },
    each: (visit, from = floor) => columns.each(visit, from),
    components: components.names,
    types: types.names,
    stages: stages.names,
    get problems() {
      // Pages come from the end backwards: put in order once for many.
      if (!areProblemsSorted) problems.sort((a, b) => a - b);
      areProblemsSorted = true;
      return problems;
    },
    get endedAt() {
      return endedAt;
    },
    get firstMs() {
      return firstMs;
    },
    sequenceAt(timeMs) {
      for (let sequence = head; sequence >= floor; sequence -= 1) {
        if (columns.timeOf(sequence) <= timeMs) return sequence;
      }
      return undefined;
    },
  };
}

const ENDINGS: ReadonlySet<string> = new Set(['TASK_COMPLETED', 'TASK_FAILED']);

function createNames() {
  const names: string[] = [];
  const places = new Map<string, number>();
  return {
    names,
    clear(): void {
      names.length = 0;
      places.clear();
    },
    placeOf(name: string): number {
      const known = places.get(name);
      if (known !== undefined) return known;
      places.set(name, names.length);
      names.push(name);
      return names.length - 1;
    },
  };
}

/** How many of a sorted list are at most this. */
export function countUpTo(sorted: readonly number[], upTo: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= upTo) low = middle + 1;
    else high = middle;
  }
  return low;
}
