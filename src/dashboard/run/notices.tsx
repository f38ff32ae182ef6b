/** What must not be overlooked: lost continuity, what failed first, a look at the past. */
import type { ReactElement } from 'react';
import type { TaskEvent } from '../../client/index.ts';
import { clockMs } from '../parts/time.ts';
import { Mark } from '../parts/mark.tsx';
import type { Past } from './past.ts';
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
  readonly label: string;
  readonly sequence: number;
  /** Undefined: it is being read. */
  readonly event: TaskEvent | undefined;
  readonly onMove: (sequence: number) => void;
}

export function FailureNotice({ label, event, sequence, onMove }: FailureNoticeProps): ReactElement {
  return (
    <p className="note failed failure">
      <Mark look="failed" />
      <b>{label}</b>
      <span className="words" title={event?.message}>
        {event === undefined ? (
          `event ${sequence}`
        ) : (
          <>
            <span className="who foreign cut" dir="auto">
              {event.component}
            </span>
            :{' '}
            <span className="foreign cut" dir="auto">
              {event.message}
            </span>
          </>
        )}
      </span>
      <button className="quiet" onClick={() => onMove(sequence)}>
        Go there
      </button>
    </p>
  );
}

/** @param count how many */
export function LateNotice({ count }: { readonly count: number }): ReactElement {
  return (
    <p className="note late">
      {count === 1
        ? 'One event was recorded after the end. It is listed, and changed nothing.'
        : `${count} events were recorded after the end. They are listed, and changed nothing.`}
    </p>
  );
}

export interface PastNoticeProps {
  readonly at: number;
  readonly head: number;
  readonly atMs: number | undefined;
  readonly past: Past;
  readonly isOver: boolean;
  readonly onLeave: () => void;
}

export function PastNotice({ at, head, atMs, past, isOver, onLeave }: PastNoticeProps): ReactElement {
  const isLate = past.at !== at;
  return (
    <p className={`past-notice ${isLate ? 'asking' : ''}`}>
      <span>
        {isLate ? 'Asking for event' : 'As of event'} <span className="number">{at}</span> of{' '}
        <span className="number">{head}</span>
        {atMs !== undefined && <span className="number soft"> · {clockMs(atMs)}</span>}
        {isLate && past.shown !== undefined && (
          <span className="soft">
            {' '}
            · shown is <span className="number">{past.at}</span>
          </span>
        )}
        {past.error !== undefined && <span role="alert"> · {past.error.message}</span>}
      </span>
      <button className="button" onClick={onLeave}>
        {isOver ? 'To the end' : 'Live'}
      </button>
    </p>
  );
}
