/** The pulse as paths of an SVG: what was silent, what was heard, and apart from it the newest, which may just land. */
import { beatsIn, newestCellOf, PULSE_CELLS, PULSE_TOP, pulseLevels, type Pulse } from '../../view/pulse.ts';

const CELL = 4;
export const PULSE_WIDTH = PULSE_CELLS * CELL;
export const PULSE_HEIGHT = 16;

export interface PulseDrawing {
  readonly quiet: string;
  readonly heard: string;
  /** Empty when it is out of sight. */
  readonly newest: string;
  /** Changes with each beat. */
  readonly newestKey: string;
  /** In sight. */
  readonly beats: number;
}

/** @param isOver no silence follows the last beat */
export function drawPulse(pulse: Pulse, lastCell: number, isOver: boolean): PulseDrawing {
  const newestCell = newestCellOf(pulse);
  const last = Math.max(lastCell, newestCell);
  const newestIndex = PULSE_CELLS - 1 - (last - newestCell);
  const drawing = { quiet: '', heard: '', newest: '' };
  for (const [index, level] of pulseLevels(pulse, lastCell, PULSE_CELLS).entries()) {
    if (level === undefined) continue;
    if (level > 0) drawing[index === newestIndex ? 'newest' : 'heard'] += bar(index, level);
    else if (!isOver || index < newestIndex) drawing.quiet += `M${index * CELL} ${PULSE_HEIGHT - 1}h${CELL}`;
  }
  const newestKey = `${newestCell} ${beatsIn(pulse, newestCell, 1)}`;
  return { ...drawing, newestKey, beats: beatsIn(pulse, last, PULSE_CELLS) };
}

function bar(index: number, level: number): string {
  return `M${index * CELL + 1.5} ${PULSE_HEIGHT}v${-2 - level * ((PULSE_HEIGHT - 2) / PULSE_TOP)}`;
}
