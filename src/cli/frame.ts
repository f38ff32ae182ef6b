/**
 * A task as a score: the first line is the task, each further one a component, all in one grid of mark, name,
 * bar, percent, pulse and last words. A pure function of the screen and the size of the terminal, so that what
 * people see is what the tests see. Every text from outside passes through `escapeControls`.
 */
import type { ComponentView } from '../client/index.ts';
import { cutToWidth, escapeControls, fitToWidth, textWidth } from '../util/terminal-text.ts';
import { bar, clock, createPaint, duration, lookOf, MARKS, percent, stopwatch, type Look, type Paint } from './look.ts';
import { PULSE_CELLS, pulseText, type Pulse } from './pulse.ts';
import type { Notice, Screen } from './screen.ts';

export interface FrameOptions {
  readonly width: number;
  readonly height: number;
  readonly nowMs: number;
  readonly withColour: boolean;
  /** For the time of day; the system's when left out. */
  readonly timeZone?: string;
}

/** The lines of the live area: at most `height`, none wider than `width`. */
export function renderFrame(screen: Screen, options: FrameOptions): string[] {
  const { view } = screen;
  const paint = createPaint(options.withColour);
  if (view === undefined) return [cutToWidth(waitingLine(screen, options), options.width)];
  const components = [...view.components.values()];
  const shown = chooseRows(components, Math.max(0, options.height - 1));
  const grid = layOut(options.width, [screen.taskId, ...components.map((component) => component.name)]);
  const rows = shown.map((component) =>
    drawRow(grid, paint, options, {
      look: lookOf(component.status, component.progress),
      name: component.name,
      progress: component.progress,
      pulse: screen.pulses.get(component.name),
      words: component.message,
    }),
  );
  const hidden = components.filter((component) => !shown.includes(component));
  const more = hidden.length === 0 ? [] : [paint('quiet', cutToWidth(hiddenLine(hidden), options.width))];
  return [drawHeader(grid, paint, options, screen), ...rows, ...more].slice(0, options.height);
}

/** One permanent line above the live area. */
export function renderNotice(notice: Notice, options: Pick<FrameOptions, 'withColour' | 'timeZone'>): string {
  const paint = createPaint(options.withColour);
  const words = `${escapeControls(notice.source)}  ${escapeControls(notice.text)}`;
  return `${paint('quiet', clock(notice.at, options.timeZone))} ${paint(notice.look, `${MARKS[notice.look]} ${words}`)}`;
}

/** The last line: how it ended. */
export function renderOutcome(screen: Screen, options: Pick<FrameOptions, 'withColour' | 'timeZone'>): string {
  const { view } = screen;
  if (view === undefined) return '';
  const paint = createPaint(options.withColour);
  const { status, startedAt, lastUpdate, sequence } = view.progress;
  const look: Look = status === 'FAILED' ? 'failed' : 'done';
  const counts = [count(sequence, 'event'), count(screen.warnings, 'warning'), count(screen.failures, 'error')];
  const facts = counts.filter((text) => !text.startsWith('0 ')).join(', ');
  const took = duration(Date.parse(lastUpdate) - Date.parse(startedAt));
  const headline = `${MARKS[look]} ${escapeControls(screen.taskId)} ${status.toLowerCase()} after ${took}`;
  const line = `${paint(look, headline)}${facts === '' ? '' : paint('quiet', ` · ${facts}`)}`;
  const first = screen.firstFailure;
  if (look !== 'failed' || first === undefined) return line;
  return `${line}\n  first failure: ${renderNotice(first, options)}`;
}

interface Grid {
  readonly name: number;
  readonly bar: number;
  readonly pulse: number;
  readonly words: number;
}

/** Narrow terminals first lose the pulse, then the words; the name and the percent are never lost. */
function layOut(width: number, names: readonly string[]): Grid {
  const longest = Math.max(...names.map((name) => textWidth(escapeControls(name))));
  // The components stand two columns further in than the task.
  const name = Math.max(8, Math.min(longest + INDENT.length, width < 80 ? 22 : 34, width - 8));
  const fixed = 2 + name + 1 + 5;
  const barWidth = Math.min(width >= 120 ? 24 : width >= 90 ? 14 : 10, width - fixed - 1);
  if (barWidth < 6) return { name, bar: 0, pulse: 0, words: 0 };
  const left = width - fixed - barWidth - 1;
  const pulse = left >= PULSE_CELLS + 40 ? PULSE_CELLS : left >= 38 ? 10 : 0;
  const words = left - (pulse === 0 ? 0 : pulse + 2) - 2;
  return { name, bar: barWidth, pulse, words: words < 8 ? 0 : words };
}

const INDENT = '  ';

interface Row {
  readonly look: Look;
  readonly name: string;
  readonly progress: number;
  readonly pulse: Pulse | undefined;
  readonly words: string;
}

