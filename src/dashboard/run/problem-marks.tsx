/** Warnings and errors on the score, to be reached by pointer and by keys; those that lie on each other are one. */
import type { KeyboardEvent, ReactElement } from 'react';
import { lookOf } from '../../view/look.ts';
import { clock, words } from '../parts/time.ts';
import type { Picture } from './draw-score.ts';
import type { History } from './history.ts';

export interface ProblemMark {
  /** Of the first that lies here. */
  readonly sequence: number;
  readonly count: number;
  readonly lane: number;
  readonly x: number;
  readonly label: string;
}

/** Nearer than this they cannot be told apart by a pointer. */
const REACH = 14;
/** More than a screen can show apart. */
const MOST_MARKS = 300;

/** From left to right. */
export function problemMarks(history: History, { lanes, scale, width }: Picture): readonly ProblemMark[] {
  const laneOf = new Map(lanes.map(({ name }, index) => [name, index]));
  const marks = new Map<string, ProblemMark>();
  for (const sequence of history.problems) {
    const beat = history.get(sequence);
    if (beat === undefined) continue;
    const component = history.components[beat.component] ?? '';
    const lane = laneOf.get(component);
    const x = scale.toX(beat.timeMs);
    if (lane === undefined || x < 0 || x > width) continue;
    const place = `${lane}:${Math.floor(x / REACH)}`;
    const before = marks.get(place);
    if (before !== undefined) {
      marks.set(place, { ...before, count: before.count + 1 });
      continue;
    }
    if (marks.size >= MOST_MARKS) continue;
    const label = `${words(history.types[beat.type] ?? '')}, ${component}, ${clock(beat.timeMs)}, event ${sequence}`;
    marks.set(place, { sequence, count: 1, lane, x, label });
  }
  return [...marks.values()].toSorted((a, b) => a.x - b.x);
}

export interface ProblemMarksProps {
  readonly marks: readonly ProblemMark[];
  readonly picture: Picture;
  readonly onPick: (sequence: number) => void;
}

export function ProblemMarks({ marks, picture, onPick }: ProblemMarksProps): ReactElement {
  const { laneHeight, staffAt } = picture;
  return (
    <div className="problems" role="group" aria-label="Warnings and errors" onKeyDown={moveFocus}>
      {marks.map(({ sequence, count, lane, x, label }, index) => (
        <button
          key={sequence}
          tabIndex={index === 0 ? 0 : -1}
          style={{ transform: `translate(${x - 9}px, ${lane * laneHeight + staffAt - 9}px)` }}
          aria-label={count === 1 ? label : `${label}, and ${count - 1} more`}
          title={count === 1 ? label : `${label}, and ${count - 1} more`}
          onClick={() => onPick(sequence)}
        />
      ))}
    </div>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.findIndex((button) => button === document.activeElement);
  buttons[at + step]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

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
