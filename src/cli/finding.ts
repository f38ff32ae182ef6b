/** What a check found: one line, with what to do about it when something is wrong. */
import { escapeControls } from '../util/terminal-text.ts';
import type { ExitCode } from './exit.ts';
import { MARKS, type Paint } from './look.ts';

export interface Finding {
  readonly look: 'done' | 'warning' | 'failed';
  /** What was checked, in a word or two. */
  readonly what: string;
  readonly text: string;
  /** How the command ends for it. */
  readonly exit?: ExitCode;
}

const WHAT_WIDTH = 12;

export function good(what: string, text: string): Finding {
  return { look: 'done', what, text };
}

export function warning(what: string, text: string): Finding {
  return { look: 'warning', what, text };
}

export function failed(what: string, exit: ExitCode, text: string): Finding {
  return { look: 'failed', what, text, exit };
}

export function findingLine({ look, what, text }: Finding, paint: Paint): string {
  return `${paint(look, MARKS[look])} ${what.padEnd(WHAT_WIDTH)} ${escapeControls(text)}`;
}
