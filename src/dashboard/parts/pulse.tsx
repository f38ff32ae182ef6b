/** The beats of the last minute as a tiny line: who is playing, and who is silent. */
import { useState, type ReactElement } from 'react';
import type { Pulse } from '../../view/pulse.ts';
import { drawPulse, PULSE_HEIGHT, PULSE_WIDTH } from './pulse-drawing.ts';

export interface PulseProps {
  readonly pulse: Pulse | undefined;
  /** The newest that is shown; of what is over its last beat, so that no silence is drawn after it. */
  readonly lastCell: number;
  readonly isOver: boolean;
}

export function PulseLine({ pulse, lastCell, isOver }: PulseProps): ReactElement | undefined {
  const drawing = pulse && drawPulse(pulse, lastCell, isOver);
  // What was there before the line came into sight does not land.
  const [keyAtFirst] = useState(drawing?.newestKey);
  if (drawing === undefined) return undefined;
  const { quiet, heard, newest, newestKey, beats } = drawing;
  return (
    <svg
      className={isOver ? 'pulse over' : 'pulse'}
      viewBox={`0 0 ${PULSE_WIDTH} ${PULSE_HEIGHT}`}
      role="img"
      aria-label={beats === 0 ? 'silent' : `${beats} ${beats === 1 ? 'event' : 'events'} in the last minute`}
    >
      {quiet !== '' && <path className="quiet-cells" d={quiet} />}
      {heard !== '' && <path d={heard} />}
      {newest !== '' && <path key={newestKey} className={newestKey === keyAtFirst ? '' : 'lands'} d={newest} />}
    </svg>
  );
}
