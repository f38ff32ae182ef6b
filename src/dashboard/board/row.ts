/**
 * What the board knows of each task: made from what the server says, once for each change of it, with the pulse that
 * the page itself has counted. Pure, so that a task that did not change is the same object and is not drawn again.
 */
import type { TaskRow } from '../../client/index.ts';
import { isTrouble, lookOf, type Look } from '../../view/look.ts';
import { addBeat, type Pulse } from '../../view/pulse.ts';
import { oneLine } from '../parts/text.ts';

export interface BoardRow {
  readonly task: TaskRow;
  readonly id: string;
  /** The title, or the id where there is none. */
  readonly name: string;
  readonly look: Look;
  readonly lastWord: LastWord | undefined;
  readonly startedMs: number;
  /** When the last word was recorded: for the order. */
  readonly saidMs: number;
  /** The same, but never in the future: for how long nothing was said. */
  readonly heardMs: number;
  /** Undefined before the first event. */
  readonly pulse: Pulse | undefined;
  /** What a search looks in. */
  readonly haystack: string;
  /** Sorts as people do: 9 before 10, and capitals among the rest. */
  readonly sortName: string;
}

export interface LastWord {
  readonly component: string;
  readonly message: string;
  readonly eventType: string;
  /** `warning` and `failed` are trouble. */
  readonly look: Look;
  readonly recordedAt: string;
}

export interface BoardRows {
  /** What it was made of. */
  readonly tasks: ReadonlyMap<string, TaskRow>;
  readonly rows: ReadonlyMap<string, BoardRow>;
}

export const NO_ROWS: BoardRows = Object.freeze({ tasks: new Map(), rows: new Map() });

/** The rows after one more update, seen at `nowMs` of the server's clock. */
export function foldRows(before: BoardRows, tasks: ReadonlyMap<string, TaskRow>, nowMs: number): BoardRows {
  const rows = new Map<string, BoardRow>();
  for (const [id, task] of tasks) {
    const known = before.rows.get(id);
    rows.set(id, known?.task === task ? known : toRow(task, known, nowMs));
  }
  return { tasks, rows };
}

/** Whether the task is under way and the last that it said is a warning or an error, or it failed a moment ago. */
export function isInTrouble({ look, lastWord, saidMs }: BoardRow, nowMs: number): boolean {
  if (look === 'failed') return nowMs - saidMs < RECENT_MS;
  return look === 'running' && isTrouble(lastWord?.look);
}

const RECENT_MS = 3_600_000;

function toRow(task: TaskRow, known: BoardRow | undefined, nowMs: number): BoardRow {
  const { id, labels, progress } = task;
  const lastWord = lastWordOf(task);
  const saidMs = Date.parse(lastWord?.recordedAt ?? progress.lastUpdate);
  const title = oneLine(task.title ?? '');
  const name = title === '' ? id : title;
  // What is caught up on after a break was said when it was recorded: a stuck task stays silent.
  const heardMs = Math.min(saidMs, nowMs);
  return {
    task,
    id,
    name,
    look: taskLook(task),
    lastWord,
    startedMs: Date.parse(progress.startedAt),
    saidMs,
    heardMs,
    pulse: pulseAfter(known, progress.sequence, heardMs),
    haystack: foldCase([id, title, ...labels, lastWord?.component ?? '', lastWord?.message ?? ''].join('\n')),
    sortName: foldCase(name).replaceAll(/\d+/g, sortedByLength),
  };
}

/**
 * All beats since the last word known count with the one that is known now. Of those of a longer time, as of a task
 * that the page has just met, only the last is known: before it nothing, after it silence.
 */
function pulseAfter(known: BoardRow | undefined, sequence: number, heardMs: number): Pulse | undefined {
  const beats = sequence - (known?.task.progress.sequence ?? 0);
  if (beats <= 0) return known?.pulse;
  const isNear = known?.pulse !== undefined && heardMs - known.heardMs <= NEAR_MS;
  return isNear ? addBeat(known.pulse, heardMs, beats) : addBeat(known?.pulse, heardMs);
}

/** What a pulse tells of: within it, it makes little difference when. */
const NEAR_MS = 60_000;

function taskLook({ progress }: TaskRow): Look {
  if (progress.status === 'COMPLETED') return 'done';
  if (progress.status === 'FAILED') return 'failed';
  return progress.sequence === 0 ? 'waiting' : 'running';
}

function lastWordOf({ lastEvent }: TaskRow): LastWord | undefined {
  if (lastEvent === null) return undefined;
  return { ...lastEvent, message: oneLine(lastEvent.message), look: lookOf(lastEvent.eventType, 0) };
}

/** A number that has more digits is higher. Padded to one length they would say it, too, but take twice as long to compare. */
function sortedByLength(digits: string): string {
  const number = digits.replace(/^0+(?=\d)/, '');
  return String.fromCharCode('0'.charCodeAt(0) + number.length) + number;
}

/** So that a search finds `Café` by `cafe`. */
export function foldCase(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase();
}