function drawRow(grid: Grid, paint: Paint, options: FrameOptions, row: Row): string {
  const { full, rest } = bar(row.progress, grid.bar);
  const name = fitToWidth(escapeControls(row.name), grid.name - INDENT.length);
  const cells = [
    `${INDENT}${paint(row.look, MARKS[row.look])} ${row.look === 'waiting' ? paint('quiet', name) : name}`,
  ];
  if (grid.bar > 0) cells.push(` ${paint(row.look, full)}${paint('quiet', rest)}`);
  cells.push(percent(row.progress).padStart(5));
  if (grid.pulse > 0) cells.push(`  ${paint('quiet', pulseText(row.pulse, options.nowMs, grid.pulse))}`);
  if (grid.words > 0) cells.push(`  ${paintWords(paint, row, grid.words)}`);
  return cells.join('').trimEnd();
}

function paintWords(paint: Paint, { look, words }: Row, width: number): string {
  const cut = cutToWidth(escapeControls(words), width);
  if (look === 'waiting') return paint('quiet', cut);
  return look === 'warning' || look === 'failed' ? paint(look, cut) : cut;
}

function drawHeader(grid: Grid, paint: Paint, options: FrameOptions, screen: Screen): string {
  const { view } = screen;
  if (view === undefined) return '';
  const { status, displayProgress } = view.progress;
  const look: Look = status === 'FAILED' ? 'failed' : status === 'COMPLETED' ? 'done' : 'running';
  const { full, rest } = bar(displayProgress, grid.bar);
  const cells = [
    `${paint(look, MARKS[look])} ${paint('strong', fitToWidth(escapeControls(screen.taskId), grid.name))}`,
  ];
  if (grid.bar > 0) cells.push(` ${paint(look, full)}${paint('quiet', rest)}`);
  cells.push(percent(displayProgress).padStart(5));
  if (grid.pulse > 0) cells.push(`  ${paint('quiet', pulseText(screen.taskPulse, options.nowMs, grid.pulse))}`);
  const facts = cutToWidth(escapeControls(headerFacts(screen, options).join(' · ')), grid.words);
  if (grid.words > 0) cells.push(`  ${screen.connection.kind === 'lost' ? paint('warning', facts) : facts}`);
  return cells.join('').trimEnd();
}

/** The connection comes first when it is in trouble: all else on the screen is then old. */
function headerFacts(screen: Screen, { nowMs, timeZone }: FrameOptions): string[] {
  const { connection, view } = screen;
  if (view === undefined) return [];
  const { startedAt, lastUpdate, stage, status } = view.progress;
  const isOver = status !== 'RUNNING';
  const elapsed = stopwatch((isOver ? Date.parse(lastUpdate) : nowMs) - Date.parse(startedAt));
  // A replayed run tells old times; what counts is when its last word came in.
  const silentMs = nowMs - (screen.lastBeatMs ?? Date.parse(lastUpdate));
  const facts: string[] = [];
  if (connection.kind === 'lost') facts.push(`reconnecting since ${clock(connection.sinceMs, timeZone)}`);
  facts.push(stage.toLowerCase().replaceAll('_', ' '), elapsed);
  if (!isOver && connection.kind === 'live' && silentMs >= 15_000) facts.push(`silent for ${stopwatch(silentMs)}`);
  if (screen.title !== undefined) facts.push(screen.title);
  return facts;
}

function waitingLine(screen: Screen, { nowMs, timeZone }: FrameOptions): string {
  const { kind, sinceMs } = screen.connection;
  const name = `${MARKS.waiting} ${escapeControls(screen.taskId)}`;
  if (kind === 'lost') return `${name}  no connection since ${clock(sinceMs, timeZone)}; trying again`;
  // A known task answers at once: so a short silence says that it is not known.
  if (kind === 'connecting' || nowMs - sinceMs < 300) return `${name}  connecting`;
  return `${name}  no such task yet; waiting for it since ${clock(sinceMs, timeZone)}`;
}

/** When not all fit: those that are at work or in trouble before those that are done; the order stays. */
function chooseRows(components: readonly ComponentView[], room: number): readonly ComponentView[] {
  if (components.length <= room) return components;
  const places = Math.max(0, room - 1); // One line says how many are not shown.
  const byInterest = components.toSorted((a, b) => interest(b) - interest(a) || latest(b) - latest(a));
  const chosen = new Set(byInterest.slice(0, places));
  return components.filter((component) => chosen.has(component));
}

function interest(component: ComponentView): number {
  const look = lookOf(component.status, component.progress);
  return { failed: 4, warning: 3, running: 2, waiting: 1, done: 0 }[look];
}

function latest(component: ComponentView): number {
  return Date.parse(component.lastUpdate);
}

function hiddenLine(hidden: readonly ComponentView[]): string {
  const looks = hidden.map((component) => lookOf(component.status, component.progress));
  const order: readonly Look[] = ['failed', 'warning', 'running', 'waiting', 'done'];
  const parts = order
    .map((look) => ({ look, times: looks.filter((each) => each === look).length }))
    .filter(({ times }) => times > 0)
    .map(({ look, times }) => `${MARKS[look]} ${times}`);
  return `${INDENT}… ${hidden.length} more:  ${parts.join('  ')}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
