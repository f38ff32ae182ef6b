/**
 * Where the rows of a very long list stand. All are of one height but the few that are folded out, so nothing is kept
 * for each row: a list of a million costs what one of ten does.
 */

export interface OpenRow {
  readonly index: number;
  /** What it is higher than the others, in pixels. */
  readonly extra: number;
}

export interface RowLayout {
  readonly total: number;
  topOf(this: void, index: number): number;
  /** The row that lies there, within the list. */
  indexAt(this: void, y: number): number;
}

export function createRowLayout(count: number, rowHeight: number, open: readonly OpenRow[]): RowLayout {
  const sorted = open.filter(({ index }) => index >= 0 && index < count).toSorted((a, b) => a.index - b.index);
  const topOf = (index: number): number =>
    index * rowHeight + sorted.reduce((sum, row) => (row.index < index ? sum + row.extra : sum), 0);
  return {
    total: topOf(count),
    topOf,
    indexAt(y) {
      let extraAbove = 0;
      for (const { index, extra } of sorted) {
        const bottom = (index + 1) * rowHeight + extraAbove + extra;
        if (y < bottom) return clamp(Math.min(index, Math.floor((y - extraAbove) / rowHeight)), count);
        extraAbove += extra;
      }
      return clamp(Math.floor((y - extraAbove) / rowHeight), count);
    },
  };
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
