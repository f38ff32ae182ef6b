/**
 * Nothing moves under a pointer. While the list is held, its rows stay where they are: what is new waits, and what no
 * longer belongs there stays, greyed, until the list is let go.
 */
import type { BoardRow } from './row.ts';

export interface ShownRow {
  readonly row: BoardRow;
  /** It is gone, or does not match any more. */
  readonly isLeaving: boolean;
}

export interface Order {
  readonly rows: readonly ShownRow[];
  /** So many wait for a place. */
  readonly waiting: number;
  /** Those that are shown would now stand otherwise. */
  readonly isStale: boolean;
}

/** As it would be, with nothing held. */
export function freeOrder(sorted: readonly BoardRow[]): Order {
  return { rows: sorted.map((row) => ({ row, isLeaving: false })), waiting: 0, isStale: false };
}

/** @param known what the board knows now of those that do not match any more */
export function heldOrder(before: Order, sorted: readonly BoardRow[], known: ReadonlyMap<string, BoardRow>): Order {
  const matching = new Map(sorted.map((row) => [row.id, row]));
  const rows = before.rows.map(({ row }): ShownRow => {
    const match = matching.get(row.id);
    return match ? { row: match, isLeaving: false } : { row: known.get(row.id) ?? row, isLeaving: true };
  });
  const staying = rows.filter(({ isLeaving }) => !isLeaving);
  const shown = new Set(staying.map(({ row }) => row.id));
  const inOrder = sorted.filter(({ id }) => shown.has(id));
  const isStale = staying.some(({ row }, index) => inOrder[index] !== row);
  return { rows, waiting: sorted.length - staying.length, isStale };
}
