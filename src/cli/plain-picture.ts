/** A watched task for pipes and logs: one line for each thing that happened, for people or as JSON. */
import type { TaskUpdate } from '../client/index.ts';
import { escapeControls } from '../util/terminal-text.ts';
import { renderOutcome } from './frame.ts';
import { writeJson, writeLine, type CliIo } from './io.ts';
import { clock, lookOf, MARKS, percent } from './look.ts';
import type { Picture } from './picture.ts';
import { emptyScreen, foldScreen, noticeOf, type Screen } from './screen.ts';

export interface PlainOptions {
  readonly taskId: string;
  readonly io: CliIo;
  readonly timeZone?: string;
}

/** Each update as it came, one JSON object a line; its `cursor` is what `--after` takes. Talk goes to stderr. */
export function createJsonPicture({ taskId, io }: PlainOptions): Picture {
  const talk = createTalk(io, taskId);
  return {
    onConnection: talk.onConnection,
    onTitle() {},
    onUpdate(update) {
      talk.stopWaiting();
      return writeJson(io.stdout, update);
    },
    [Symbol.dispose]: talk.stopWaiting,
  };
}

export function createPlainPicture({ taskId, io, timeZone }: PlainOptions): Picture {
  const talk = createTalk(io, taskId);
  const style = { withColour: false, ...(timeZone === undefined ? {} : { timeZone }) };
  let screen: Screen = emptyScreen(taskId, Date.now());
  return {
    onConnection: talk.onConnection,
    onTitle() {},
    async onUpdate(update) {
      talk.stopWaiting();
      screen = foldScreen(screen, update, Date.now());
      const line = update.__typename === 'TaskEnded' ? renderOutcome(screen, style) : plainLine(update, timeZone);
      if (line !== undefined) await writeLine(io.stdout, line);
    },
    [Symbol.dispose]: talk.stopWaiting,
  };
}

/** `12:03:04  63% ▸ property_belter  belter_started  Scoring 24 properties` */
function plainLine(update: TaskUpdate, timeZone?: string): string | undefined {
  const share = percent(update.progress.displayProgress).padStart(4);
  if (update.__typename === 'TaskEventRecorded') {
    const { component, eventType, message, timestamp } = update.event;
    const mark = MARKS[lookOf(eventType, update.component.progress)];
    const words = [component, eventType.toLowerCase(), message].map(escapeControls).join('  ');
    return `${clock(timestamp, timeZone)} ${share} ${mark} ${words}`;
  }
  const notice = noticeOf(update);
  if (notice !== undefined) return `${clock(notice.at, timeZone)} ${share} ${MARKS[notice.look]} ${notice.text}`;
  if (update.__typename !== 'TaskSnapshot') return undefined;
  const { components, lastUpdate, stage, status, taskId } = update.progress;
  const facts = [`${components.length} components`, stage.toLowerCase(), status.toLowerCase()].join(', ');
  return `${clock(lastUpdate, timeZone)} ${share} ${MARKS.running} ${escapeControls(taskId)}  ${facts}`;
}

interface Talk extends Pick<Picture, 'onConnection'> {
  stopWaiting(this: void): void;
}

/** Said once when it breaks and once when it is back; and when a task is waited for. */
function createTalk(io: CliIo, taskId: string): Talk {
  const say = (text: string): void => void io.stderr.write(`drumline: ${escapeControls(text)}\n`);
  let isLost = false;
  let isWaited = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    stopWaiting() {
      isWaited = false;
      clearTimeout(timer);
    },
    onConnection(state) {
      clearTimeout(timer);
      if (state.kind === 'lost' && !isLost) say(`${state.error.message} Trying again.`);
      if (state.kind === 'connected') {
        if (isLost) say('connected again; going on where it broke off.');
        if (isWaited) timer = setTimeout(say, WAITING_AFTER_MS, `waiting for task ${taskId}.`);
      }
      if (state.kind !== 'connecting') isLost = state.kind === 'lost';
    },
  };
}

/** A known task answers at once. */
const WAITING_AFTER_MS = 300;
