/** Above the list, and not in a toast that goes away: what went wrong, each a way to its task. */
import type { MouseEvent, ReactElement } from 'react';
import { Mark } from '../parts/mark.tsx';
import { age, words } from '../parts/time.ts';
import { useAddress } from '../shell/address.ts';
import { Link } from '../shell/link.tsx';
import { LastWord } from './board-row.tsx';
import type { BoardRow } from './row.ts';
import type { Trouble } from './trouble.ts';

export interface TroubleStripProps {
  readonly trouble: Trouble;
  readonly nowMs: number;
}

export function TroubleStrip({ trouble: { listed, more }, nowMs }: TroubleStripProps): ReactElement | undefined {
  const { set } = useAddress();
  if (listed.length === 0) return undefined;
  function showAll({ currentTarget }: MouseEvent<HTMLElement>): void {
    // It goes with the strip, and nobody would hear that the focus went, too.
    currentTarget.blur();
    set({ status: 'trouble', stage: undefined, q: undefined });
  }
  return (
    <section className="trouble-strip" aria-label="Trouble">
      <ul>
        {listed.map((row) => (
          <li key={row.id} className={row.look === 'failed' ? 'failed' : (row.lastWord?.look ?? '')}>
            <Link to={{ task: row.id }}>
              <TroubleLine row={row} nowMs={nowMs} />
            </Link>
          </li>
        ))}
      </ul>
      {more > 0 && (
        <button className="quiet" onClick={showAll}>
          and {more} more
        </button>
      )}
    </section>
  );
}

function TroubleLine({ row, nowMs }: { readonly row: BoardRow; readonly nowMs: number }): ReactElement {
  const { look, lastWord, name, task, saidMs } = row;
  return (
    <>
      {look === 'failed' ? <Mark look="failed" /> : <Mark look={lastWord?.look ?? look} />}
      <b className="foreign cut" dir="auto" title={name}>
        {name}
      </b>
      {lastWord === undefined ? (
        <span className="last-word">failed in {words(task.progress.stage)}</span>
      ) : (
        <LastWord row={row} isMarked={false} />
      )}
      <span className="number">{age(nowMs - saidMs)}</span>
    </>
  );
}
