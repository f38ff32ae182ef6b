/** What must not be overlooked: lost continuity, what failed first, a look at the past. */
import type { ReactElement } from 'react';
import type { TaskEvent } from '../../client/index.ts';
import { clockMs } from '../parts/time.ts';
import { Mark } from '../parts/mark.tsx';
import type { Tear } from './run.ts';

export function TearNotice({ tears }: { readonly tears: readonly Tear[] }): ReactElement | null {
  const tear = tears.at(-1);
  if (tear === undefined) return null;
  return (
    <p className="note gap" role="alert">
      <Mark look="warning" />
      <span>
        <b>Continuity was lost{tears.length > 1 ? ` ${tears.length} times` : ''}.</b> {WHY[tear.reason] ?? tear.reason}
      </span>
    </p>
  );
}

const WHY: Readonly<Record<string, string>> = {
  EXPIRED: 'Events between were no longer kept when this page came back; the state shown is whole.',
  DIVERGED: 'The log was restored, rewound or replaced; the state and the events shown are the new ones.',
};

export interface FailureNoticeProps {
  /** Undefined: it is being read. */
  readonly event: TaskEvent | undefined;
  readonly sequence: number;
  readonly onMove: (sequence: number) => void;
}

export function FailureNotice({ event, sequence, onMove }: FailureNoticeProps): ReactElement {
  return (
    <p className="note failed first-failure">
      <Mark look="failed" />
      <span className="first-words cut">
        <b>What failed first:</b> {event === undefined ? `event ${sequence}` : <FirstFailure event={event} />}
      </span>
      <button className="quiet" onClick={() => onMove(sequence)}>
        Go there
      </button>
    </p>
  );
}

function FirstFailure({ event }: { readonly event: TaskEvent }): ReactElement {
  return (
    <>
      <span className="foreign">{event.component}</span>, <span className="foreign">{event.message}</span>
    </>
  );
}

export interface PastNoticeProps {
  readonly at: number;
  readonly head: number;
  readonly atMs: number | undefined;
  readonly isLate: boolean;
  readonly error: Error | undefined;
  readonly isOver: boolean;
  readonly onLeave: () => void;
}

export function PastNotice({ at, head, atMs, isLate, error, isOver, onLeave }: PastNoticeProps): ReactElement {
  return (
    <p className={`past-notice ${isLate ? 'late' : ''}`}>
      <span>
        As of event <span className="number">{at}</span> of <span className="number">{head}</span>
        {atMs !== undefined && <span className="number soft"> · {clockMs(atMs)}</span>}
        {error !== undefined && <span role="alert"> · {error.message}</span>}
      </span>
      <button className="button" onClick={onLeave}>
        {isOver ? 'To the end' : 'Live'}
      </button>
    </p>
  );
}
