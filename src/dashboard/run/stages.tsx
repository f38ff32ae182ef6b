/** The stages of a task in their order, and where it is. */
import type { ReactElement } from 'react';
import { STAGES } from '../../view/stages.ts';
import { words } from '../parts/time.ts';

export interface StagesProps {
  readonly stage: string;
  readonly status: string;
}

export function Stages({ stage, status }: StagesProps): ReactElement {
  const names: readonly string[] =
    status === 'FAILED' || stage === 'FAILED' ? [...STAGES.slice(0, -1), 'FAILED'] : STAGES;
  // One that is newer than this page stands at the end.
  const shown = names.includes(stage) ? names : [...names, stage];
  const at = shown.indexOf(stage);
  return (
    <ol className={`stages ${status.toLowerCase()}`} aria-label="Stage">
      {shown.map((name, index) => (
        <li
          key={name}
          className={index < at ? 'before' : index === at ? 'here' : 'after'}
          aria-current={index === at ? 'step' : undefined}
        >
          {words(name)}
        </li>
      ))}
    </ol>
  );
}
