/**
 * Pages of a numbered log, forwards and backwards, in the Relay manner. A filtered page looks at a bounded number of
 * records and answers with what it found: it may be empty and still have more behind it, and `endCursor` says where
 * to go on.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { judgeCursor, type Cursor, type GapReason } from '../domain/cursor.ts';
import { BadInputError, type InputIssue } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import type { ReadRange } from '../log/event-log.ts';

export interface PageArgs {
  readonly first?: number | undefined;
  readonly after?: Cursor | undefined;
  readonly last?: number | undefined;
  readonly before?: Cursor | undefined;
  /** Without `after`: begin just after this number. */
  readonly afterSeq?: number | undefined;
}

/** The log was trimmed while it was read; read again. */
export class PlaceGoneError extends Error {
  override readonly name = 'PlaceGoneError';
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: Cursor | undefined;
  readonly endCursor: Cursor;
  /** Why the page could not go on from `after` (or `before`). */
  readonly gap: GapReason | undefined;
}

/** A record that has its place in a log. */
interface Numbered {
  readonly seq: number;
  readonly hash: string;
}

export interface PageSource<Item extends Numbered> {
  readonly read: (range: ReadRange) => Promise<readonly Item[]>;
  /** The running hash at a place, if it is kept; maybe from a cache. */
  readonly hashAt: (seq: number) => Promise<string | undefined>;
  /** The same, from the log itself: a cursor is refused on no other word. */
  readonly freshHashAt: (seq: number) => Promise<string | undefined>;
  readonly oldestSeq: number;
  readonly headSeq: number;
  readonly matches: ((item: Item) => boolean) | undefined;
}

/** Refuse what no page can mean. @throws BadInputError */
export function checkPageArgs({ first, last }: { first?: number | undefined; last?: number | undefined }): void {
  const issues: InputIssue[] = [];
  for (const [name, value] of [['first', first] as const, ['last', last] as const]) {
    if (value === undefined || (value >= 0 && value <= LIMITS.pageMax)) continue;
    issues.push({ path: [name], message: `must be from 0 to ${LIMITS.pageMax}` });
  }
  if (first !== undefined && last !== undefined) {
    issues.push({ path: ['last'], message: 'cannot be combined with first' });
  }
  if (issues.length > 0) throw new BadInputError(issues);
}

export async function readPage<Item extends Numbered>(source: PageSource<Item>, args: PageArgs): Promise<Page<Item>> {
  checkPageArgs(args);
  const lostAt = (await gapAt(source, args.after)) ?? (await gapAt(source, args.before));
  const { after, before, afterSeq = 0 } = lostAt === undefined ? args : {};
  const gap =
    lostAt ?? (after === undefined && afterSeq > 0 && afterSeq < source.oldestSeq - 1 ? 'expired' : undefined);
  // The places between which the page lies: events with from < seq <= to.
  const from = Math.min(Math.max(after?.seq ?? afterSeq, source.oldestSeq - 1), source.headSeq);
  const to = Math.min(before === undefined ? source.headSeq : before.seq - 1, source.headSeq);
  const backwards = args.last !== undefined && lostAt === undefined;
  const found = backwards
    ? await scanBackwards(source, from, to, args.last ?? 0)
    : await scanForwards(source, from, to, args.first ?? args.last ?? LIMITS.pageDefault);
  const { items, scannedFrom, scannedTo } = found;
  return {
    items,
    hasNextPage: scannedTo < source.headSeq,
    hasPreviousPage: scannedFrom > source.oldestSeq - 1,
    startCursor: toCursor(backwards ? found.firstScanned : items[0]),
    endCursor: toCursor(found.lastScanned) ?? (await placeAt(source, scannedTo)),
    gap,
  };
}

interface Scan<Item> {
  readonly items: readonly Item[];
  /** Looked at: scannedFrom < seq <= scannedTo. */
  readonly scannedFrom: number;
  readonly scannedTo: number;
  readonly firstScanned: Item | undefined;
  readonly lastScanned: Item | undefined;
}

/** Records that one turn of the event loop reads: a page may have many of them, and others are not to wait for it. */
const SCAN_CHUNK = 250;

async function scanForwards<Item extends Numbered>(
  { read, matches }: PageSource<Item>,
  from: number,
  to: number,
  limit: number,
): Promise<Scan<Item>> {
  const items: Item[] = [];
  const end = Math.min(to, matches === undefined ? to : from + LIMITS.scanEvents);
  let place = from;
  let firstScanned: Item | undefined;
  let lastScanned: Item | undefined;
  while (place < end && items.length < limit) {
    if (lastScanned !== undefined) await nextTurn();
    const wanted = matches === undefined ? Math.min(limit - items.length, SCAN_CHUNK) : SCAN_CHUNK;
    const chunk = await read({ after: place, limit: Math.min(wanted, end - place) });
    if (chunk.length === 0) break;
    for (const item of chunk) {
      if (items.length === limit) break;
      place = item.seq;
      firstScanned ??= item;
      lastScanned = item;
      if (matches === undefined || matches(item)) items.push(item);
    }
  }
  return { items, scannedFrom: from, scannedTo: place, firstScanned, lastScanned };
}

async function scanBackwards<Item extends Numbered>(
  { read, matches }: PageSource<Item>,
  from: number,
  to: number,
  limit: number,
): Promise<Scan<Item>> {
  const items: Item[] = [];
  const start = Math.max(from, matches === undefined ? to - limit : to - LIMITS.scanEvents);
  let place = Math.max(to, start);
  let firstScanned: Item | undefined;
  let lastScanned: Item | undefined;
  while (place > start && items.length < limit) {
    if (firstScanned !== undefined) await nextTurn();
    const chunkStart = Math.max(start, place - SCAN_CHUNK);
    const chunk = await read({ after: chunkStart, limit: place - chunkStart });
    if (chunk.length === 0) break;
    for (const item of chunk.toReversed()) {
      if (items.length === limit) break;
      place = item.seq - 1;
      firstScanned = item;
      lastScanned ??= item;
      if (matches === undefined || matches(item)) items.push(item);
    }
  }
  return { items: items.toReversed(), scannedFrom: place, scannedTo: Math.max(to, start), firstScanned, lastScanned };
}

async function gapAt<Item extends Numbered>(
  { hashAt, freshHashAt, oldestSeq }: PageSource<Item>,
  cursor: Cursor | undefined,
): Promise<GapReason | undefined> {
  if (cursor === undefined || (await hashAt(cursor.seq)) === cursor.hash) return undefined;
  const verdict = judgeCursor(cursor, await freshHashAt(cursor.seq), oldestSeq);
  return verdict === 'continues' ? undefined : verdict;
}

function toCursor(item: Numbered | undefined): Cursor | undefined {
  return item === undefined ? undefined : { seq: item.seq, hash: item.hash };
}

async function placeAt<Item extends Numbered>({ hashAt }: PageSource<Item>, seq: number): Promise<Cursor> {
  const hash = await hashAt(seq);
  if (hash === undefined) throw new PlaceGoneError(`The place after ${seq} was trimmed.`);
  return { seq, hash };
}
