/**
 * The list. Only the lines in view are drawn, however many there are; to a screen reader it is a table all the same.
 * It scrolls with the page, below its own header.
 */
import { useWindowVirtualizer, defaultRangeExtractor, type Range } from '@tanstack/react-virtual';
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import type { ReactElement, Ref } from 'react';
import { useAddress } from '../shell/address.ts';
import { BoardRowLine } from './board-row.tsx';
import type { Order } from './order.ts';
import { nextSort, type BoardQuery, type Sort } from './query.ts';
import { PHONE, useMedia } from '../parts/use-media.ts';

export interface BoardTableHandle {
  /** The line so many further down, or the first that is in view. */
  move(by: number): void;
}

export interface BoardTableProps {
  readonly order: Order;
  readonly query: BoardQuery;
  readonly nowMs: number;
  readonly ref: Ref<BoardTableHandle>;
}

const ROW = 36;
const PHONE_ROW = 60;
/** What stays at the top of the window: filter and header. */
const STUCK = 92;

export function BoardTable({ order: { rows }, query, nowMs, ref }: BoardTableProps): ReactElement {
  const { open } = useAddress();
  const list = useRef<HTMLDivElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  const [current, setCurrent] = useState<string>();
  const wanted = useRef<string>(undefined);
  const isPhone = useMedia(PHONE);
  const height = isPhone ? PHONE_ROW : ROW;
  const currentIndex = rows.findIndex(({ row }) => row.id === current);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 3,
    scrollMargin,
    scrollPaddingStart: STUCK,
    // What has the focus stays, else the focus is lost.
    rangeExtractor: (range: Range) => withIndex(defaultRangeExtractor(range), currentIndex),
  });

  useEffect(() => virtualizer.measure(), [virtualizer, height]);
  useLayoutEffect(() => {
    const measure = (): void => {
      if (list.current !== null) setScrollMargin(Math.round(list.current.getBoundingClientRect().top + scrollY));
    };
    measure();
    // What stands above grows and shrinks, and so does the page with it.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const focusWanted = useCallback(() => {
    const link = list.current?.querySelector<HTMLElement>(`[data-task="${CSS.escape(wanted.current ?? '')}"]`);
    if (link === null || link === undefined) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  }, []);
  useEffect(focusWanted);

  useImperativeHandle(ref, () => ({
    move(by) {
      const first = virtualizer
        .getVirtualIndexes()
        .find((index) => (index + 1) * height + scrollMargin > scrollY + STUCK);
      const index = currentIndex < 0 ? (first ?? 0) : Math.min(rows.length - 1, Math.max(0, currentIndex + by));
      const row = rows[index]?.row;
      if (row === undefined) return;
      wanted.current = row.id;
      setCurrent(row.id);
      virtualizer.scrollToIndex(index);
      focusWanted();
    },
  }));

  const openTask = useCallback((task: string) => open({ task }), [open]);
  const items = virtualizer.getVirtualItems();
  const tabbed = currentIndex < 0 ? items[0]?.index : currentIndex;
  return (
    <div className="board-table" role="table" aria-label="Tasks" aria-rowcount={rows.length + 1} aria-colcount={7}>
      <HeaderRow query={query} />
      <div className="task-rows" role="rowgroup" ref={list} style={{ height: rows.length * height }}>
        {items.map(({ index, start }) => {
          const shown = rows[index];
          if (shown === undefined) return undefined;
          return (
            <BoardRowLine
              key={shown.row.id}
              {...shown}
              index={index}
              top={start - scrollMargin}
              nowMs={nowMs}
              isCurrent={index === tabbed}
              onOpen={openTask}
              onFocus={setCurrent}
            />
          );
        })}
      </div>
    </div>
  );
}

interface Column {
  readonly className: string;
  readonly name: string;
  readonly sort?: Sort;
}

const COLUMNS: readonly Column[] = [
  { className: 'at-mark', name: 'State' },
  { className: 'at-task', name: 'Task', sort: 'name' },
  { className: 'at-stage', name: 'Stage' },
  { className: 'at-progress', name: 'Progress', sort: 'progress' },
  { className: 'at-pulse', name: 'Last minute' },
  { className: 'at-word', name: 'Last word', sort: 'said' },
  { className: 'at-age', name: 'Started', sort: 'started' },
];

export function HeaderRow({ query }: { readonly query: BoardQuery }): ReactElement {
  const { set } = useAddress();
  // There it is not seen: the order is chosen in the filter bar.
  const tabIndex = useMedia(PHONE) ? -1 : 0;
  return (
    <div className="header-group" role="rowgroup">
      <div className="header-row" role="row" aria-rowindex={1}>
        {COLUMNS.map(({ className, name, sort }) => {
          const isSorted = sort === query.sort;
          return (
            <span
              key={name}
              role="columnheader"
              className={className}
              aria-sort={isSorted ? (query.isDescending ? 'descending' : 'ascending') : undefined}
            >
              {sort === undefined ? (
                <span className={name === 'State' ? 'aside' : ''}>{name}</span>
              ) : (
                <button tabIndex={tabIndex} onClick={() => set({ sort: nextSort(query, sort) })}>
                  {name}
                  <i aria-hidden="true">{isSorted ? (query.isDescending ? '↓' : '↑') : ''}</i>
                </button>
              )}
            </span>
          );
        })}
      </div>
    </div>
  );
}

function withIndex(indexes: number[], index: number): number[] {
  return index < 0 || indexes.includes(index) ? indexes : [...indexes, index].toSorted((a, b) => a - b);
}
