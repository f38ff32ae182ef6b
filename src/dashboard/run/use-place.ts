/**
 * Where the playhead is. The address names it too, a moment after it came to rest: browsers let a page write its address
 * only so often, and a playhead that is dragged moves sixty times a second.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useAddress } from '../shell/address.ts';

export interface Place {
  /** Undefined: the present. The end of a run is the present. */
  readonly at: number | undefined;
  readonly move: (sequence: number | undefined) => void;
}

const REST_MS = 300;

/** @param head the last event there is; undefined while that is not known */
export function usePlace(head: number | undefined): Place {
  const { params, set } = useAddress();
  const given = placeOf(params.get('at'));
  const [at, setAt] = useState(given);
  const written = useRef(given);
  // The way back and forward, or a link.
  useEffect(() => {
    if (given === written.current) return;
    written.current = given;
    setAt(given);
  }, [given]);
  useEffect(() => {
    if (at === written.current) return;
    const timer = setTimeout(() => {
      written.current = at;
      set({ at: at === undefined ? undefined : String(at) });
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [at, set]);
  const move = useCallback((sequence: number | undefined) => setAt(sequence), []);
  return { at: at !== undefined && at < (head ?? 0) ? at : undefined, move };
}

function placeOf(text: string | null): number | undefined {
  const number = text === null ? NaN : Number(text);
  return Number.isInteger(number) && number >= 0 ? number : undefined;
}
