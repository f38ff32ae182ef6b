/**
 * Reading through the tails: loading one, asking the log for news at its end, and filling in what lies before it.
 * Nothing of it takes an error: a reader that finds its tail given up asks the log itself, and hears of it there.
 */
import type { TaskEvent } from '../domain/event.ts';
import { createJoinNext } from '../util/join-next.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { EventLog, ReadRange, TaskHead } from './event-log.ts';
import { createPageCache, type PageLimits } from './page-cache.ts';
import { createTail, type Tail } from './tail.ts';
import { createTailSlots, type Slot, type TailLimits } from './tail-slots.ts';

export interface TailReaderDeps {
  readonly log: Pick<EventLog, 'head' | 'read'>;
  readonly limits: TailLimits & PageLimits;
  /** Whether everything that is recorded passes through `note`, so that a tail's end is the head. */
  readonly knowsHead: () => boolean;
}

export interface TailReader {
  /** The page, or undefined when only the log itself can tell. Not in a promise when it is held. */
  read(taskId: string, range: ReadRange): MaybePromise<readonly TaskEvent[] | undefined>;
  /** The head, if the tail's end is the head; undefined when only the log itself can tell. */
  head(taskId: string): MaybePromise<TaskHead | undefined>;
  /** Have the tails of these tasks hold all that is recorded now; one that is too far behind is let go of. */
  catchUp(taskIds: readonly string[]): Promise<void>;
  /** These events of a task were recorded; others may have been recorded before them that are not known yet. */
  note(taskId: string, events: readonly TaskEvent[]): void;
  /** Let go of a task, or of all. What is under way for it comes to nothing. */
  forget(taskId?: string): void;
}

/** Events that one question for news asks for. */
const NEWS_EVENTS = 500;

