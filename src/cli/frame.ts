/**
 * Tasks as scores: a line for each task, and indented below it one for each of its components. A pure function of the
 * screens and the size of the terminal, so that what people see is what the tests see.
 */
import type { ComponentView } from '../client/index.ts';
import { cutToWidth } from '../util/terminal-text.ts';
import { drawName, drawRow, layOut, type Grid } from './grid.ts';
import { clock, createPaint, type Paint } from './look.ts';
import { lookOf, SILENT_MS, stopwatch } from '../view/look.ts';
import { pulseText, rateOf, rateText, RATE_WIDTH, type Pulse } from '../view/pulse.ts';
import { chooseRows, isOver, lookOfTask } from './rows.ts';
import type { Screen } from './screen.ts';

export interface FrameOptions {
  readonly width: number;
  readonly height: number;
  readonly nowMs: number;
  readonly withColour: boolean;
  /** For the time of day; the system's when left out. */
  readonly timeZone?: string;
}

interface Drawing extends FrameOptions {
  readonly grid: Grid;
  readonly paint: Paint;
  /** So many columns for the time that each task took. */
  readonly elapsed: number;
  readonly hasBars: boolean;
}

/** The lines of the live area: at most `height`, none wider than `width`. */
export function renderFrame(screens: readonly Screen[], options: FrameOptions): string[] {
  const grid = layOut(options.width, {
    tasks: screens.map(({ taskId }) => taskId),
    components: screens.flatMap(({ view }) => [...(view?.components.keys() ?? [])]),
    isOver: screens.every(isOver),
    hasEstimates: screens.some(({ estimates }) => estimates.size > 0),
  });
  const paint = createPaint(options.withColour);
  const elapsed = Math.max(...screens.map((screen) => elapsedText(screen, options).length));
  const hasBars = screens.some(({ view }) => view !== undefined);
  const drawing: Drawing = { ...options, grid, paint, elapsed, hasBars };
  const { tasks, rest } = chooseRows(screens, options.height);
  const lines = tasks.flatMap(({ screen, components }) => [
    drawTask(drawing, screen),
    ...components.map((component) => drawComponent(drawing, screen, component)),
  ]);
  return rest === undefined ? lines : [...lines, paint('quiet', cutToWidth(rest, options.width))];
}

function drawComponent(drawing: Drawing, screen: Screen, component: ComponentView): string {
  const { name, progress, message } = component;
  const look = lookOf(component.status, progress);
  const isAtWork = !isOver(screen) && look !== 'done' && look !== 'failed';
  const pulse = screen.pulses.get(name);
  const rate = isAtWork && look !== 'waiting' ? rateAt(drawing, screen, pulse) : 0;
  return drawRow(drawing.grid, drawing.paint, {
    look,
    name,
    isTask: false,
    progress,
    pulse: pulseText(pulse, serverNow(drawing, screen), drawing.grid.pulse),
    rate: rate < 0.05 ? '' : rateText(rate),
    words: message,
    estimate: isAtWork ? estimateText(screen, name) : '',
  });
}

function drawTask(drawing: Drawing, screen: Screen): string {
  const { grid, paint } = drawing;
  const { taskId, view, connection, isDeleted } = screen;
  const look = lookOfTask(screen);
  if (view === undefined) {
    const name = drawName(grid, paint, { look, name: taskId, isTask: true });
    const words = isDeleted ? 'deleted' : waitingWords(screen, drawing);
    const gap = drawing.hasBars ? ' ' : '  ';
    return `${name}${gap}${cutToWidth(words, drawing.width - grid.name - 4)}`;
  }
  const rate = isOver(screen) ? '' : rateText(rateAt(drawing, screen, screen.taskPulse));
  const estimate = isOver(screen) ? '' : estimateText(screen, [...view.components.keys()][0]);
  const isLost = connection.kind === 'lost' && !isOver(screen);
  return drawRow(grid, paint, {
    look,
    name: taskId,
    isTask: true,
    progress: view.progress.displayProgress,
    pulse: pulseText(screen.taskPulse, serverNow(drawing, screen), grid.pulse),
    rate,
    words: isLost
      ? `reconnecting since ${clock(connection.sinceMs, drawing.timeZone)}`
      : taskWords(drawing, screen, { rate, estimate }),
    wordsLook: isLost ? 'warning' : look === 'failed' ? 'failed' : 'running',
    estimate,
  });
}

/** What keeps its width comes first: of several tasks it then stands in columns. */
function taskWords(
  drawing: Drawing,
  screen: Screen,
  { rate, estimate }: { readonly rate: string; readonly estimate: string },
): string {
  const { grid, elapsed } = drawing;
  const { view, title, isDeleted, lastBeatMs } = screen;
  if (view === undefined) return '';
  const { stage, lastUpdate } = view.progress;
  // A replayed run tells old times; what counts is when its last word came in.
  const silentMs = serverNow(drawing, screen) - (lastBeatMs ?? Date.parse(lastUpdate));
  const facts = isOver(screen) || silentMs < SILENT_MS ? [] : [`silent for ${stopwatch(silentMs)}`];
  facts.push(isDeleted ? 'deleted' : stage.toLowerCase().replaceAll('_', ' '));
  if (estimate !== '' && grid.estimate === 0) facts.push(estimate);
  if (title !== undefined) facts.push(title);
  const figures = [elapsedText(screen, drawing).padStart(elapsed)];
  if (grid.rate === 0 && rate !== '') figures.unshift(rate.padStart(RATE_WIDTH));
  return [...figures, facts.join(' · ')].join('  ');
}

/**
 * On the task's own clock: at its last event, and on from when that came. So a run that is replayed shows the time it
 * took, not the days since.
 */
function elapsedText(screen: Screen, options: FrameOptions): string {
  const { view, lastBeatMs } = screen;
  if (view === undefined) return '';
  const { startedAt, lastUpdate, status } = view.progress;
  const atLastEventMs = Date.parse(lastUpdate) - Date.parse(startedAt);
  if (status !== 'RUNNING') return stopwatch(atLastEventMs);
  const nowMs = serverNow(options, screen);
  return stopwatch(lastBeatMs === undefined ? nowMs - Date.parse(startedAt) : atLastEventMs + nowMs - lastBeatMs);
}

function rateAt({ nowMs }: FrameOptions, { clock: { aheadMs }, seenSinceMs = nowMs }: Screen, pulse?: Pulse): number {
  return rateOf(pulse, nowMs - aheadMs, seenSinceMs - aheadMs);
}

/** What is silent, and for how long, is a matter of the clock that its events were recorded by. */
function serverNow({ nowMs }: FrameOptions, screen: Screen): number {
  return nowMs - screen.clock.aheadMs;
}

/** As the component said it. Of a task: what its first component says, for that one opened it and speaks for it. */
function estimateText({ estimates }: Screen, component: string | undefined): string {
  const words = component === undefined ? '' : (estimates.get(component) ?? '');
  return words === '' ? '' : `eta ${words}`;
}

function waitingWords({ connection: { kind, sinceMs } }: Screen, { nowMs, timeZone }: FrameOptions): string {
  if (kind === 'lost') return `no connection since ${clock(sinceMs, timeZone)}; trying again`;
  // A known task answers at once: so a short silence says that it is not known.
  if (kind === 'connecting' || nowMs - sinceMs < 300) return 'connecting';
  return `no such task yet; waiting for it since ${clock(sinceMs, timeZone)}`;
}
