/** How far something is. */
import type { CSSProperties, ReactElement } from 'react';
import { percent, type Look } from '../../view/look.ts';

export interface BarProps {
  /** 0 to 1. */
  readonly value: number;
  readonly look: Look;
  /** Of what. */
  readonly label: string;
}

export function Bar({ value, look, label }: BarProps): ReactElement {
  return (
    <div
      className={`bar ${look}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(value * 100 + 1e-9)}
      aria-valuetext={percent(value)}
      data-value={value}
      style={fillOf(value)}
    />
  );
}

/** How much of anything with the class is full. */
export function fillOf(value: number): CSSProperties {
  return { backgroundSize: `${value * 100}% 100%` };
}
