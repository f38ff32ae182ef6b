/**
 * Watched tasks as a live area. Drawing is bound by time, not by events: however fast they come, ten pictures a
 * second are drawn; and one a second while nothing comes, for the clock and the pulse to go on.
 */
import { renderFrame } from './frame.ts';
import type { Output } from './io.ts';
import { renderNotice, renderOutcome, taskColumn, type LineStyle } from './lasting-lines.ts';
import { createLink } from './link.ts';
import { createLiveArea } from './live-area.ts';
import { clock, createPaint } from './look.ts';
import type { Picture } from './picture.ts';
import { isOver } from './rows.ts';
import { createScreenFold, noticeOf, type ScreenFold } from './screen.ts';

export interface LiveOptions {
  readonly taskIds: readonly string[];
  readonly output: Output;
  readonly withColour: boolean;
  readonly frameMs?: number;
  readonly idleMs?: number;
  readonly timeZone?: string;
}

/** What stays in the end may be higher than the terminal. */
const LAST_HEIGHT = 100;

export function createLivePicture(options: LiveOptions): Picture {
  const { taskIds, output, frameMs = 100, idleMs = 1_000, withColour } = options;
  const style = { withColour, ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }) };
  const paint = createPaint(withColour);
  const nameOf = taskColumn(taskIds);
  const area = createLiveArea(output);
  const link = createLink();
  const openedMs = Date.now();
  const screens = new Map(taskIds.map((taskId) => [taskId, createScreenFold(taskId, openedMs)]));
  let above: string[] = [];
  let lastDrawnMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function draw(minHeight = 1): void {
    clearTimeout(timer);
    const nowMs = Date.now();
    lastDrawnMs = nowMs;
    const { width, height } = area.size();
    const size = { width, height: Math.max(height, minHeight) };
    const drawn = Array.from(screens.values(), (each) => each.screen());
    area.draw(above, renderFrame(drawn, { ...size, ...style, nowMs }));
    above = [];
    timer = setTimeout(draw, idleMs);
  }
  function change(taskId: string, how: (screen: ScreenFold) => void): void {
    const screen = screens.get(taskId);
    if (screen !== undefined) how(screen);
    clearTimeout(timer);
    timer = setTimeout(draw, Math.max(0, lastDrawnMs + frameMs - Date.now()));
  }
  function lasting(): LineStyle {
    return { ...style, width: area.size().width };
  }
  function say(text: string): void {
    above.push(paint('quiet', `${clock(Date.now(), options.timeZone)} · ${text}`));
  }
  function sayBack(what: 'lost' | 'back' | undefined): void {
    if (what !== 'back') return;
    const isKnown = [...screens.values()].some((each) => each.screen().view !== undefined);
    if (isKnown) say('connected again; going on where it broke off');
  }

  return {
    onConnection(taskId, state) {
      sayBack(link.note(taskId, state));
      const sinceMs = Date.now();
      change(taskId, (screen) => {
        if (state.kind === 'connected') screen.set({ connection: { kind: 'live', sinceMs } });
        const isNews = state.kind === 'lost' && screen.screen().connection.kind !== 'lost';
        if (isNews) screen.set({ connection: { kind: 'lost', sinceMs } });
      });
    },
    onTitle(taskId, title) {
      change(taskId, (screen) => screen.set({ title }));
    },
    async onUpdate(taskId, update) {
      if (update.__typename === 'TaskEnded') sayBack(link.forget(taskId));
      const notice = noticeOf(update);
      if (notice !== undefined) above.push(renderNotice(notice, nameOf(taskId), lasting()));
      change(taskId, (screen) => screen.fold(update, Date.now()));
    },
    async onDeleted(taskId) {
      sayBack(link.forget(taskId));
      change(taskId, (screen) => screen.set({ isDeleted: true }));
    },
    [Symbol.dispose]() {
      draw(LAST_HEIGHT);
      clearTimeout(timer);
      area[Symbol.dispose]();
      for (const each of screens.values()) {
        const screen = each.screen();
        if (isOver(screen)) output.write(`${renderOutcome(screen, nameOf(screen.taskId), lasting())}\n`);
      }
    },
  };
}
