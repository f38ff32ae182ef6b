/** One event as a line; what else it says folds out below it. */
import { memo, useLayoutEffect, useRef, type ReactElement } from 'react';
import type { TaskEvent } from '../../client/index.ts';
import { lookOf, percent } from '../../view/look.ts';
import { Mark } from '../parts/mark.tsx';
import { clock, clockMs, moment, words } from '../parts/time.ts';
import { Tree } from '../parts/tree.tsx';

export interface FeedRowProps {
  readonly sequence: number;
  /** Undefined: it is on its way. */
  readonly event: TaskEvent | undefined;
  readonly isGone: boolean;
  readonly isOpen: boolean;
  /** It came after the task's end, and so changed nothing. */
  readonly isLate: boolean;
  readonly onToggle: (sequence: number) => void;
  /** How high what is folded out is, in pixels. */
  readonly onMeasure: (sequence: number, height: number) => void;
  readonly onMove: (sequence: number) => void;
}

export const FeedRow = memo(function FeedRow(props: FeedRowProps): ReactElement {
  const { sequence, event, isGone, isOpen, isLate, onToggle, onMeasure, onMove } = props;
  if (event === undefined) {
    return (
      <div className="event pending">
        <span className="number soft">{sequence}</span>
        <span className="soft">{isGone ? 'no longer kept' : ''}</span>
      </div>
    );
  }
  const look = lookOf(event.eventType, event.progress ?? 0);
  return (
    <>
      <button
        className={`event ${look} ${isLate ? 'late' : ''}`}
        aria-expanded={isOpen}
        data-sequence={sequence}
        onClick={() => onToggle(sequence)}
      >
        <span className="number soft">{sequence}</span>
        <time className="number soft" dateTime={event.timestamp} title={moment(event.timestamp)}>
          {clock(event.timestamp)}
        </time>
        <Mark look={look} />
        <span className="who foreign cut" dir="auto" title={event.component}>
          {event.component}
        </span>
        <span className="what soft cut">{words(event.eventType)}</span>
        <span className="message foreign cut" dir="auto">
          {event.message}
        </span>
        <span className="number share">{event.progress == null ? '' : percent(event.progress)}</span>
      </button>
      {isOpen && <Details {...{ event, isLate, onMeasure, onMove }} />}
    </>
  );
});

type DetailsProps = Pick<FeedRowProps, 'isLate' | 'onMeasure' | 'onMove'> & { readonly event: TaskEvent };

function Details({ event, isLate, onMeasure, onMove }: DetailsProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const { sequence } = event;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => onMeasure(sequence, element.offsetHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [sequence, onMeasure]);
  const facts: readonly (readonly [string, string | undefined | null])[] = [
    ['stage', words(event.stage)],
    ['happened', clockMs(event.timestamp)],
    ['recorded', clockMs(event.recordedAt)],
    ['time left', event.estimatedTimeRemaining],
    ['event id', event.eventId],
  ];
  return (
    <div className="details" ref={box}>
      <p className="foreign whole" dir="auto">
        {event.message}
      </p>
      {isLate && <p className="soft">Recorded after the task had ended; it changed nothing.</p>}
      <dl>
        {facts.map(([name, value]) =>
          value == null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="mono foreign" dir="auto">
                {value}
              </dd>
            </div>
          ),
        )}
      </dl>
      {event.details != null && <Tree value={event.details} />}
      <button className="quiet" onClick={() => onMove(sequence)}>
        Show the run as of this event
      </button>
    </div>
  );
}
