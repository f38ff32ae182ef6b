/** The list in its order; while it is held, in the one that it had. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { freeOrder, heldOrder, type Order } from './order.ts';
import { foldTrouble, NO_TROUBLE, type Trouble } from './trouble.ts';
import type { BoardRow } from './row.ts';
import { PHONE, useMedia } from '../parts/use-media.ts';

export interface OrderOptions {
  readonly rows: ReadonlyMap<string, BoardRow>;
  readonly sorted: readonly BoardRow[];
  /** Another one was asked for: no reason to hold. */
  readonly key: string;
  readonly isHeld: boolean;
  /** Before all has come there is nothing to hold. */
  readonly isReady: boolean;
}

/** @returns the order, and what lets go of it once */
export function useOrder({ rows, sorted, key, isHeld, isReady }: OrderOptions): readonly [Order, () => void] {
  const last = useRef<{ readonly key: string; readonly sorted: readonly BoardRow[]; readonly order: Order }>(undefined);
  const [lettings, setLettings] = useState(0);
  const wholeKey = `${lettings} ${key}`;
  const order = useMemo(() => {
    const before = last.current;
    if (!isHeld || before?.key !== wholeKey) return freeOrder(sorted);
    // Somebody has come to the list, and nothing else has changed.
    return before.sorted === sorted ? before.order : heldOrder(before.order, sorted, rows);
  }, [rows, sorted, wholeKey, isHeld]);
  useEffect(() => {
    if (isReady) last.current = { key: wholeKey, sorted, order };
  }, [wholeKey, sorted, order, isReady]);
  return [order, () => setLettings((count) => count + 1)];
}

const LINES = 6;
const PHONE_LINES = 3;

export interface TroubleHold extends Pick<OrderOptions, 'rows' | 'isHeld' | 'isReady'> {
  readonly nowMs: number;
}

export function useTrouble({ rows, nowMs, isHeld, isReady }: TroubleHold): Trouble {
  const maxLines = useMedia(PHONE) ? PHONE_LINES : LINES;
  const last = useRef<Trouble>(undefined);
  const trouble = useMemo(() => {
    const before = last.current;
    return foldTrouble(before ?? NO_TROUBLE, rows, { nowMs, maxLines, isHeld: isHeld && before !== undefined });
  }, [rows, nowMs, maxLines, isHeld]);
  useEffect(() => {
    if (isReady) last.current = trouble;
  }, [trouble, isReady]);
  return trouble;
}
