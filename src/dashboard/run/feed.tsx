/**
 * The events of a run as a list of any length: what is in sight is drawn, and read when it is not known. It keeps to
 * the end unless somebody scrolled away from it.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
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
import { useServer } from '../shell/server.ts';
import { createNews } from './news.ts';
import { FeedRow } from './feed-row.tsx';
import { createEventFetcher, toApiFilter } from './fetch-events.ts';
import { createSelector, type FeedFilter } from './selection.ts';
import type { Run } from './run.ts';

export interface FeedProps {
  readonly run: Run;
  readonly taskId: string;
  readonly filter: FeedFilter;
  /** What came after it is not listed. */
  readonly upTo: number;
  /** The event that ended the task. */
  readonly endedAt: number | undefined;
  /** Of one that is not folded out. */
  readonly rowHeight: number;
  readonly onMove: (sequence: number) => void;
}

export function Feed({ run, taskId, filter, upTo, endedAt, rowHeight, onMove }: FeedProps): ReactElement {
  const { ask } = useServer();
  const scroller = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [isAtEnd, setAtEnd] = useState(true);
  const selector = useMemo(() => createSelector(run.history, filter), [run, filter]);
  const selection = selector.current();
  const count = selection.count(upTo);
  const { fetcher, news } = useMemo(() => {
    const news = createNews();
    return { news, fetcher: createEventFetcher({ ask, taskId, events: run.events, onNews: news.tell }) };
  }, [ask, taskId, run]);
  useSyncExternalStore(news.subscribe, news.getSnapshot);

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    getItemKey: (index) => selection.at(index),
  });
  const items = virtual.getVirtualItems();

  useEffect(() => {
    fetcher.want(
      items.map(({ index }) => selection.at(index)),
      toApiFilter(filter, run.history.types),
    );
  });
  useEffect(() => fetcher.leave, [fetcher]);
  useLayoutEffect(() => {
    if (isAtEnd && count > 0) virtual.scrollToIndex(count - 1, { align: 'end' });
  }, [virtual, isAtEnd, count]);

  const toggle = useCallback((sequence: number) => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(sequence)) next.add(sequence);
      return next;
    });
  }, []);
  function onScroll(): void {
    const element = scroller.current;
    if (element === null) return;
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
        <div style={{ height: virtual.getTotalSize() }} className="rows">
          {items.map(({ index, key, start }) => {
            const sequence = selection.at(index);
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className="row"
                style={{ transform: `translateY(${start}px)` }}
              >
                <FeedRow
                  sequence={sequence}
                  event={run.events.get(sequence)}
                  isGone={fetcher.isGone(sequence)}
                  isOpen={open.has(sequence)}
                  isLate={endedAt !== undefined && sequence > endedAt}
                  onToggle={toggle}
                  onMove={onMove}
                />
              </div>
            );
          })}
        </div>
        {count === 0 && <p className="nothing soft">No event to list.</p>}
      </div>
      {!isAtEnd && (
        <button className="button to-end" onClick={() => setAtEnd(true)}>
          To the newest
        </button>
      )}
    </div>
  );
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
