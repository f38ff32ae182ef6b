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

/** What somebody chose, and where the run ended then: while its end is in sight, it goes along with it. */
interface Chosen {
  readonly range: TimeRange;
  readonly wholeToMs: number;
}

export function useRange(firstMs: number, untilMs: number, room: number): RangeControl {
  const [chosen, setChosen] = useState<Chosen>();
  const whole = useMemo(() => wholeRange(firstMs, untilMs, room), [firstMs, untilMs, room]);
  const { toMs: wholeToMs } = whole;
  const range = useMemo(() => {
    if (chosen === undefined) return whole;
    const isEndInSight = chosen.range.toMs >= chosen.wholeToMs - (chosen.range.toMs - chosen.range.fromMs) / 10;
    return isEndInSight ? pan(chosen.range, wholeToMs - chosen.wholeToMs) : chosen.range;
  }, [chosen, whole, wholeToMs]);
  const { fromMs, toMs } = range;
  const choose = useCallback(
    (next: TimeRange) => {
      // Wider than all is all.
      const isWhole = next.toMs - next.fromMs >= wholeToMs - whole.fromMs;
      setChosen(isWhole ? undefined : { range: next, wholeToMs });
    },
    [whole, wholeToMs],
  );
  const zoomBy = useCallback(
    (factor: number, aroundMs = (fromMs + toMs) / 2) => choose(zoom({ fromMs, toMs }, factor, aroundMs)),
    [fromMs, toMs, choose],
  );
  const panBy = useCallback(
    (share: number) => {
      if (chosen !== undefined) choose(pan({ fromMs, toMs }, (toMs - fromMs) * share));
    },
    [chosen, fromMs, toMs, choose],
  );
  return { range, isWhole: chosen === undefined, zoomBy, panBy, showAll: useCallback(() => setChosen(undefined), []) };
}
