/** Warnings and errors on the score, to be reached by pointer and by keys; those that lie on each other are one. */
import type { KeyboardEvent, ReactElement } from 'react';
import { clock, words } from '../parts/time.ts';
import type { ProblemCell } from './beat-grid.ts';
import type { Picture } from './draw-score.ts';
import type { History } from './history.ts';

/** More than a screen can show apart. */
const MOST_MARKS = 300;

export interface ProblemMarksProps {
  readonly history: History;
  readonly picture: Picture;
  readonly onPick: (sequence: number) => void;
}

export function ProblemMarks({ history, picture, onPick }: ProblemMarksProps): ReactElement {
  const { grid, laneHeight, staffAt, width } = picture;
  const marks = grid.problems.filter(({ x }) => x >= 0 && x <= width).slice(0, MOST_MARKS);
  return (
    <div className="problems" role="group" aria-label="Warnings and errors" onKeyDown={moveFocus}>
      {marks.map((problem, index) => {
        const { sequence, lane, x } = problem;
        const label = labelOf(history, problem);
        return (
          <button
            key={sequence}
            tabIndex={index === 0 ? 0 : -1}
            style={{ left: x - 9, top: lane * laneHeight + staffAt - 9 }}
            aria-label={label}
            title={label}
            onClick={() => onPick(sequence)}
          />
        );
      })}
    </div>
  );
}

function labelOf(history: History, { sequence, count }: ProblemCell): string {
  const beat = history.get(sequence);
  if (beat === undefined) return `event ${sequence}`;
  const what = words(history.types[beat.type] ?? '');
  const who = history.components[beat.component] ?? '';
  const more = count === 1 ? '' : `, and ${count - 1} more`;
  return `${what}, ${who}, ${clock(beat.timeMs)}, event ${sequence}${more}`;
}

/** From left to right, line by line. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.findIndex((button) => button === document.activeElement);
  buttons[at + step]?.focus();
  event.preventDefault();
  event.stopPropagation();
}
