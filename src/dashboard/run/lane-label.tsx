/** What a component last said of itself, before its line. */
import { memo, type ReactElement } from 'react';
import type { ComponentView } from '../../client/index.ts';
import { lookOf, percent } from '../../view/look.ts';
import { fillOf } from '../parts/bar.tsx';
import { Mark } from '../parts/mark.tsx';

export interface LaneLabelProps {
  readonly name: string;
  /** Undefined: it had not reported by then. */
  readonly component: ComponentView | undefined;
  readonly isChosen: boolean;
  readonly onChoose: (name: string) => void;
}

export const LaneLabel = memo(function LaneLabel(props: LaneLabelProps): ReactElement {
  const { name, component, isChosen, onChoose } = props;
  const look = component === undefined ? 'waiting' : lookOf(component.status, component.progress);
  const message = component?.message ?? '';
  return (
    <button
      className={`lane-label ${component === undefined ? 'absent' : ''}`}
      aria-pressed={isChosen}
      title={`${name}\n${message}`}
      onClick={() => onChoose(name)}
    >
      <Mark look={look} />
      <span className="name foreign cut" dir="auto">
        {name}
      </span>
      {/* On a phone alone: on a desk it would be taken for the one on its staff. */}
      <span className={`bar ${look}`} aria-hidden="true" style={fillOf(component?.progress ?? 0)} />
      <span className="number">{component === undefined ? '' : percent(component.progress)}</span>
    </button>
  );
});