export function createTailReader({ log, limits, knowsHead }: TailReaderDeps): TailReader {
  const slots = createTailSlots(limits, begin);
  const pages = createPageCache(log, limits);

  function read(taskId: string, range: ReadRange): MaybePromise<readonly TaskEvent[] | undefined> {
    const slot = slots.use(taskId);
    const page = slot.tail?.read(range);
    if (page !== undefined && (page.length === range.limit || knowsHead())) return page;
    return (knowsHead() ? pages.peek(taskId, range) : undefined) ?? readSlowly(slot, range);
  }

  async function readSlowly(slot: Slot, range: ReadRange): Promise<readonly TaskEvent[] | undefined> {
    if (slot.tail === undefined) await slot.loaded;
    // What was recorded does not change: a page that is full needs no news.
    const full = tailOf(slot)?.read(range);
    if (full?.length === range.limit) return full;
    const isComplete = knowsHead() || (await slot.askForNews());
    if (tailOf(slot)?.read(range) === undefined) await fillFrom(slot, range.after);
    const page = tailOf(slot)?.read(range);
    if (page === undefined) return knowsHead() && isFarBack(slot, range) ? pages.read(slot.taskId, range) : undefined;
    return isComplete || page.length === range.limit ? page : undefined;
  }

  /** So far that the pages it lies in are surely full. */
  function isFarBack(slot: Slot, { after, limit }: ReadRange): boolean {
    return after + limit + limits.pageEvents <= (tailOf(slot)?.lastSeq ?? 0);
  }

  function head(taskId: string): MaybePromise<TaskHead | undefined> {
    const slot = slots.use(taskId);
    // Others may have trimmed the task as well, so it is asked for as a whole; once for all who ask meanwhile.
    if (!knowsHead()) return slot.askForHead();
    return slot.tail?.head() ?? slot.loaded.then(() => tailOf(slot)?.head());
  }

  function tailOf(slot: Slot): Tail | undefined {
    return slots.isCurrent(slot) ? slot.tail : undefined;
  }

  function begin(slot: Slot): void {
    slot.askForNews = createJoinNext(() => askForNews(slot));
    slot.askForHead = createJoinNext(() => askForHead(slot));
    slot.loaded = load(slot);
  }

  /** Others may have deleted the task, and begun it anew: then what is held is of another log. */
  async function askForHead(slot: Slot): Promise<TaskHead | undefined> {
    const head = await log.head(slot.taskId);
    const { logId } = tailOf(slot) ?? {};
    if (logId !== undefined && logId !== head?.genesis.logId) slots.drop(slot.taskId);
    return head;
  }

  async function load(slot: Slot): Promise<void> {
    const head = await orUndefined(() => log.head(slot.taskId));
    if (!slots.isCurrent(slot)) return;
    if (head === undefined) return slots.drop(slot.taskId);
    slot.tail = createTail(head);
    grow(slot, slot.early.splice(0));
  }

  /** @returns whether the tail reached the head as it was when the question was put. */
  async function askForNews(slot: Slot): Promise<boolean> {
    const tail = tailOf(slot);
    if (tail === undefined) return false;
    const end = tail.lastSeq;
    // From the latest one known on: that it is the same tells that the news continue it.
    const after = Math.max(0, end - 1);
    const news = await orUndefined(() => log.read(slot.taskId, { after, limit: NEWS_EVENTS }));
    // An event that is held and not there any more: the log was trimmed, or an older copy took its place.
    const isGone = end >= tail.oldestSeq && news?.[0]?.seq !== end;
    if (news === undefined || isGone || (news[0]?.seq ?? 0) > end + 1) slots.drop(slot.taskId);
    else grow(slot, news);
    return news !== undefined && news.length < NEWS_EVENTS;
  }

  async function catchUp(taskId: string): Promise<void> {
    const slot = slots.get(taskId);
    if (slot === undefined) return;
    await slot.loaded;
    const isComplete = await slot.askForNews();
    if (!isComplete && slots.isCurrent(slot)) slots.drop(taskId);
  }

  function grow(slot: Slot, events: readonly TaskEvent[]): void {
    const outcome = tailOf(slot)?.extend(events.toSorted((one, other) => one.seq - other.seq));
    // Where others write as well a hole is nothing special, and closed by the next question for news.
    if (outcome === 'diverged' || (outcome === 'gap' && knowsHead())) slots.drop(slot.taskId);
    else slots.rebalance(slot);
  }

  /** Takes in what lies between a reader's place and the events held, unless it is too much. */
  async function fillFrom(slot: Slot, after: number): Promise<void> {
    const tail = tailOf(slot);
    if (tail === undefined) return;
    if (slot.filling !== undefined) return slot.filling;
    const start = Math.max(after, tail.oldestSeq - 1);
    const missing = tail.firstSeq - 1 - start;
    if (missing <= 0 || !hasRoom(tail, missing)) return;
    // With the first one held, so that it shows whether they end where that begins.
    const limit = tail.size === 0 ? missing : missing + 1;
    slot.filling = fill(slot, { after: start, limit });
    return slot.filling;
  }

  async function fill(slot: Slot, range: ReadRange): Promise<void> {
    const events = await orUndefined(() => log.read(slot.taskId, range));
    slot.filling = undefined;
    if (events === undefined) return;
    tailOf(slot)?.prepend(events);
    slots.rebalance(slot);
  }

  /** What would have to go at once is not worth reading in. */
  function hasRoom({ size, bytes }: Tail, more: number): boolean {
    const expectedBytes = bytes + (more * bytes) / (size + 1);
    return size + more <= Math.min(limits.maxEventsPerTask, limits.maxEvents) && expectedBytes <= limits.maxBytes;
  }

  return {
    read,
    head,
    async catchUp(taskIds) {
      await Promise.all(taskIds.map(catchUp));
    },
    note(taskId, events) {
      const slot = slots.get(taskId);
      if (slot === undefined) return;
      if (slot.tail !== undefined) return grow(slot, events);
      slot.early.push(...events);
      if (slot.early.length > limits.maxEventsPerTask) slots.drop(taskId);
    },
    forget(taskId) {
      pages.forget(taskId);
      if (taskId === undefined) slots.clear();
      else slots.drop(taskId);
    },
  };
}

async function orUndefined<Value>(ask: () => MaybePromise<Value | undefined>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
