/**
 * Pages from far back in the log. Watchers that read a long log from its start, after a deploy say, go through it at
 * about the same time; each page is read from the store, and verified, once for all of them. Only pages that are full
 * are kept, for what was recorded does not change; whoever trims a task has its pages forgotten.
 */
import type { TaskEvent } from '../domain/event.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { EventLog, ReadRange } from './event-log.ts';
import { eventBytes } from './tail.ts';

export interface PageLimits {
  /** Events of a page. */
  readonly pageEvents: number;
  /** Roughly, over all pages. */
  readonly maxPageBytes: number;
}

export interface PageCache {
  /** The events of a range that ends before the head; undefined when only the log itself can tell. */
  read(taskId: string, range: ReadRange): MaybePromise<Page | undefined>;
  /** The same, if it is held. */
  peek(taskId: string, range: ReadRange): Page | undefined;
  forget(taskId?: string): void;
}

type Page = readonly TaskEvent[];
interface Kept {
  readonly taskId: string;
  readonly bytes: number;
  readonly events: MaybePromise<Page | undefined>;
}

export function createPageCache(
  { read: readLog }: Pick<EventLog, 'read'>,
  { pageEvents, maxPageBytes }: PageLimits,
): PageCache {
  // In order of use: the first is the one to go.
  const pages = new Map<string, Kept>();
  let bytes = 0;

  function keep(key: string, kept: Kept): void {
    drop(key);
    pages.set(key, kept);
    bytes += kept.bytes;
    if (bytes > maxPageBytes) makeRoom();
  }

  function makeRoom(): void {
    for (const oldest of pages.keys()) {
      if (bytes <= maxPageBytes) return;
      drop(oldest);
    }
  }

  function drop(key: string): void {
    bytes -= pages.get(key)?.bytes ?? 0;
    pages.delete(key);
  }

  function get(taskId: string, number: number): MaybePromise<Page | undefined> {
    const key = keyOf(taskId, number);
    const known = pages.get(key);
    const kept = known ?? { taskId, bytes: 0, events: load(taskId, number) };
    keep(key, kept);
    return kept.events;
  }

  async function load(taskId: string, number: number): Promise<Page | undefined> {
    // After it has its place, so that it can be told whether that was given up.
    await Promise.resolve();
    const key = keyOf(taskId, number);
    const place = pages.get(key);
    const start = number * pageEvents;
    try {
      const events = await readLog(taskId, { after: start, limit: pageEvents });
      const isFull = events.length === pageEvents && events[0]?.seq === start + 1;
      if (pages.get(key) !== place) return undefined;
      if (isFull) keep(key, { taskId, events, bytes: events.reduce((sum, event) => sum + eventBytes(event), 0) });
      else drop(key);
      return isFull ? events : undefined;
    } catch {
      // Whoever asks the log itself is told.
      if (pages.get(key) === place) drop(key);
      return undefined;
    }
  }

  async function join(
    first: MaybePromise<Page | undefined>,
    taskId: string,
    range: ReadRange,
  ): Promise<Page | undefined> {
    const held = await first;
    const offset = range.after % pageEvents;
    const missing = offset + range.limit - pageEvents;
    if (held === undefined || missing <= 0) return held?.slice(offset, offset + range.limit);
    const next = await get(taskId, Math.floor(range.after / pageEvents) + 1);
    return next === undefined ? undefined : [...held.slice(offset), ...next.slice(0, missing)];
  }

  function peek(taskId: string, { after, limit }: ReadRange): Page | undefined {
    const offset = after % pageEvents;
    if (offset + limit > pageEvents) return undefined;
    const key = keyOf(taskId, Math.floor(after / pageEvents));
    const kept = pages.get(key);
    if (kept === undefined || !Array.isArray(kept.events)) return undefined;
    keep(key, kept);
    const events: Page = kept.events;
    return limit === pageEvents ? events : events.slice(offset, offset + limit);
  }

  return {
    peek,
    // A range that is longer is for somebody who reads alone.
    read: (taskId, range) =>
      range.limit > pageEvents ? undefined : join(get(taskId, Math.floor(range.after / pageEvents)), taskId, range),
    forget(taskId) {
      for (const [key, kept] of pages) if (taskId === undefined || kept.taskId === taskId) drop(key);
    },
  };
}

/** A task id has no spaces. */
function keyOf(taskId: string, number: number): string {
  return `${taskId} ${number}`;
}
