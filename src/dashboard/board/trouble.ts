/** What went wrong and should be seen without looking for it. */
import { isInTrouble, type BoardRow } from './row.ts';

export interface Trouble {
  /** What came last stands first, and then stays in its place. */
  readonly all: readonly BoardRow[];
  readonly listed: readonly BoardRow[];
  /** So many have no line. */
  readonly more: number;
}

export const NO_TROUBLE: Trouble = Object.freeze({ all: [], listed: [], more: 0 });

export interface TroubleOptions {
  readonly nowMs: number;
  /** So many lines at most. */
  readonly maxLines: number;
  /** The lines that there are stay, in their places, and no other comes. */
  readonly isHeld: boolean;
}

/** The trouble after one more update. */
export function foldTrouble(
  before: Trouble,
  rows: ReadonlyMap<string, BoardRow>,
  { nowMs, maxLines, isHeld }: TroubleOptions,
): Trouble {
  const known = new Set(before.all.map(({ id }) => id));
  const fresh = Array.from(rows.values())
    .filter((row) => !known.has(row.id) && isInTrouble(row, nowMs))
    .toSorted((a, b) => b.saidMs - a.saidMs);
  const kept = before.all.flatMap(({ id }) => rows.get(id) ?? []).filter((row) => isInTrouble(row, nowMs));
  const all = [...fresh, ...kept];
  const listed = isHeld ? before.listed.map((row) => rows.get(row.id) ?? row) : all.slice(0, maxLines);
  return { all, listed, more: all.filter((row) => !listed.includes(row)).length };
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
