/** The feed with its filters, which are the API's, and its export. */
import type { ReactElement } from 'react';
import { Menu } from '../parts/menu.tsx';
import { words } from '../parts/time.ts';
import { ExportButton } from './export-button.tsx';
import { Feed, type FeedProps } from './feed.tsx';
import type { FeedFilterControl, FilterList } from './feed-filter.ts';
import { toApiFilter } from './fetch-events.ts';
import { isEmptyFilter } from './selection.ts';

export interface FeedPanelProps extends Omit<FeedProps, 'filter'> {
  readonly control: FeedFilterControl;
}

export function FeedPanel({ control, ...feed }: FeedPanelProps): ReactElement {
  const { run, taskId, upTo } = feed;
  const { filter } = control;
  const { components, types, stages, problems, size, head, floor } = run.history;
  const isReading = size < head - floor + 1;
  const menu = (list: FilterList, label: string, names: readonly string[], isName: boolean) => (
    <Menu
      label={label}
      options={names.toSorted().map((value) => ({ value, label: isName ? words(value) : value }))}
      chosen={filter[list]}
      onToggle={(value) => control.toggle(list, value)}
    />
  );
  return (
    <section className="feed-panel" aria-label="Events">
      <div className="tools">
        <h2>Events</h2>
        {menu('components', 'Component', components, false)}
        {menu('eventTypes', 'Type', types, true)}
        {menu('stages', 'Stage', stages, true)}
        <label className="check">
          <input
            type="checkbox"
            checked={filter.problemsOnly}
            onChange={(event) => control.setProblemsOnly(event.target.checked)}
          />
          Problems <span className="number soft">{problems.length}</span>
        </label>
        {!isEmptyFilter(filter) && (
          <button className="quiet" onClick={control.clear}>
            Clear
          </button>
        )}
        <span className="fill" />
        {isReading && (
          <span className="soft number reading">
            reading {size} of {head - floor + 1}
          </span>
        )}
        <ExportButton taskId={taskId} filter={toApiFilter(filter)} upTo={Math.min(upTo, head)} />
      </div>
      <Feed {...feed} filter={filter} />
    </section>
  );
}
