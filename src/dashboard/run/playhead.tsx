/**
 * The place in the run that the page shows. Dragged by its handle, or from anywhere on the ruler; with keys it goes
 * from event to event.
 */
import {
  useRef,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactElement,
  type RefObject,
} from 'react';
import { clockMs } from '../parts/time.ts';

export interface PlayheadProps {
  /** Undefined: the present. */
  readonly at: number | undefined;
  readonly head: number;
  readonly floor: number;
  readonly x: number;
  readonly atMs: number | undefined;
  readonly ruler: RefObject<HTMLElement | null>;
  /** What had happened at that x of the ruler. */
  readonly sequenceAtX: (x: number) => number | undefined;
  /** Undefined: back to the present. */
  readonly onMove: (sequence: number | undefined) => void;
}

export function Playhead(props: PlayheadProps): ReactElement {
  const { at, head, floor, x, atMs, ruler, sequenceAtX, onMove } = props;
  const place = at ?? head;
  const handle = useRef<HTMLDivElement>(null);

  function moveTo(sequence: number): void {
    onMove(sequence >= head ? undefined : Math.max(floor - 1, sequence));
  }
  function onKeyDown(event: KeyboardEvent): void {
    const move = KEY_MOVES[event.key]?.({ place, head, floor });
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(move);
  }
  /** Safari would mark the text that it is dragged across. The keys go on from where the pointer left it. */
  function press(event: MouseEvent): void {
    event.preventDefault();
    handle.current?.focus({ preventScroll: true });
  }
  function drag(event: PointerEvent<HTMLElement>): void {
    const box = ruler.current?.getBoundingClientRect();
    if (box === undefined || (event.buttons & 1) === 0) return;
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId);
    const sequence = sequenceAtX(event.clientX - box.left);
    moveTo(sequence ?? floor - 1);
  }
  return (
    <>
      <div className="ruler-touch" onMouseDown={press} onPointerDown={drag} onPointerMove={drag} />
      <div
        ref={handle}
        className={`playhead ${at === undefined ? 'live' : 'past'}`}
        style={{ transform: `translateX(${x}px)` }}
        role="slider"
        tabIndex={0}
        aria-label="Place in the run"
        aria-valuemin={floor - 1}
        aria-valuemax={head}
        aria-valuenow={place}
        aria-valuetext={sayPlace(place, head, atMs)}
        onKeyDown={onKeyDown}
        onMouseDown={press}
        onPointerDown={drag}
        onPointerMove={drag}
      />
    </>
  );
}

function sayPlace(place: number, head: number, atMs: number | undefined): string {
  return `event ${place} of ${head}${atMs === undefined ? '' : `, ${clockMs(atMs)}`}`;
}

interface Place {
  readonly place: number;
  readonly head: number;
  readonly floor: number;
}

/** A page is a twentieth of the run. */
const pageOf = ({ head, floor }: Place): number => Math.max(1, Math.round((head - floor) / 20));

const KEY_MOVES: Readonly<Record<string, (place: Place) => number>> = {
  ArrowLeft: ({ place }) => place - 1,
  ArrowDown: ({ place }) => place - 1,
  ArrowRight: ({ place }) => place + 1,
  ArrowUp: ({ place }) => place + 1,
  PageUp: (place) => place.place + pageOf(place),
  PageDown: (place) => place.place - pageOf(place),
  Home: ({ floor }) => floor,
  End: ({ head }) => head,
};
