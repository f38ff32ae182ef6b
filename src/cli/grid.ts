/**
 * The one grid of everything in the live area: mark, name, bar, percent, pulse, rate, last words, time left. What comes
 * from elsewhere stands in a column of its own width, so that no text can push what is beside it.
 */
import { cutToWidth, escapeControls, fitToWidth, textWidth } from '../util/terminal-text.ts';
import { bar, MARKS, type Paint } from './look.ts';
import { isTrouble, percent, type Look } from '../view/look.ts';
import { PULSE_CELLS, RATE_WIDTH } from '../view/pulse.ts';

/** The width of each column; 0: there is no room for it. */
export interface Grid {
  readonly name: number;
  readonly bar: number;
  readonly pulse: number;
  readonly rate: number;
  readonly words: number;
  readonly estimate: number;
}

export interface GridContents {
  readonly tasks: readonly string[];
  readonly components: readonly string[];
  /** Whether there are rates and estimates to show: nothing has them when all is over. */
  readonly isOver: boolean;
  readonly hasEstimates: boolean;
}

/** Components stand two columns further in than their task. */
const INDENT = '  ';
const MIN_WORDS = 8;
/** Words are worth more than an estimate. */
const MIN_WORDS_BESIDE_ESTIMATE = 24;
const ESTIMATE_WIDTH = 16;

/**
 * Narrow terminals first lose the rates of components, then the estimates, the pulse, and the words; the name and the
 * percent are never lost.
 */
export function layOut(width: number, { tasks, components, isOver, hasEstimates }: GridContents): Grid {
  const longest = Math.max(widest(tasks, 0), widest(components, INDENT.length));
  const name = Math.max(1, Math.min(longest, width < 80 ? 22 : 34, width - 8));
  const fixed = 2 + name + 1 + 5;
  const barWidth = Math.min(width >= 140 ? 24 : width >= 120 ? 16 : width >= 90 ? 14 : 10, width - fixed - 1);
  if (barWidth < 6) return { name, bar: 0, pulse: 0, rate: 0, words: 0, estimate: 0 };
  const left = width - fixed - barWidth - 1;
  const pulse = left >= PULSE_CELLS + 40 ? PULSE_CELLS : left >= 38 ? PULSE_CELLS / 2 : 0;
  const rate = width >= 120 && !isOver ? RATE_WIDTH : 0;
  const words = left - withGap(pulse) - withGap(rate) - 2;
  const hasRoom = words - withGap(ESTIMATE_WIDTH) >= MIN_WORDS_BESIDE_ESTIMATE;
  const estimate = hasRoom && hasEstimates && !isOver ? ESTIMATE_WIDTH : 0;
  return {
    name,
    bar: barWidth,
    pulse,
    rate,
    words: words < MIN_WORDS ? 0 : words - withGap(estimate),
    estimate,
  };
}

export interface Row {
  readonly look: Look;
  readonly name: string;
  readonly isTask: boolean;
  readonly progress: number;
  /** As wide as its column. */
  readonly pulse: string;
  readonly rate: string;
  readonly words: string;
  /** What the words say, when it is not what the mark says. */
  readonly wordsLook?: Look | undefined;
  readonly estimate: string;
}

export function drawRow(grid: Grid, paint: Paint, row: Row): string {
  const { look } = row;
  const { full, rest } = bar(row.progress, grid.bar);
  const cells = [drawName(grid, paint, row)];
  if (grid.bar > 0) cells.push(` ${paint(look, full)}${paint('quiet', rest)}`);
  cells.push(percent(row.progress).padStart(5));
  if (grid.pulse > 0) cells.push(`  ${paint('quiet', row.pulse)}`);
  if (grid.rate > 0) cells.push(`  ${paint('quiet', row.rate.padStart(grid.rate))}`);
  if (grid.words > 0) cells.push(`  ${drawWords(grid, paint, row)}`);
  if (grid.estimate > 0 && row.estimate !== '')
    cells.push(`  ${paint('quiet', cutToWidth(escapeControls(row.estimate), grid.estimate))}`);
  return cells.join('').trimEnd();
}

/** The mark and the name, also of a task that is nothing more than its name yet. */
export function drawName(
  grid: Pick<Grid, 'name'>,
  paint: Paint,
  { look, name, isTask }: Pick<Row, 'look' | 'name' | 'isTask'>,
): string {
  const text = fitToWidth(escapeControls(name), isTask ? grid.name : grid.name - INDENT.length);
  const painted = look === 'waiting' ? paint('quiet', text) : isTask ? paint('strong', text) : text;
  return `${isTask ? '' : INDENT}${paint(look, MARKS[look])} ${painted}`;
}

/** Where there is no estimate, the words have its room, too. */
function drawWords(grid: Grid, paint: Paint, { words, look, wordsLook = look, estimate }: Row): string {
  const safe = escapeControls(words);
  const text =
    estimate !== '' && grid.estimate > 0
      ? fitToWidth(safe, grid.words)
      : cutToWidth(safe, grid.words + withGap(grid.estimate));
  if (wordsLook === 'waiting') return paint('quiet', text);
  return isTrouble(wordsLook) ? paint(wordsLook, text) : text;
}

function widest(names: readonly string[], indent: number): number {
  return names.reduce((most, name) => Math.max(most, indent + textWidth(escapeControls(name))), 0);
}

function withGap(column: number): number {
  return column === 0 ? 0 : column + 2;
}
