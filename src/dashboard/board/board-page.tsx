/** The board: every task as a line, live. Trouble stands above the list; the list never moves under a pointer. */
import { useDeferredValue, useMemo, useRef, type ReactElement } from 'react';
import { DemoButton } from '../demo/demo-button.tsx';
import { CELL_MS } from '../../view/pulse.ts';
import { useServerNow } from '../shell/clock.ts';
import { useAddress } from '../shell/address.ts';
import { ConnectionPill } from '../shell/connection-state.tsx';
import { Page } from '../shell/page.tsx';
import type { Shortcut } from '../shell/shortcuts.tsx';
import { BoardTable, HeaderRow, type BoardTableHandle } from './board-table.tsx';
import { Announcer } from './announcer.tsx';
import { FilterBar } from './filter-bar.tsx';
import { FirstEvent } from './first-event.tsx';
import { find, readQuery, type BoardQuery } from './query.ts';
import { TroubleStrip } from './trouble-strip.tsx';
import { MAX_RATE, MAX_TASKS, useBoard } from './use-board.ts';
import { useHeld } from './use-held.ts';
import { useOrder, useTrouble } from './use-order.ts';
import { useScrollMemory } from './use-scroll-memory.ts';
import { useSearch } from './use-search.ts';

const MINUTE_MS = 60_000;

export function BoardPage(): ReactElement {
  const { rows, connection, error, wasReady, isTruncated } = useBoard();
  // Without news nobody is silent: time stands still until the connection is back.
  const nowMs = useServerNow(CELL_MS, connection.kind === 'connected');
  const { params, set } = useAddress();
  const [text, setText] = useSearch();
  // What is typed is shown first, what it finds right after.
  const searched = useDeferredValue(text);
  const query = useMemo((): BoardQuery => ({ ...readQuery(params), text: searched }), [params, searched]);
  const minute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const found = useMemo(() => find(rows.values(), query, minute), [rows, query, minute]);
  const { isHeld, isStripHeld, listeners } = useHeld();
  const [order, letGo] = useOrder({ rows, sorted: found.rows, key: JSON.stringify(query), isHeld, isReady: wasReady });
  const trouble = useTrouble({ rows, nowMs: minute, isHeld: isStripHeld, isReady: wasReady });
  useScrollMemory(wasReady);
  const table = useRef<BoardTableHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);

  function clear(): void {
    setText('');
    set({ q: undefined, status: undefined, stage: undefined });
  }
  const isEmpty = wasReady && rows.size === 0;
  // Where there is nothing to move between, the arrows scroll the page.
  const move = (by: number) => (order.rows.length === 0 ? undefined : () => table.current?.move(by));
  const shortcuts: readonly Shortcut[] = [
    { keys: ['/'], does: 'search', run: () => searchField.current?.focus() },
    { keys: ['j', 'ArrowDown'], does: 'next task', run: move(1) },
    { keys: ['k', 'ArrowUp'], does: 'previous task', run: move(-1) },
    { keys: ['Enter'], does: 'open the task' },
    { keys: ['n'], does: 'put what is new in its place', run: letGo },
    { keys: ['Escape'], does: 'clear the filter', run: clear },
  ];
  return (
    <Page
      title={trouble.all.length === 0 ? 'Drumline' : `(${trouble.all.length}) Drumline`}
      connection={<ConnectionPill state={connection} error={error} news={rows} />}
      operation={BOARD_OPERATION}
      shortcuts={isEmpty ? [] : shortcuts}
      error={error}
    >
      <h1 className="aside">Tasks</h1>
      {wasReady && <Announcer rows={rows} />}
      {error !== undefined && (
        <p className="note failed" role="alert">
          {error.message}
        </p>
      )}
      {isEmpty ? (
        <FirstEvent />
      ) : (
        <div className="board">
          <div {...listeners}>
            {query.status !== 'trouble' && <TroubleStrip trouble={trouble} nowMs={nowMs} />}
            <FilterBar
              query={query}
              text={text}
              counts={wasReady ? found.counts : undefined}
              onText={setText}
              searchField={searchField}
              onDown={() => table.current?.move(0)}
            >
              {order.waiting > 0 || order.isStale ? (
                <button className="held-back" onClick={letGo}>
                  {order.waiting > 0 ? `${order.waiting} new` : 'sort again'}
                </button>
              ) : undefined}
            </FilterBar>
            {order.rows.length > 0 ? (
              <BoardTable ref={table} order={order} query={query} nowMs={nowMs} />
            ) : (
              <div className="board-table" role="table" aria-label="Tasks" aria-busy={!wasReady}>
                <HeaderRow query={query} />
              </div>
            )}
          </div>
          {!wasReady && order.rows.length === 0 && <div className="skeleton" />}
          {wasReady && order.rows.length === 0 && (
            <p className="no-match">
              No task matches.{' '}
              <button className="button" onClick={clear}>
                Clear the filter
              </button>
            </p>
          )}
          {wasReady && (
            <footer className="board-foot">
              {isTruncated && <span>There are more tasks than these {rows.size}; the oldest are left out.</span>}
              <span className="fill" />
              <DemoButton isQuiet />
            </footer>
          )}
        </div>
      )}
    </Page>
  );
}

const BOARD_OPERATION = `subscription Board {
  tasks(first: ${MAX_TASKS}, maxRate: ${MAX_RATE}) {
    ready
    removed
    changed {
      id
      title
      progress {
        status
        stage
        displayProgress
      }
      lastEvent {
        component
        eventType
        message
      }
    }
  }
}
`;
