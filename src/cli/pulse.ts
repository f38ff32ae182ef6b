/**
 * The beats of the last minute as a tiny line: who is playing and who is silent. Only counts for each cell of a
 * few seconds are kept, so ten thousand events cost what ten do.
 */

const CELL_MS = 3_000;
export const PULSE_CELLS = 20;

export interface Pulse {
  /** The number of the newest cell that has a beat, counted from 1970. */
  readonly newest: number;
  /** Beats of the cells up to it, oldest first; at most PULSE_CELLS. */
  readonly counts: readonly number[];
}

/** One more beat. It may be a little older than the newest; one that is out of the window is not shown. */
export function addBeat(pulse: Pulse | undefined, atMs: number): Pulse {
  const cell = Math.floor(atMs / CELL_MS);
  if (pulse === undefined) return { newest: cell, counts: [1] };
  const newest = Math.max(pulse.newest, cell);
  const oldest = Math.max(newest - PULSE_CELLS + 1, Math.min(cell, pulse.newest - pulse.counts.length + 1));
  const counts = Array.from({ length: newest - oldest + 1 }, (_, index) => {
    const at = oldest + index;
    return (countAt(pulse, at) ?? 0) + (at === cell ? 1 : 0);
  });
  return { newest, counts };
}

/** So many cells, the newest on the right: blank before the first beat seen, then low for silence. */
export function pulseText(pulse: Pulse | undefined, nowMs: number, cells: number): string {
  if (pulse === undefined) return ' '.repeat(cells);
  const last = Math.max(Math.floor(nowMs / CELL_MS), pulse.newest);
  const hasForgotten = pulse.counts.length >= PULSE_CELLS;
  return Array.from({ length: cells }, (_, index) => {
    const at = last - cells + 1 + index;
    const isBefore = !hasForgotten && at < pulse.newest - pulse.counts.length + 1;
    return isBefore ? ' ' : blockOf(countAt(pulse, at) ?? 0);
  }).join('');
}

function countAt(pulse: Pulse, cell: number): number | undefined {
  return pulse.counts[cell - (pulse.newest - pulse.counts.length + 1)];
}

/** Doubling steps: one beat is seen, and a thousand do not flatten the rest. */
function blockOf(count: number): string {
  const step = count === 0 ? 0 : Math.min(BLOCKS.length - 1, 1 + Math.ceil(Math.log2(count)));
  return BLOCKS[step] ?? '';
}

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
