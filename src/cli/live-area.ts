/**
 * The lines at the bottom of a terminal that are drawn again and again, with permanent lines scrolling away above
 * them. Each drawing is one write that ends with the cursor below the area, so that whatever comes next, an error
 * of the shell included, starts on a clean line.
 */
import { stripVTControlCharacters } from 'node:util';
import { textWidth } from '../util/terminal-text.ts';
import type { Output } from './io.ts';

export interface LiveArea extends Disposable {
  /** Put `above` over the area for good, and `lines` into it. */
  draw(above: readonly string[], lines: readonly string[]): void;
  /** Lines of the area must be at most this size. */
  size(): { readonly width: number; readonly height: number };
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Terminals that know it show what is between only when it is whole; the others ignore it. */
const BEGIN_TOGETHER = '\u001b[?2026h';
const END_TOGETHER = '\u001b[?2026l';
/** A line that was measured too short is then cut by the terminal instead of breaking the count of lines. */
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';
const CLEAR_BELOW = '\u001b[J';
/** Before the line: after a full one, the cursor still stands on its last character for some terminals. */
const CLEAR_TO_END = '\u001b[K';

export function createLiveArea(output: Output): LiveArea {
  let shown: readonly string[] = [];
  let rowsShown = 0;

  function size(): { width: number; height: number } {
    return { width: output.columns ?? 80, height: Math.max(1, (output.rows ?? 24) - 1) };
  }
  /** A narrower window has wrapped what stood there: count its rows as they are now. */
  function onResize(): void {
    const { width } = size();
    rowsShown = shown.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / width)),
      0,
    );
  }
  output.on('resize', onResize);
  output.write(HIDE_CURSOR);

  return {
    size,
    draw(above, lines) {
      const up = rowsShown === 0 ? '' : `\u001b[${rowsShown}A`;
      const permanent = above.map((line) => `${CLEAR_TO_END}${line}\n`).join('');
      const area = lines.map((line) => `${CLEAR_TO_END}${line}\n`).join('');
      const clear = above.length > 0 ? CLEAR_BELOW : '';
      output.write(
        `${BEGIN_TOGETHER}\r${up}${clear}${permanent}${WRAP_OFF}${area}${WRAP_ON}${CLEAR_BELOW}${END_TOGETHER}`,
      );
      shown = lines;
      rowsShown = lines.length;
    },
    [Symbol.dispose]() {
      output.off('resize', onResize);
      output.write(SHOW_CURSOR);
    },
  };
}
