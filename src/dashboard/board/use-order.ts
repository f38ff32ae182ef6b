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
}

/** @returns the order, and what lets go of it once */
export function useOrder({ rows, sorted, key, isHeld }: OrderOptions): readonly [Order, () => void] {
  const last = useRef<{ readonly key: string; readonly order: Order }>(undefined);
  const [lettings, setLettings] = useState(0);
  const wholeKey = `${lettings} ${key}`;
  const order = useMemo(() => {
    const before = last.current;
    return isHeld && before?.key === wholeKey ? heldOrder(before.order, sorted, rows) : freeOrder(sorted);
  }, [rows, sorted, wholeKey, isHeld]);
  useEffect(() => {
    last.current = { key: wholeKey, order };
  }, [wholeKey, order]);
  return [order, () => setLettings((count) => count + 1)];
}

const LINES = 6;
const PHONE_LINES = 3;

export function useTrouble(rows: ReadonlyMap<string, BoardRow>, nowMs: number, isHeld: boolean): Trouble {
  const maxLines = useMedia(PHONE) ? PHONE_LINES : LINES;
  const last = useRef(NO_TROUBLE);
  const trouble = useMemo(
    () => foldTrouble(last.current, rows, { nowMs, maxLines, isHeld }),
    [rows, nowMs, maxLines, isHeld],
  );
  useEffect(() => {
    last.current = trouble;
  }, [trouble]);
  return trouble;
}
