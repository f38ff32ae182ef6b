/**
 * The beats of the last minute, as a tiny line (who is playing and who is silent) and as a rate. Only counts for each
 * second are kept, so ten thousand events cost what ten do.
 */

const SECOND_MS = 1_000;
const KEPT_SECONDS = 60;
const CELL_SECONDS = 3;
const RATE_SECONDS = 10;
export const CELL_MS = CELL_SECONDS * SECOND_MS;
export const PULSE_CELLS = KEPT_SECONDS / CELL_SECONDS;
/** The highest of the steps that a cell stands on. */
export const PULSE_TOP = 7;

export interface Pulse {
  /** The number of the newest second that has a beat, counted from 1970. */
  readonly newest: number;
  /** Beats of the seconds up to it, oldest first; at most a minute of them. */
  readonly counts: readonly number[];
}

/** So many more beats. They may be a little older than the newest; what is out of the window is not shown. */
export function addBeat(pulse: Pulse | undefined, atMs: number, beats = 1): Pulse {
  const second = Math.floor(atMs / SECOND_MS);
  if (pulse === undefined) return { newest: second, counts: [beats] };
  const newest = Math.max(pulse.newest, second);
  const oldest = Math.max(newest - KEPT_SECONDS + 1, Math.min(second, oldestOf(pulse)));
  const counts = Array.from({ length: newest - oldest + 1 }, (_, index) => {
    const at = oldest + index;
    return countAt(pulse, at) + (at === second ? beats : 0);
  });
  return { newest, counts };
}

/** The number of the cell that an instant falls into, counted from 1970. */
export function cellOf(atMs: number): number {
  return Math.floor(atMs / CELL_MS);
}

/** The number of the newest cell that has a beat. */
export function newestCellOf(pulse: Pulse): number {
  return Math.floor(pulse.newest / CELL_SECONDS);
}

/** How many beats there are in so many cells up to `lastCell`. */
export function beatsIn(pulse: Pulse, lastCell: number, cells: number): number {
  return countBetween(pulse, (lastCell - cells + 1) * CELL_SECONDS, (lastCell + 1) * CELL_SECONDS - 1);
}

/**
 * How high each of the cells up to `lastCell` stands: undefined before the first beat seen, 0 for silence, and then
 * doubling steps, so that one beat is seen and a thousand do not flatten the rest.
 */
export function pulseLevels(pulse: Pulse, lastCell: number, cells: number): readonly (number | undefined)[] {
  const last = Math.max(lastCell, newestCellOf(pulse));
  const first = pulse.counts.length >= KEPT_SECONDS ? -Infinity : Math.floor(oldestOf(pulse) / CELL_SECONDS);
  return Array.from({ length: cells }, (_, index) => {
    const cell = last - cells + 1 + index;
    if (cell < first) return undefined;
    return levelOf(countBetween(pulse, cell * CELL_SECONDS, (cell + 1) * CELL_SECONDS - 1));
  });
}

/** So many cells, the newest on the right, as characters. */
export function pulseText(pulse: Pulse | undefined, nowMs: number, cells: number): string {
  if (pulse === undefined) return ' '.repeat(cells);
  const levels = pulseLevels(pulse, cellOf(nowMs), cells);
  return levels.map((level) => (level === undefined ? ' ' : (BLOCKS[level] ?? ''))).join('');
}

/**
 * Beats a second over the last ten, or over less when nothing is known of what was before.
 * @param sinceMs since when nothing was missed; a beat from before it shows that it was longer.
 */
export function rateOf(pulse: Pulse | undefined, nowMs: number, sinceMs: number): number {
  if (pulse === undefined) return 0;
  const last = Math.max(Math.floor(nowMs / SECOND_MS), pulse.newest);
  const first = last - RATE_SECONDS + 1;
  const fromMs = Math.max(first * SECOND_MS, Math.min(sinceMs, oldestOf(pulse) * SECOND_MS));
  return (countBetween(pulse, first, last) * SECOND_MS) / Math.max(SECOND_MS, nowMs - fromMs);
}

/** A rate in at most so many columns: `0.4/s`, `12.4/s`, `124/s`, `1.2k/s`. */
export const RATE_WIDTH = 6;

export function rateText(rate: number): string {
  if (rate < 99.95) return `${rate.toFixed(1)}/s`;
  if (rate < 999.5) return `${Math.round(rate)}/s`;
  const thousands = rate / 1_000;
  return `${thousands < 9.95 ? thousands.toFixed(1) : Math.round(thousands)}k/s`;
}

function oldestOf(pulse: Pulse): number {
  return pulse.newest - pulse.counts.length + 1;
}

function countAt(pulse: Pulse, second: number): number {
  return pulse.counts[second - oldestOf(pulse)] ?? 0;
}

function countBetween(pulse: Pulse, first: number, last: number): number {
  let sum = 0;
  for (let second = first; second <= last; second += 1) sum += countAt(pulse, second);
  return sum;
}

function levelOf(count: number): number {
  return count === 0 ? 0 : Math.min(PULSE_TOP, 1 + Math.ceil(Math.log2(count)));
}

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
