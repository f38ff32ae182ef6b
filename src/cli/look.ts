/**
 * The one vocabulary of everything drawn on a terminal. Colour says state and nothing else, and each state has a
 * shape of its own, so that nothing is lost without colour.
 */
import type { EventFieldsFragment } from '../client/generated/graphql.ts';

export type Look = 'waiting' | 'running' | 'done' | 'warning' | 'failed';

export const MARKS: Readonly<Record<Look, string>> = Object.freeze({
  waiting: '○',
  running: '▸',
  done: '✓',
  warning: '!',
  failed: '✗',
});

/** What a component's latest event says of it. Unknown types (the list may grow) count as running. */
export function lookOf(status: EventFieldsFragment['eventType'], progress: number): Look {
  if (status === 'WARNING') return 'warning';
  if (status === 'ERROR' || status.endsWith('_FAILED')) return 'failed';
  if (status.endsWith('_ASSIGNED')) return 'waiting';
  // A coordinator completes an analysis and goes on: it is done when its own progress says so, too.
  return status.endsWith('_COMPLETED') && (progress >= 1 || !isPhase(status)) ? 'done' : 'running';
}

/** How much of a bar is full, to half a column. */
export function bar(fraction: number, width: number): { readonly full: string; readonly rest: string } {
  const halves = Math.floor(Math.min(1, Math.max(0, fraction)) * width * 2 + 1e-9);
  const full = '━'.repeat(halves >> 1) + (halves % 2 === 1 ? '╸' : '');
  return { full, rest: '─'.repeat(width - full.length) };
}

/** Whole percent, rounded down: 100 % is shown only when all is done. */
export function percent(fraction: number): string {
  return `${Math.floor(fraction * 100 + 1e-9)}%`;
}

/** `4.2 s`, `1:04`, `3:04:05` */
export function duration(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, Math.floor(ms / 100)) / 10).toFixed(1)} s` : stopwatch(ms);
}

/** `0:04`, `1:04`, `3:04:05` */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, '0');
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, '0')}:${tail}`;
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

function isPhase(status: string): boolean {
  return status.startsWith('ANALYSIS') || status.startsWith('SYNTHESIS');
}
