/** What observers say of the run, beside it. */
import type { ReactElement } from 'react';
import type { ObservationsState } from '../../client/index.ts';
import { Tree } from '../parts/tree.tsx';
import { clock, moment } from '../parts/time.ts';

export interface ObservationsProps {
  readonly state: ObservationsState;
  /** What was said later is not listed. Milliseconds since 1970. */
  readonly untilMs: number;
}

/** The newest first: they are read, not followed. */
export function Observations({ state, untilMs }: ObservationsProps): ReactElement {
  const { dropped, gap } = state;
  const observations = state.observations.filter(({ timestamp }) => Date.parse(timestamp) <= untilMs);
  return (
    <aside className="observations" aria-label="Observations">
      <div className="tools">
        <h2>Observations</h2>
      </div>
      {gap !== undefined && <p className="note">Some observations are missing: continuity was lost.</p>}
      <ol>
        {observations.toReversed().map(({ id, timestamp, content, metadata }) => (
          <li key={id}>
            <time className="number soft" dateTime={timestamp} title={moment(timestamp)}>
              {clock(timestamp)}
            </time>
            <p className="foreign whole" dir="auto">
              {content}
            </p>
            {Object.keys(metadata).length > 0 && (
              <details>
                <summary className="soft">metadata</summary>
                <Tree value={metadata} />
              </details>
            )}
          </li>
        ))}
      </ol>
      {dropped > 0 && <p className="soft">{dropped} older ones are not listed.</p>}
    </aside>
  );
}
