/**
 * How many beats lie in each small stretch of each line, and which of them tell of trouble: what the score is drawn
 * from. While the frame stays the same only what has come is looked at, so a picture of a long run costs what its width
 * does, not what its length does.
 */
import { isTrouble, lookOf, type Look } from '../../view/look.ts';
import type { History } from './history.ts';
import { createScale, type TimeRange } from './scale.ts';

export interface Frame {
  readonly range: TimeRange;
  /** In pixels. */
  readonly width: number;
  /** The names of the components, a line each. */
  readonly lanes: readonly string[];
  /** What comes after it is counted by itself. */
  readonly upToSequence: number;
}

export interface ProblemCell {
  readonly lane: number;
  readonly x: number;
  /** The worst that lies there. */
  readonly look: Look;
  /** The first of them, and how many. */
  readonly sequence: number;
  readonly count: number;
  readonly isLater: boolean;
}

export interface BeatGrid {
  readonly cells: number;
  /** By lane and cell: `lane * cells + cell`. */
  readonly counts: Uint32Array;
  readonly laterCounts: Uint32Array;
  /** From left to right on each line. */
  readonly problems: readonly ProblemCell[];
}

/** Pixels. Beats nearer to each other than this are one stroke; problems are as wide as a pointer needs. */
export const CELL = 3;
const PROBLEM_CELL = 12;

export function createBeatGrid(history: History): (frame: Frame) => BeatGrid {
  let counted: { readonly key: string; readonly counter: Counter } | undefined;
  let next = 0;
  return (frame) => {
    const { range, width, lanes, upToSequence } = frame;
    const key = [range.fromMs, range.toMs, width, lanes.length, upToSequence, history.olderVersion].join(' ');
    if (counted?.key !== key) {
      counted = { key, counter: createCounter(history, frame) };
      next = history.floor;
    }
    const { counter } = counted;
    history.each(counter.count, next);
    next = history.head + 1;
    return counter.grid();
  };
}

type Counter = ReturnType<typeof createCounter>;

function createCounter(history: History, { range, width, lanes, upToSequence }: Frame) {
  const cells = Math.ceil(width / CELL) + 1;
  const counts = new Uint32Array(cells * lanes.length);
  const laterCounts = new Uint32Array(cells * lanes.length);
  const problems = new Map<number, ProblemCell>();
  const { toX } = createScale(range, width);
  const laneOf = new Map(lanes.map((name, index) => [name, index]));
  // Names are met as the run goes on: looked up once each.
  const lanesByComponent: (number | undefined)[] = [];
  const looksByType: Look[] = [];

  function laneAt(component: number): number {
    lanesByComponent[component] ??= laneOf.get(history.components[component] ?? '') ?? -1;
    return lanesByComponent[component];
  }
  function lookAt(type: number): Look {
    looksByType[type] ??= lookOf(history.types[type] ?? '', 0);
    return looksByType[type];
  }
  function addProblem(lane: number, x: number, beat: { readonly sequence: number; readonly look: Look }): void {
    const isLater = beat.sequence > upToSequence;
    const place = (lane * 2 + (isLater ? 1 : 0)) * 100_000 + Math.floor(x / PROBLEM_CELL);
    const before = problems.get(place);
    if (before === undefined) problems.set(place, { lane, x, ...beat, count: 1, isLater });
    else {
      const look = before.look === 'failed' ? before.look : beat.look;
      problems.set(place, { ...before, look, count: before.count + 1 });
    }
  }

  return {
    count({ sequence, timeMs, component, type }: Parameters<Parameters<History['each']>[0]>[0]): void {
      const lane = laneAt(component);
      const x = toX(timeMs);
      if (lane < 0 || x < -PROBLEM_CELL || x > width + PROBLEM_CELL) return;
      const look = lookAt(type);
      if (isTrouble(look)) return addProblem(lane, x, { sequence, look });
      const cell = lane * cells + Math.min(cells - 1, Math.max(0, Math.floor(x / CELL)));
      const own = sequence > upToSequence ? laterCounts : counts;
      own[cell] = (own[cell] ?? 0) + 1;
    },
    grid: (): BeatGrid => ({
      cells,
      counts,
      laterCounts,
      problems: [...problems.values()].toSorted((a, b) => a.lane - b.lane || a.x - b.x),
    }),
  };
}
