/**
 * A watched task as a live area. Drawing is bound by time, not by events: however fast they come, ten pictures a
 * second are drawn; and one a second while nothing comes, for the clock and the pulse to go on.
 */
import { renderFrame, renderNotice, renderOutcome } from './frame.ts';
import type { Output } from './io.ts';
import { createLiveArea } from './live-area.ts';
import { clock, createPaint } from './look.ts';
import type { Picture } from './picture.ts';
import { emptyScreen, foldScreen, noticeOf, type Screen } from './screen.ts';

export interface LiveOptions {
  readonly taskId: string;
  readonly output: Output;
  readonly withColour: boolean;
  readonly frameMs?: number;
  readonly idleMs?: number;
  readonly timeZone?: string;
}

export function createLivePicture(options: LiveOptions): Picture {
  const { output, frameMs = 100, idleMs = 1_000, withColour } = options;
  const style = { withColour, ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }) };
  const paint = createPaint(withColour);
  const area = createLiveArea(output);
  let screen: Screen = emptyScreen(options.taskId, Date.now());
  let above: string[] = [];
  let lastDrawnMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function draw(): void {
    clearTimeout(timer);
    const nowMs = Date.now();
    lastDrawnMs = nowMs;
    area.draw(above, renderFrame(screen, { ...area.size(), ...style, nowMs }));
    above = [];
    timer = setTimeout(draw, idleMs);
  }
  function drawSoon(): void {
    clearTimeout(timer);
    timer = setTimeout(draw, Math.max(0, lastDrawnMs + frameMs - Date.now()));
  }
  function say(text: string): void {
    above.push(paint('quiet', `${clock(Date.now(), options.timeZone)} · ${text}`));
  }

  return {
    onConnection(state) {
      const nowMs = Date.now();
      const wasLost = screen.connection.kind === 'lost';
      if (state.kind === 'connected') {
        if (wasLost && screen.view !== undefined) say('connected again; going on where it broke off');
        screen = { ...screen, connection: { kind: 'live', sinceMs: nowMs } };
      } else if (state.kind === 'lost' && !wasLost) {
        screen = { ...screen, connection: { kind: 'lost', sinceMs: nowMs } };
      }
      drawSoon();
    },
    onTitle(title) {
      screen = { ...screen, title };
      drawSoon();
    },
    async onUpdate(update) {
      screen = foldScreen(screen, update, Date.now());
      const notice = noticeOf(update);
      if (notice !== undefined) above.push(renderNotice(notice, style));
      drawSoon();
    },
    [Symbol.dispose]() {
      draw();
      clearTimeout(timer);
      area[Symbol.dispose]();
      if (screen.view?.hasEnded === true) output.write(`${renderOutcome(screen, style)}\n`);
    },
  };
}
