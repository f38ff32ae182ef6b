/** One task as a line of the board. Drawn again only when something of it has changed. */
import { memo, type MouseEvent, type ReactElement } from 'react';
import { duration, isTrouble, percent, SILENT_MS, stopwatch } from '../../view/look.ts';
import { cellOf } from '../../view/pulse.ts';
import { Bar } from '../parts/bar.tsx';
import { Mark } from '../parts/mark.tsx';
import { PulseLine } from '../parts/pulse.tsx';
import { age, moment, words } from '../parts/time.ts';
import { hrefOf } from '../shell/address.ts';
import type { BoardRow } from './row.ts';

export interface BoardRowProps {
  readonly row: BoardRow;
  readonly isLeaving: boolean;
  /** Among all, not only those that are drawn. */
  readonly index: number;
  readonly top: number;
  readonly nowMs: number;
  /** The one that Tab leads to. */
  readonly isCurrent: boolean;
  readonly onOpen: (taskId: string) => void;
  readonly onFocus: (taskId: string) => void;
}

export const BoardRowLine = memo(function BoardRowLine(props: BoardRowProps): ReactElement {
  const { row, isLeaving, index, top, nowMs, isCurrent, onOpen, onFocus } = props;
  const { id, name, look, task, pulse } = row;
  const { stage, displayProgress } = task.progress;
  function open(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    // Text that is being marked is not a click.
    if (getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    onOpen(id);
  }
  return (
    <div
      role="row"
      // The first is the header.
      aria-rowindex={index + 2}
      className={`task-row ${look}${isLeaving ? ' leaving' : ''}`}
      style={{ top }}
      onClick={open}
    >
      <span role="cell" className="at-mark">
        <Mark look={look} />
      </span>
      <span role="cell" className="at-task">
        <a
          href={hrefOf({ task: id })}
          className="foreign cut"
          dir="auto"
          title={task.title ?? id}
          data-task={id}
          tabIndex={isCurrent ? 0 : -1}
          onFocus={() => onFocus(id)}
        >
          {name}
        </a>
        {name !== id && (
          <code className="foreign cut" title={id}>
            {id}
          </code>
        )}
      </span>
      <span role="cell" className="at-stage cut">
        {words(stage)}
      </span>
      <span role="cell" className="at-progress">
        <Bar value={displayProgress} look={look} label={`Progress of ${name}`} />
        <span className="number">{percent(displayProgress)}</span>
      </span>
      <span role="cell" className="at-pulse">
        <PulseLine pulse={pulse} lastCell={cellOf(nowMs)} isOver={look === 'done' || look === 'failed'} />
      </span>
      <span role="cell" className="at-word">
        <LastWord row={row} isMarked={look !== 'failed'} />
      </span>
      <span role="cell" className="at-age number" title={timesOf(row)}>
        {ageOf(row, nowMs)}
      </span>
    </div>
  );
});

export interface LastWordProps {
  readonly row: BoardRow;
  /** Left out where a mark stands beside it already. */
  readonly isMarked?: boolean;
}

export function LastWord({ row: { lastWord }, isMarked = true }: LastWordProps): ReactElement | undefined {
  if (lastWord === undefined) return undefined;
  const { look, component, message } = lastWord;
  return (
    <span className={`last-word${isTrouble(look) ? ` ${look}` : ''}`} title={`${component}: ${message}`}>
      {isTrouble(look) && isMarked && <Mark look={look} />}
      <span className="foreign cut who" dir="auto">
        {component}
      </span>
      <span className="foreign cut" dir="auto">
        {message}
      </span>
    </span>
  );
}

/** Counted in tens of seconds: it is to be noticed, not to tick. */
function ageOf({ look, heardMs, startedMs }: BoardRow, nowMs: number): ReactElement | string {
  const silentMs = nowMs - heardMs;
  if (look !== 'running' || silentMs < SILENT_MS) return age(nowMs - startedMs);
  return <b>silent {stopwatch(Math.floor(silentMs / 10_000) * 10_000)}</b>;
}

function timesOf({ look, task: { progress }, saidMs, startedMs }: BoardRow): string {
  const started = `started ${moment(progress.startedAt)}`;
  if (look === 'waiting') return `nothing reported yet; known since ${moment(progress.startedAt)}`;
  if (look === 'running') return `${started}, last word ${moment(saidMs)}`;
  return `${started}, ${look} after ${duration(Date.parse(progress.lastUpdate) - startedMs)}`;
}
