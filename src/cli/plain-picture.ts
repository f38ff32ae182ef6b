/** Watched tasks for pipes and logs: one line for each thing that happened, for people or as JSON. */
import type { TaskUpdate } from '../client/index.ts';
import { escapeControls } from '../util/terminal-text.ts';
import { writeJson, writeLine, type CliIo } from './io.ts';
import { renderOutcome, taskColumn, type LineStyle } from './lasting-lines.ts';
import { createLink } from './link.ts';
import { clock, createPaint, MARKS } from './look.ts';
import { isTrouble, lookOf, percent, type Look } from '../view/look.ts';
import type { Picture } from './picture.ts';
import { createScreenFold, noticeOf } from './screen.ts';

export interface PlainOptions {
  readonly taskIds: readonly string[];
  readonly io: CliIo;
}

/**
 * Each update as it came, one JSON object a line; its `cursor` is what `--after` takes. That a task was deleted no
 * update tells: it has an object of its own. Talk goes to stderr.
 */
export function createJsonPicture({ io }: PlainOptions): Picture {
  const talk = createTalk(io);
  const inTurn = createTurn();
  return {
    ...talk,
    onTitle() {},
    onUpdate(taskId, update) {
      talk.onNews(taskId, update);
      return inTurn(() => writeJson(io.stdout, update));
    },
    onDeleted(taskId) {
      talk.onNews(taskId);
      return inTurn(() => writeJson(io.stdout, { __typename: 'TaskDeleted', taskId }));
    },
  };
}

export function createPlainPicture({ taskIds, io, ...style }: PlainOptions & LineStyle): Picture {
  const talk = createTalk(io);
  const inTurn = createTurn();
  const nameOf = taskColumn(taskIds);
  const folds = new Map(taskIds.map((taskId) => [taskId, createScreenFold(taskId, Date.now())]));
  return {
    ...talk,
    onTitle() {},
    async onUpdate(taskId, update) {
      talk.onNews(taskId, update);
      const fold = folds.get(taskId);
      fold?.fold(update, Date.now());
      const task = nameOf(taskId);
      const screen = update.__typename === 'TaskEnded' ? fold?.screen() : undefined;
      const line = screen === undefined ? plainLine(update, task, style) : renderOutcome(screen, task, style);
      if (line !== undefined) await inTurn(() => writeLine(io.stdout, line));
    },
    async onDeleted(taskId) {
      talk.onNews(taskId);
      const fold = folds.get(taskId);
      if (fold === undefined) return;
      fold.set({ isDeleted: true });
      const line = renderOutcome(fold.screen(), nameOf(taskId), style);
      await inTurn(() => writeLine(io.stdout, line));
    },
  };
}

/** `12:03:04  63% ▸ build-7  property_belter  belter_started  Scoring 24 properties` */
function plainLine(update: TaskUpdate, task: string, { withColour, timeZone }: LineStyle): string | undefined {
  const paint = createPaint(withColour);
  const line = (at: string | number, look: Look, words: readonly string[]): string => {
    const when = `${clock(at, timeZone)} ${percent(update.progress.displayProgress).padStart(4)}`;
    const text = `${task === '' ? '' : `${task}  `}${words.map(escapeControls).join('  ')}`;
    return `${paint('quiet', when)} ${isTrouble(look) ? paint(look, `${MARKS[look]} ${text}`) : `${paint(look, MARKS[look])} ${text}`}`;
  };
  if (update.__typename === 'TaskEventRecorded') {
    const { component, eventType, message, timestamp } = update.event;
    return line(timestamp, lookOf(eventType, update.component.progress), [component, eventType.toLowerCase(), message]);
  }
  const notice = noticeOf(update);
  if (notice !== undefined) return line(notice.at, notice.look, [notice.text]);
  if (update.__typename !== 'TaskSnapshot') return undefined;
  const { components, lastUpdate, stage, status, taskId } = update.progress;
  const count = `${components.length} component${components.length === 1 ? '' : 's'}`;
  const facts = [count, stage.toLowerCase(), status.toLowerCase()].join(', ');
  return line(lastUpdate, 'running', task === '' ? [taskId, facts] : [facts]);
}

interface Talk extends Pick<Picture, 'onConnection'>, Disposable {
  onNews(taskId: string, update?: TaskUpdate): void;
}

/** Said once when it breaks and once when it is back; and when a task is waited for. */
function createTalk(io: CliIo): Talk {
  const say = (text: string): void => void io.stderr.write(`drumline: ${escapeControls(text)}\n`);
  const sayBack = (what: 'lost' | 'back' | undefined): void => {
    if (what === 'back') say('connected again; going on where it broke off.');
  };
  const link = createLink();
  const known = new Set<string>();
  const waitedFor = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function sayWaiting(): void {
    if (waitedFor.size === 0) return;
    say(`waiting for ${waitedFor.size === 1 ? 'task' : 'tasks'} ${[...waitedFor].join(', ')}.`);
  }
  return {
    onNews(taskId, update) {
      known.add(taskId);
      waitedFor.delete(taskId);
      if (update === undefined || update.__typename === 'TaskEnded') sayBack(link.forget(taskId));
    },
    onConnection(taskId, state) {
      waitedFor.delete(taskId);
      const what = link.note(taskId, state);
      if (what === 'lost' && state.kind === 'lost') say(`${state.error.message} Trying again.`);
      sayBack(what);
      if (state.kind !== 'connected' || known.has(taskId)) return;
      waitedFor.add(taskId);
      clearTimeout(timer);
      timer = setTimeout(sayWaiting, WAITING_AFTER_MS);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** One line after the other: many tasks that wait for a slow reader are one who waits. */
function createTurn(): (write: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve();
  return (write) => (last = last.then(write));
}

/** A known task answers at once. */
const WAITING_AFTER_MS = 300;
