/** What went wrong and should be seen without looking for it. */
import { isTrouble, type BoardRow } from './row.ts';

export interface Trouble {
  /** The latest first. */
  readonly rows: readonly BoardRow[];
  readonly more: number;
}

/** @param lines so many are listed; more are counted */
export function findTrouble(rows: Iterable<BoardRow>, nowMs: number, lines: number): Trouble {
  const all = Array.from(rows)
    .filter((row) => isTrouble(row, nowMs))
    .toSorted((a, b) => b.saidMs - a.saidMs);
  return { rows: all.slice(0, lines), more: Math.max(0, all.length - lines) };
}

/** While it is held its lines stay, and show what is known of them now. */
export function heldTrouble(before: Trouble, now: Trouble, known: ReadonlyMap<string, BoardRow>): Trouble {
  const rows = before.rows.map((row) => known.get(row.id) ?? row);
  // With no line to say it in, it waits.
  const more = rows.length === 0 ? 0 : Math.max(0, now.rows.length + now.more - rows.length);
  return { rows, more };
}

/** Ids of all that failed, for `newFailures`. */
export function failedIds(rows: Iterable<BoardRow>): ReadonlySet<string> {
  return new Set(
    Array.from(rows)
      .filter(({ look }) => look === 'failed')
      .map(({ id }) => id),
  );
}

/** What to say aloud of those that failed since; undefined when none did. */
export function newFailures(before: ReadonlySet<string>, rows: ReadonlyMap<string, BoardRow>): string | undefined {
  const failed = [...rows.values()].filter(({ id, look }) => look === 'failed' && !before.has(id));
  if (failed.length === 0) return undefined;
  if (failed.length > 3) return `${failed.length} tasks failed.`;
  return failed.map(({ name, lastWord }) => `${name} failed${lastWord ? `: ${lastWord.message}` : ''}.`).join(' ');
}
