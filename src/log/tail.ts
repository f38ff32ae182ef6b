/**
 * The latest events of one task, without a hole, and the head just after them. It grows at its end as events are
 * recorded, and at its front when a reader comes from further back.
 *
 * The log verified each event against the running hash, over the text it stored, before it handed it out; nothing is
 * serialised again here. What is checked is that numbers have no hole, and that where new events overlap those held,
 * or the end, the running hash is the same: it covers all that came before, so both are of one history.
 */
import type { TaskEvent } from '../domain/event.ts';
import { foldEvent } from '../domain/progress.ts';
import type { ReadRange, TaskHead } from './event-log.ts';

export interface Tail {
  readonly logId: string;
  /** The number of the latest event known; those held end with it. */
  readonly lastSeq: number;
  /** The number of the first event held; `lastSeq + 1` when none is. */
  readonly firstSeq: number;
  /** The number of the first event that the log kept when the tail was loaded. */
  readonly oldestSeq: number;
  readonly size: number;
  /** Roughly what the events and the head weigh in memory, with what readers are likely to remember of each event. */
  readonly bytes: number;
  /** The head after the latest event. The same object until the task goes on. */
  head(): TaskHead;
  /** The page, or undefined when its first event is not held. Empty at the end and beyond it, and nowhere else. */
  read(range: ReadRange): readonly TaskEvent[] | undefined;
  /**
   * Put events at the end; those that are held already are skipped. `gap`: there are others in between. `diverged`:
   * they belong to another history.
   */
  extend(events: readonly TaskEvent[]): 'ok' | 'gap' | 'diverged';
  /**
   * Put events at the front; nothing happens unless they end with the first one held, or, when none is held, with the
   * latest one.
   */
  prepend(events: readonly TaskEvent[]): void;
  /** Let go of the oldest event held. @returns false when none was held. */
  shrink(): boolean;
}

const NONE: readonly TaskEvent[] = Object.freeze([]);
const EVENT_BYTES = 500;
const COMPONENT_BYTES = 300;
/** Readers remember a state for each event; it shares with the one before it what is the same in both. */
const SHARED_COMPONENT_BYTES = 50;

/** Roughly what one event weighs in memory. */
export function eventBytes({ message, details }: TaskEvent): number {
  return EVENT_BYTES + 2 * (message.length + (details === undefined ? 0 : JSON.stringify(details).length));
}

export function createTail(loaded: TaskHead): Tail {
  const events: TaskEvent[] = [];
  const weights: number[] = [];
  const components = new Set(loaded.progress.components.keys());
  let head = loaded;
  let last: { readonly seq: number; readonly hash: string } = loaded.progress;
  let heldBytes = 0;
  let latest: { readonly after: number; readonly limit: number; readonly page: readonly TaskEvent[] } | undefined;

  /** Worked out only when somebody asks: most events are read and no head is. */
  function foldedHead(): TaskHead {
    if (head.progress.seq === last.seq) return head;
    const unfolded = events.slice(head.progress.seq + 1 - firstSeq());
    head = { ...head, progress: unfolded.reduce(foldEvent, head.progress) };
    return head;
  }

  function firstSeq(): number {
    return events[0]?.seq ?? last.seq + 1;
  }

  function weigh(event: TaskEvent): number {
    const bytes = eventBytes(event) + SHARED_COMPONENT_BYTES * components.size;
    heldBytes += bytes;
    return bytes;
  }

  return {
    logId: loaded.genesis.logId,
    get lastSeq() {
      return last.seq;
    },
    get firstSeq() {
      return firstSeq();
    },
    oldestSeq: loaded.oldestSeq,
    get size() {
      return events.length;
    },
    get bytes() {
      return EVENT_BYTES + COMPONENT_BYTES * components.size + heldBytes;
    },
    head: foldedHead,
    read({ after, limit }) {
      if (after >= last.seq) return NONE;
      // Watchers that are up to date all ask for the same.
      if (latest?.after === after && latest.limit === limit) return latest.page;
      const start = Math.max(after, loaded.oldestSeq - 1) + 1 - firstSeq();
      if (start < 0 || start >= events.length) return undefined;
      latest = { after, limit, page: events.slice(start, start + limit) };
      return latest.page;
    },
    extend(more) {
      latest = undefined;
      for (const event of more) {
        if (event.seq > last.seq + 1) return 'gap';
        if (event.seq <= last.seq) {
          const held = event.seq === last.seq ? last : events[event.seq - firstSeq()];
          if (held !== undefined && held.hash !== event.hash) return 'diverged';
        } else {
          if (event.previousHash !== last.hash) return 'diverged';
          components.add(event.component);
          events.push(event);
          weights.push(weigh(event));
          last = event;
        }
      }
      return 'ok';
    },
    prepend(older) {
      latest = undefined;
      const end = older.at(-1);
      const place = events[0] ?? last;
      if (end?.seq !== place.seq || end.hash !== place.hash || !hasNoHole(older)) return;
      const missing = events.length === 0 ? older : older.slice(0, -1);
      events.unshift(...missing);
      weights.unshift(...missing.map(weigh));
    },
    shrink() {
      latest = undefined;
      // An event that the head does not contain yet must not be forgotten before it does.
      if (events[0] !== undefined && events[0].seq > head.progress.seq) foldedHead();
      heldBytes -= weights.shift() ?? 0;
      return events.shift() !== undefined;
    },
  };
}

function hasNoHole(events: readonly TaskEvent[]): boolean {
  return events.every((event, index) => event.seq === (events[0]?.seq ?? 0) + index);
}
