/** The beats of the last minute as a tiny line: who is playing, and who is silent. */
import { useState, type ReactElement } from 'react';
import { PULSE_CELLS, PULSE_TOP, pulseLevels, type Pulse } from '../../view/pulse.ts';

export interface PulseProps {
  readonly pulse: Pulse | undefined;
  /** The newest that is shown; of what is over its last beat, so that no silence is drawn after it. */
  readonly lastCell: number;
  readonly isOver: boolean;
}

const CELL = 4;
const HEIGHT = 16;

export function PulseLine({ pulse, lastCell, isOver }: PulseProps): ReactElement {
  const beats = pulse?.counts.at(-1) ?? 0;
  const [beatsAtFirst] = useState(pulse && { cell: pulse.newest, beats });
  const levels = pulse === undefined ? [] : pulseLevels(pulse, lastCell, PULSE_CELLS);
  const newest = pulse === undefined ? -1 : pulse.newest - Math.max(lastCell, pulse.newest) + PULSE_CELLS - 1;
  let quiet = '';
  let heard = '';
  levels.forEach((level, index) => {
    if (level === undefined || index === newest) return;
    if (level > 0) heard += bar(index, level);
    else if (!isOver || index < newest) quiet += `M${index * CELL} ${HEIGHT - 1}h${CELL}`;
  });
  const isNew = pulse?.newest !== beatsAtFirst?.cell || beats !== beatsAtFirst?.beats;
  return (
    <svg
      className={isOver ? 'pulse over' : 'pulse'}
      viewBox={`0 0 ${PULSE_CELLS * CELL} ${HEIGHT}`}
      role="img"
      aria-label={labelOf(pulse, lastCell)}
    >
      <path className="quiet-cells" d={quiet} />
      <path d={heard} />
      {newest >= 0 && <path key={beats} className={isNew ? 'lands' : ''} d={bar(newest, levels[newest] ?? 0)} />}
    </svg>
  );
}

function bar(index: number, level: number): string {
  return `M${index * CELL + 1.5} ${HEIGHT}v${-2 - (level / PULSE_TOP) * (HEIGHT - 2)}`;
}

function labelOf(pulse: Pulse | undefined, lastCell: number): string {
  const oldest = lastCell - PULSE_CELLS + 1;
  const first = pulse === undefined ? 0 : pulse.newest - pulse.counts.length + 1;
  const beats = pulse?.counts.reduce((sum, count, index) => sum + (first + index >= oldest ? count : 0), 0) ?? 0;
  return beats === 0 ? 'silent' : `${beats} ${beats === 1 ? 'event' : 'events'} in the last minute`;
}
