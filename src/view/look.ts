/**
 * The one vocabulary of everything drawn, on a page as on a terminal. Colour says state and nothing else, and each
 * state has a shape of its own, so that nothing is lost without colour.
 */

export type Look = 'waiting' | 'running' | 'done' | 'warning' | 'failed';

/** What a component's latest event says of it. Unknown types (the list may grow) count as running. */
export function lookOf(eventType: string, progress: number): Look {
  if (eventType === 'WARNING') return 'warning';
  if (eventType === 'ERROR' || eventType.endsWith('_FAILED')) return 'failed';
  if (eventType.endsWith('_ASSIGNED')) return 'waiting';
  // A coordinator completes an analysis and goes on: it is done when its own progress says so, too.
  return eventType.endsWith('_COMPLETED') && (progress >= 1 || !isPhase(eventType)) ? 'done' : 'running';
}

/** What should be seen without looking for it. */
export function isTrouble(look: Look | undefined): look is 'warning' | 'failed' {
  return look === 'warning' || look === 'failed';
}

/** A task that is under way and said nothing for so long counts as silent. */
export const SILENT_MS = 60_000;

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

function isPhase(eventType: string): boolean {
  return eventType.startsWith('ANALYSIS') || eventType.startsWith('SYNTHESIS');
}
