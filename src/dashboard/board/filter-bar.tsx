/** What to show: words, status, stage. Says how many there are of each, so that one need not try. */
import type { KeyboardEvent, ReactElement, RefObject } from 'react';
import { STAGES } from '../../view/stages.ts';
import { words } from '../parts/time.ts';
import { useAddress } from '../shell/address.ts';
import { sortParameter, SORTS, STATUSES, type BoardQuery, type Found, type Sort } from './query.ts';

export interface FilterBarProps {
  readonly query: BoardQuery;
  /** As it is being written; the query follows. */
  readonly text: string;
  /** Undefined while nothing is known. */
  readonly counts: Found['counts'] | undefined;
  readonly onText: (text: string) => void;
  readonly searchField: RefObject<HTMLInputElement | null>;
  /** To the list. */
  readonly onDown: () => void;
  /** Says what waits. */
  readonly children: ReactElement | undefined;
}

const NUMBER = new Intl.NumberFormat('en-GB');

export function FilterBar(props: FilterBarProps): ReactElement {
  const { query, text, counts, onText, searchField, onDown, children } = props;
  const { set } = useAddress();
  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    // Enter and Escape end a word that is put together from several keys.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape' && text !== '') onText('');
    else if (event.key === 'Escape') event.currentTarget.blur();
    else if (event.key === 'ArrowDown' || event.key === 'Enter') onDown();
    else return;
    event.preventDefault();
  }
  return (
    <div className="filter-bar" role="search">
      <span className="search">
        <input
          ref={searchField}
          type="search"
          className="field"
          aria-label="Search in ids, titles, labels and last words"
          placeholder="Search"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          value={text}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {text === '' && <kbd aria-hidden="true">/</kbd>}
      </span>
      <div className="statuses" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <button
            key={status}
            aria-pressed={query.status === status}
            className={(counts?.[status] ?? 0) > 0 ? status : ''}
            onClick={() => set({ status: status === 'all' ? undefined : status })}
          >
            {status} <span className="number">{counts === undefined ? '' : NUMBER.format(counts[status])}</span>
          </button>
        ))}
      </div>
      <select
        className="stage-choice"
        aria-label="Stage"
        value={query.stage}
        onChange={(event) => set({ stage: event.target.value })}
      >
        <option value="">any stage</option>
        {[...STAGES, 'FAILED'].map((stage) => (
          <option key={stage} value={stage}>
            {words(stage)}
          </option>
        ))}
      </select>
      {/* On a phone there are no column headers. */}
      <select
        className="sorts"
        aria-label="Order"
        value={`${query.isDescending ? 'v' : '^'}${query.sort}`}
        onChange={({ target: { value } }) => set({ sort: sortOf(value) })}
      >
        {SORTS.flatMap((sort) => [
          <option key={`v${sort}`} value={`v${sort}`}>{`${SORT_NAMES[sort]} ↓`}</option>,
          <option key={`^${sort}`} value={`^${sort}`}>{`${SORT_NAMES[sort]} ↑`}</option>,
        ])}
      </select>
      <span className="fill" />
      {children}
    </div>
  );
}

const SORT_NAMES: Readonly<Record<Sort, string>> = {
  started: 'started',
  said: 'last word',
  progress: 'progress',
  name: 'name',
};

function sortOf(value: string): string | undefined {
  const sort = SORTS.find((each) => each === value.slice(1)) ?? 'started';
  return sortParameter(sort, value.startsWith('v'));
}
