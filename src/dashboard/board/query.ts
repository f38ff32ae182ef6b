/** Which tasks are shown and in what order, as the address has it. */
import type { Look } from '../../view/look.ts';
import { foldCase, isInTrouble, type BoardRow } from './row.ts';

export const STATUSES = ['all', 'running', 'trouble', 'completed', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

export const SORTS = ['started', 'said', 'progress', 'name'] as const;
export type Sort = (typeof SORTS)[number];

export interface BoardQuery {
  readonly status: Status;
  /** Empty: any. */
  readonly stage: string;
  readonly text: string;
  readonly sort: Sort;
  readonly isDescending: boolean;
}

/** What each is most often wanted in: the newest, the latest and the furthest first, and names as in a dictionary. */
const IS_DESCENDING: Readonly<Record<Sort, boolean>> = { started: true, said: true, progress: true, name: false };

/** Whatever else an address says is left out. */
export function readQuery(params: { get(name: string): string | null }): BoardQuery {
  const sorted = params.get('sort') ?? '';
  const sort = SORTS.find((each) => each === sorted.replace(/^-/, '')) ?? 'started';
  return {
    status: STATUSES.find((each) => each === params.get('status')) ?? 'all',
    stage: params.get('stage') ?? '',
    text: params.get('q') ?? '',
    sort,
    isDescending: sorted.startsWith('-') !== IS_DESCENDING[sort],
  };
}

/** As the address has it: nothing for what is so without it, and `-` for the other direction. */
export function sortParameter(sort: Sort, isDescending: boolean): string | undefined {
  const isOther = isDescending !== IS_DESCENDING[sort];
  return sort === 'started' && !isOther ? undefined : `${isOther ? '-' : ''}${sort}`;
}

/** Once more on the same column turns it round. */
export function nextSort(query: BoardQuery, sort: Sort): string | undefined {
  return sortParameter(sort, query.sort === sort ? !query.isDescending : IS_DESCENDING[sort]);
}

export interface Found {
  readonly rows: readonly BoardRow[];
  /** How many there would be with each status. */
  readonly counts: Readonly<Record<Status, number>>;
}

export function find(rows: Iterable<BoardRow>, query: BoardQuery, nowMs: number): Found {
  const words = foldCase(query.text).split(/\s+/).filter(Boolean);
  const counts = { all: 0, running: 0, trouble: 0, completed: 0, failed: 0 };
  const found: BoardRow[] = [];
  for (const row of rows) {
    if (query.stage !== '' && row.task.progress.stage !== query.stage) continue;
    if (!words.every((word) => row.haystack.includes(word))) continue;
    const status = STATUS_OF[row.look];
    const inTrouble = isInTrouble(row, nowMs);
    counts.all += 1;
    counts[status] += 1;
    if (inTrouble) counts.trouble += 1;
    if (query.status === 'all' || query.status === status || (query.status === 'trouble' && inTrouble)) found.push(row);
  }
  return { rows: found.toSorted(compareBy(query)), counts };
}

const STATUS_OF: Readonly<Record<Look, Exclude<Status, 'all' | 'trouble'>>> = {
  waiting: 'running',
  running: 'running',
  warning: 'running',
  done: 'completed',
  failed: 'failed',
};

/** Of equals the newer first; it ends in the id, so that they do not change places from one update to the next. */
function compareBy({ sort, isDescending }: BoardQuery): (a: BoardRow, b: BoardRow) => number {
  const sign = isDescending ? -1 : 1;
  const keyOf = KEYS[sort];
  return (a, b) => sign * compare(keyOf(a), keyOf(b)) || compare(b.startedMs, a.startedMs) || compare(a.id, b.id);
}

const KEYS: Readonly<Record<Sort, (row: BoardRow) => number | string>> = {
  started: (row) => row.startedMs,
  said: (row) => row.saidMs,
  progress: (row) => row.task.progress.displayProgress,
  name: (row) => row.sortName,
};

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
