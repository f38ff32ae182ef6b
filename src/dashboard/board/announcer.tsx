/** What a screen reader hears by itself: new failures, and only those. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { BoardRow } from './row.ts';
import { failedIds, newFailures } from './trouble.ts';

export function Announcer({ rows }: { readonly rows: ReadonlyMap<string, BoardRow> }): ReactElement {
  const known = useRef<ReadonlySet<string>>(undefined);
  const [said, setSaid] = useState('');
  useEffect(() => {
    // What had failed when the page was opened is no news.
    const text = known.current && newFailures(known.current, rows);
    known.current = failedIds(rows.values());
    if (text !== undefined) setSaid(text);
  }, [rows]);
  return (
    <p className="aside" role="status" aria-live="polite">
      {said}
    </p>
  );
}
