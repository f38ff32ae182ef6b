/** The vocabulary of everything drawn (`view/look.ts`), in characters and colours of a terminal. */
import type { Look } from '../view/look.ts';

export const MARKS: Readonly<Record<Look, string>> = Object.freeze({
  waiting: '○',
  running: '▸',
  done: '✓',
  warning: '!',
  failed: '✗',
});

/** How much of a bar is full, to half a column. */
export function bar(fraction: number, width: number): { readonly full: string; readonly rest: string } {
  const halves = Math.floor(Math.min(1, Math.max(0, fraction)) * width * 2 + 1e-9);
  const full = '━'.repeat(halves >> 1) + (halves % 2 === 1 ? '╸' : '');
  return { full, rest: '─'.repeat(width - full.length) };
}

/** The time of day of an instant, in the zone of whoever looks. */
export function clock(instant: string | number, timeZone?: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeStyle: 'medium',
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  return format.format(new Date(instant));
}

export type Paint = (look: Look | 'quiet' | 'strong', text: string) => string;

const SGR: Readonly<Record<Look | 'quiet' | 'strong', string>> = Object.freeze({
  waiting: '90',
  running: '36',
  done: '39',
  warning: '33',
  failed: '31',
  quiet: '90',
  strong: '1',
});

export function createPaint(withColour: boolean): Paint {
  if (!withColour) return (_look, text) => text;
  return (look, text) => (text === '' ? '' : `\u001b[${SGR[look]}m${text}\u001b[0m`);
}
