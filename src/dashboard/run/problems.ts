/** Questions about what went wrong in a run. */
import { lookOf } from '../../view/look.ts';
import type { History } from './history.ts';

/** The next one after the event, or before it; undefined when there is none. */
export function nextProblem(history: History, from: number, step: 1 | -1): number | undefined {
  const { problems } = history;
  return step === 1 ? problems.find((sequence) => sequence > from) : problems.findLast((sequence) => sequence < from);
}

/** The first thing that went wrong, not the last. */
export function firstFailure(history: History): number | undefined {
  return history.problems.find((sequence) => {
    const type = history.types[history.get(sequence)?.type ?? -1];
    return type !== undefined && lookOf(type, 0) === 'failed';
  });
}
