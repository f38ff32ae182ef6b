/** One line on standard error that says how far a sending has come; nothing where no one could see it move. */
import { escapeControls } from '../util/terminal-text.ts';
import { hasColour, isLive, type CliIo } from './io.ts';
import { bar, createPaint } from './look.ts';
import { percent } from '../view/look.ts';

export interface ProgressLine extends Disposable {
  update(done: number): void;
  /** A line that stays. */
  say(text: string): void;
}

const FRAME_MS = 100;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[K';

export function createProgressLine({
  io,
  total,
}: {
  readonly io: CliIo;
  readonly total: number | undefined;
}): ProgressLine {
  const { stderr, env } = io;
  const live = isLive(stderr, env);
  const paint = createPaint(hasColour(stderr, env));
  let drawnAtMs = 0;
  let isShown = false;

  function clear(): void {
    if (isShown) stderr.write(CLEAR_LINE);
    isShown = false;
  }
  return {
    [Symbol.dispose]: clear,
    say(text) {
      clear();
      stderr.write(`drumline: ${escapeControls(text)}\n`);
    },
    update(done) {
      const nowMs = performance.now();
      if (!live || nowMs - drawnAtMs < FRAME_MS) return;
      drawnAtMs = nowMs;
      isShown = true;
      stderr.write(`${CLEAR_LINE}${progressText(done, total, paint)}`);
    },
  };
}

function progressText(done: number, total: number | undefined, paint: ReturnType<typeof createPaint>): string {
  if (total === undefined || total === 0) return `  ${done} events`;
  const { full, rest } = bar(done / total, BAR_WIDTH);
  return `  ${paint('running', full)}${paint('quiet', rest)} ${percent(done / total).padStart(4)}  ${done} of ${total} events`;
}
