/** The lines that stay: what must not scroll by unseen, and how each task ended. */
import { escapeControls, fitToWidth, textWidth, wrapToWidth } from '../util/terminal-text.ts';
import { clock, createPaint, MARKS } from './look.ts';
import { duration } from '../view/look.ts';
import { lookOfTask } from './rows.ts';
import type { Notice, Screen } from './screen.ts';

export interface LineStyle {
  readonly withColour: boolean;
  /** Of the terminal, where long texts are broken into a few lines. Left out: each stays one line. */
  readonly width?: number;
  /** For the time of day; the system's when left out. */
  readonly timeZone?: string;
}

/** What one notice may take of the screen: no word of others may flood it. */
const MOST_LINES = 4;

/** @param task the name of its task as `taskColumn` made it; '' where there is only one. */
export function renderNotice({ look, at, source, text }: Notice, task: string, style: LineStyle): string {
  const paint = createPaint(style.withColour);
  const words = [task, escapeControls(source), escapeControls(text)].filter((part) => part !== '').join('  ');
  const when = `${clock(at, style.timeZone)} `;
  const margin = when.length + 2;
  const [first = '', ...more] =
    style.width === undefined ? [words] : wrapToWidth(words, Math.max(20, style.width - margin), MOST_LINES);
  const further = more.map((line) => `\n${' '.repeat(margin)}${paint(look, line)}`).join('');
  return `${paint('quiet', when)}${paint(look, `${MARKS[look]} ${first}`)}${further}`;
}

/** How it ended; what failed first stands on a line of its own. */
export function renderOutcome(screen: Screen, task: string, style: LineStyle): string {
  const { view, taskId, warnings, failures, firstFailure } = screen;
  const paint = createPaint(style.withColour);
  const look = lookOfTask(screen);
  const name = task === '' ? escapeControls(taskId) : task;
  if (view === undefined) return paint(look, `${MARKS[look]} ${name} deleted`);
  const { status, startedAt, lastUpdate, sequence } = view.progress;
  const counts = [count(sequence, 'event'), count(warnings, 'warning'), count(failures, 'error')];
  const facts = counts.filter((text) => !text.startsWith('0 ')).join(', ');
  const how = `${screen.isDeleted ? 'deleted' : status.toLowerCase()} after ${duration(Date.parse(lastUpdate) - Date.parse(startedAt))}`;
  const line = `${paint(look, `${MARKS[look]} ${name} ${how}`)}${facts === '' ? '' : paint('quiet', ` · ${facts}`)}`;
  if (status !== 'FAILED' || firstFailure === undefined) return line;
  const lead = '  first failure: ';
  const width = style.width === undefined ? {} : { width: style.width - lead.length };
  const notice = renderNotice(firstFailure, '', { ...style, ...width });
  return `${line}\n${lead}${notice.replaceAll('\n', `\n${' '.repeat(lead.length)}`)}`;
}

/** The names of the tasks, safe and equally wide, for lines that stand below each other; '' for the only one. */
export function taskColumn(taskIds: readonly string[]): (taskId: string) => string {
  if (taskIds.length === 1) return () => '';
  const width = Math.min(34, Math.max(...taskIds.map((taskId) => textWidth(escapeControls(taskId)))));
  return (taskId) => fitToWidth(escapeControls(taskId), width);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
