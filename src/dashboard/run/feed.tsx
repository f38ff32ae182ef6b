/**
 * The events of a run as a list of any length: what is in sight is drawn, and read when it is not known. It keeps to
 * the end unless somebody scrolled away from it.
 */
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type ReactElement,
} from 'react';
import { useSize } from '../parts/use-size.ts';
import { useServer } from '../shell/server.ts';
import { FeedRow } from './feed-row.tsx';
import { createEventFetcher, toApiFilter } from './fetch-events.ts';
import { createNews } from './news.ts';
import { createRowLayout } from './row-layout.ts';
import type { Run } from './run.ts';
import { createSelector, type FeedFilter } from './selection.ts';

export interface FeedProps {
  readonly run: Run;
  readonly taskId: string;
  readonly filter: FeedFilter;
  /** What came after it is not listed. */
  readonly upTo: number;
  /** The event that ended the task. */
  readonly endedAt: number | undefined;
  /** Of the run's log. */
  readonly generation: number;
  /** Of one that is not folded out. */
  readonly rowHeight: number;
  readonly onMove: (sequence: number) => void;
}

/** Pixels. Some browsers draw no higher list; the playhead leads to what was before. */
const MOST_HEIGHT = 15_000_000;
/** The playhead rests. */
const REST_MS = 60;
/** Rows that are drawn above and below what is in sight. */
const MARGIN = 8;

export function Feed({ run, taskId, filter, upTo, endedAt, generation, rowHeight, onMove }: FeedProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { height } = useSize(scroller);
  const [scrollTop, setScrollTop] = useState(0);
  const [isAtEnd, setAtEnd] = useState(true);
  const { open, toggle, measure } = useOpenRows();
  const selector = useMemo(() => createSelector(run.history, filter), [run, filter]);
  const selection = selector.current();
  const all = selection.count(upTo);
  const start = useStart(Math.max(0, all - Math.floor(MOST_HEIGHT / rowHeight)), isAtEnd);
  const count = Math.max(0, all - start);
  const sequenceOf = (index: number): number => selection.at(start + index);
  const layout = createRowLayout(
    count,
    rowHeight,
    Array.from(open, ([sequence, extra]) => ({ index: selection.count(sequence) - 1 - start, extra })),
  );
  const first = Math.max(0, layout.indexAt(scrollTop) - MARGIN);
  const last = Math.min(count - 1, layout.indexAt(scrollTop + height) + MARGIN);
  const sequences = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => sequenceOf(first + index));
  const fetcher = useFetcher(run, taskId, generation);

  useEffect(() => {
    if (first > last) return;
    const looked = Array.from({ length: last - first + 1 }, (_, index) => selection.at(start + first + index));
    const want = (): void => fetcher.want(looked, toApiFilter(filter));
    if (upTo === Infinity) return want();
    // While the playhead moves, the state is asked for first: its answer is what moves with it.
    const timer = setTimeout(want, REST_MS);
    return () => clearTimeout(timer);
    // Not at each picture: only when something else is looked at.
  }, [fetcher, filter, upTo, selection.at(start + first), selection.at(start + last), last - first]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (isAtEnd && element !== null) element.scrollTop = layout.total;
  }, [isAtEnd, layout.total, height]);

  function onScroll(): void {
    const element = scroller.current;
    if (element === null) return;
    setScrollTop(element.scrollTop);
    setAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight);
  }

  return (
    <div className="feed-frame">
      <div
        className="feed"
        ref={scroller}
        onScroll={onScroll}
        onKeyDown={moveFocus}
        role="region"
        aria-label={`Events, ${count} listed`}
        tabIndex={0}
      >
        <div style={{ height: layout.total }} className="feed-rows">
          {sequences.map((sequence, index) => (
            <div key={sequence} className="feed-row" style={{ top: layout.topOf(first + index), minHeight: rowHeight }}>
              <FeedRow
                sequence={sequence}
                event={run.events.get(sequence)}
                isGone={fetcher.isGone(sequence)}
                isOpen={open.has(sequence)}
                isLate={endedAt !== undefined && sequence > endedAt}
                onToggle={toggle}
                onMeasure={measure}
                onMove={onMove}
              />
            </div>
          ))}
        </div>
        {count === 0 && <p className="nothing soft">No event to list.</p>}
        {fetcher.refusal !== undefined && (
          <p className="note failed" role="alert">
            The events cannot be read: {fetcher.refusal.message}
          </p>
        )}
      </div>
      {!isAtEnd && (
        <button className="button to-end" onClick={() => setAtEnd(true)}>
          To the newest
        </button>
      )}
    </div>
  );
}

/** Which rows are folded out, and how much higher they are for it. */
function useOpenRows() {
  const [open, setOpen] = useState<ReadonlyMap<number, number>>(new Map());
  const toggle = useCallback((sequence: number) => {
    setOpen((before) => {
      const next = new Map(before);
      if (!next.delete(sequence)) next.set(sequence, 0);
      return next;
    });
  }, []);
  const measure = useCallback((sequence: number, extra: number) => {
    setOpen((before) => {
      const isNews = before.has(sequence) && before.get(sequence) !== extra;
      return isNews ? new Map(before).set(sequence, extra) : before;
    });
  }, []);
  return { open, toggle, measure };
}

/** A fetcher for each log: what is gone or refused in one says nothing of another. */
function useFetcher(run: Run, taskId: string, generation: number) {
  const { ask } = useServer();
  const { fetcher, news } = useMemo(() => {
    const news = createNews();
    const { events, findFloor } = run;
    return { news, fetcher: createEventFetcher({ ask, taskId, events, onNews: news.tell, onGone: findFloor }) };
  }, [ask, taskId, run, generation]);
  useSyncExternalStore(news.subscribe, news.getSnapshot);
  useEffect(() => fetcher.leave, [fetcher]);
  return fetcher;
}

/** Where a list that is too long begins: it moves on with the end, and stands still while somebody reads. */
function useStart(newest: number, isAtEnd: boolean): number {
  const start = useRef(newest);
  if (isAtEnd || start.current > newest) start.current = newest;
  return start.current;
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('button.event')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at < 0 ? rows.at(step === 1 ? 0 : -1) : rows[at + step];
  if (next === undefined) return;
  next.focus();
  event.preventDefault();
  event.stopPropagation();
}
