/** Which stretch of time the score shows: all of it, growing with the run, or what somebody zoomed to. */
import { useCallback, useMemo, useState } from 'react';
import { pan, wholeRange, zoom, type TimeRange } from './scale.ts';

export interface RangeControl {
  readonly range: TimeRange;
  readonly isWhole: boolean;
  zoomBy(this: void, factor: number, aroundMs?: number): void;
  /** By so many widths of what is shown. */
  panBy(this: void, share: number): void;
  showAll(this: void): void;
}

export function useRange(firstMs: number, untilMs: number): RangeControl {
  const [chosen, setChosen] = useState<TimeRange>();
  const whole = useMemo(() => wholeRange(firstMs, untilMs), [firstMs, untilMs]);
  const range = chosen ?? whole;
  const { fromMs, toMs } = range;
  const zoomBy = useCallback(
    (factor: number, aroundMs = (fromMs + toMs) / 2) => {
      const next = zoom({ fromMs, toMs }, factor, aroundMs);
      // Wider than all is all.
      setChosen(next.toMs - next.fromMs >= whole.toMs - whole.fromMs ? undefined : next);
    },
    [fromMs, toMs, whole],
  );
  const panBy = useCallback(
    (share: number) => {
      if (chosen !== undefined) setChosen(pan(chosen, (chosen.toMs - chosen.fromMs) * share));
    },
    [chosen],
  );
  return { range, isWhole: chosen === undefined, zoomBy, panBy, showAll: useCallback(() => setChosen(undefined), []) };
}
