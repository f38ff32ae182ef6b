/**
 * Reads what is missing of a run's history, the newest first: what is looked at most is there first. The log has no
 * hole, so an answer that begins later than what was asked for says which events are no longer kept.
 */
import { persist } from '../shell/persist.ts';
import type { BeatFields, History } from './history.ts';

/** Undefined: no such task. */
export type ReadPage = (afterSequence: number, first: number) => Promise<readonly BeatFields[] | undefined>;

/** As many as the server gives at once. */
const PAGE = 1_000;

/** Resolves when nothing is missing, or the task is gone. Throws what cannot pass. */
export async function readHistory(
  history: History,
  readPage: ReadPage,
  { signal, onPage }: { readonly signal: AbortSignal; readonly onPage: () => void },
): Promise<void> {
  for (let gap = history.missing(PAGE); gap !== undefined && !signal.aborted; gap = history.missing(PAGE)) {
    const { from, to } = gap;
    const page = await persist(() => readPage(from - 1, to - from + 1), { signal });
    if (page === undefined || signal.aborted) return;
    for (const event of page) if (event.sequence <= to) history.add(event);
    // What was asked for and did not come is no longer kept, nor is anything before it.
    if (!history.has(from)) history.setFloor(Math.min(page[0]?.sequence ?? to + 1, to + 1));
    onPage();
  }
}
