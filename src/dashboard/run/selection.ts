/**
 * The events that a filter lets through, as their sequences in order: found in the history, which knows who, what and
 * in which stage. What comes at the end is looked at once; only what comes before it has all looked at again.
 */
import { countUpTo, type Beat, type History } from './history.ts';
import { isTrouble, lookOf } from '../../view/look.ts';

/** As the API's filter: a list that is given must have the event's. */
export interface FeedFilter {
  readonly components: readonly string[];
  readonly eventTypes: readonly string[];
  readonly stages: readonly string[];
  /** Warnings, errors and failures alone. */
  readonly problemsOnly: boolean;
}

/** A list of sequences that is not copied to be read. */
export interface Selection {
  /** How many of them are at most `upTo`. */
  count(upTo: number): number;
  at(index: number): number;
}

export function isEmptyFilter(filter: FeedFilter): boolean {
  const { components, eventTypes, stages, problemsOnly } = filter;
  return !problemsOnly && components.length + eventTypes.length + stages.length === 0;
}

export interface Selector {
  /** Looks at what has come since. */
  current(): Selection;
}

export function createSelector(history: History, filter: FeedFilter): Selector {
  if (isEmptyFilter(filter)) return { current: () => everything(history) };
  let sequences: number[] = [];
  let olderVersion = -1;
  let next = 0;
  return {
    current() {
      if (olderVersion !== history.olderVersion) {
        sequences = [];
        next = history.floor;
        ({ olderVersion } = history);
      }
      const isWanted = wants(history, filter);
      history.each((beat) => {
        if (isWanted(beat)) sequences.push(beat.sequence);
      }, next);
      next = history.head + 1;
      const found = sequences;
      return { count: (upTo) => countUpTo(found, upTo), at: (index) => found[index] ?? 0 };
    },
  };
}

/** Sequences have no hole, so the list need not be made. */
function everything({ floor, head }: History): Selection {
  return { count: (upTo) => Math.max(0, Math.min(upTo, head) - floor + 1), at: (index) => floor + index };
}

function wants(history: History, filter: FeedFilter): (beat: Beat) => boolean {
  const components = placesOf(history.components, filter.components);
  const types = placesOf(history.types, filter.eventTypes);
  const stages = placesOf(history.stages, filter.stages);
  const problems = history.types.map((type) => isTrouble(lookOf(type, 0)));
  return ({ component, type, stage }) =>
    components?.has(component) !== false &&
    types?.has(type) !== false &&
    stages?.has(stage) !== false &&
    (!filter.problemsOnly || problems[type] === true);
}

/** Undefined when all are wanted. */
function placesOf(names: readonly string[], wanted: readonly string[]): ReadonlySet<number> | undefined {
  if (wanted.length === 0) return undefined;
  return new Set(wanted.map((name) => names.indexOf(name)));
}
