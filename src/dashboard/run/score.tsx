/**
 * The run as a score: time from left to right, a line for each component in the order in which they first reported,
 * and the playhead across them.
 */
import { useEffect, useMemo, useRef, useState, type ReactElement } from 'react';
import type { ComponentView } from '../../client/index.ts';
import { lookOf } from '../../view/look.ts';
import { PHONE, useMedia } from '../parts/use-media.ts';
import { useSize } from '../parts/use-size.ts';
import { createBeatGrid } from './beat-grid.ts';
import { BeatsCanvas } from './beats-canvas.tsx';
import type { Lane, Picture } from './draw-score.ts';
import { LaneLabel } from './lane-label.tsx';
import { Playhead } from './playhead.tsx';
import { ProblemMarks } from './problem-marks.tsx';
import type { Run, RunState } from './run.ts';
import { createScale, isFree, ticksOf } from './scale.ts';
import type { Shown } from './past.ts';
import type { RangeControl } from './use-range.ts';

export interface ScoreProps {
  readonly run: Run;
  readonly view: NonNullable<RunState['view']>;
  readonly tears: RunState['tears'];
  /** As of the playhead; undefined while that is not known. */
  readonly shown: Shown | undefined;
  readonly at: number | undefined;
  readonly untilMs: number;
  readonly control: RangeControl;
  readonly chosen: readonly string[];
  readonly onMove: (sequence: number | undefined) => void;
  readonly onChoose: (component: string) => void;
}

const DESK_LANES = { laneHeight: 36, staffAt: 18, barsFrom: 0 } as const;
/** There a lane's name stands above its staff. */
const PHONE_LANES = { laneHeight: 56, staffAt: 40, barsFrom: 28 } as const;

export function Score(props: ScoreProps): ReactElement {
  const { run, view, shown, at, control, chosen, onMove, onChoose } = props;
  const { history } = run;
  const ruler = useRef<HTMLDivElement>(null);
  const lanesRef = useRef<HTMLDivElement>(null);
  const isPhone = useMedia(PHONE);
  const { width } = useSize(ruler);
  const { height } = useSize(lanesRef);
  const [scrollTop, setScrollTop] = useState(0);
  const scale = useMemo(() => createScale(control.range, width), [control.range, width]);
  const picture = usePicture(props, { width, height, scrollTop, isPhone, scale });
  const atMs = at === undefined ? undefined : history.get(at)?.timeMs;
  const shownMs = shown === undefined ? props.untilMs : Date.parse(shown.progress.lastUpdate);
  const playheadMs = at === undefined ? props.untilMs : (atMs ?? shownMs);
  const playheadX = Math.min(width, Math.max(0, scale.toX(playheadMs)));
  const ticks = ticksOf(control.range, width, Date.parse(view.progress.startedAt))
    .map((tick) => ({ ...tick, x: scale.toX(tick.atMs) }))
    .filter(({ label, x }) => isFree(label, x, { width, playheadX }));
  useWheelZoom(ruler, control, scale.toMs);

  return (
    <section className="score" aria-label="Score">
      <div className="ruler-row">
        <ZoomButtons control={control} />
        <div className="ruler" ref={ruler}>
          {ticks.map(({ atMs, label, x }) => (
            <span key={atMs} className="number" style={{ transform: `translateX(${x}px)` }}>
              {label}
            </span>
          ))}
          <Playhead
            at={at}
            head={history.head}
            floor={history.floor}
            x={playheadX}
            atMs={atMs}
            ruler={ruler}
            sequenceAtX={(x) => history.sequenceAt(scale.toMs(x))}
            onMove={onMove}
          />
        </div>
      </div>
      <div className="lanes" ref={lanesRef} onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}>
        {view.components.size === 0 && <p className="nothing soft">Nothing reported yet.</p>}
        <ul>
          {[...view.components.keys()].map((name) => (
            <li key={name} style={{ height: picture.laneHeight }}>
              <LaneLabel
                name={name}
                component={shown?.components.get(name)}
                isChosen={chosen.includes(name)}
                onChoose={onChoose}
              />
            </li>
          ))}
        </ul>
        <div className="plot" style={{ height: view.components.size * picture.laneHeight }}>
          <div className="sticky">
            <BeatsCanvas run={run} picture={picture} isLive={at === undefined} />
          </div>
          <div className="needle" style={{ transform: `translateX(${scale.toX(playheadMs)}px)` }} />
          <ProblemMarks history={history} picture={picture} onPick={onMove} />
        </div>
      </div>
    </section>
  );
}

function usePicture(
  { run, view, shown, tears, at, untilMs, control }: ScoreProps,
  frame: Pick<Picture, 'width' | 'height' | 'scrollTop' | 'scale'> & { readonly isPhone: boolean },
): Picture {
  const { width, height, scrollTop, scale, isPhone } = frame;
  const { history } = run;
  const gridOf = useMemo(() => createBeatGrid(history), [history]);
  const pages = run.pages.getSnapshot();
  return useMemo(() => {
    const { progress } = view;
    const isOver = progress.status !== 'RUNNING';
    const range = control.range;
    const upToSequence = at ?? Infinity;
    return {
      width,
      height,
      scrollTop,
      scale,
      lanes: Array.from(view.components.values(), (last) => toLane(last, shown, { at, untilMs })),
      ...(isPhone ? PHONE_LANES : DESK_LANES),
      grid: gridOf({ range, width, lanes: [...view.components.keys()], upToSequence }),
      tears: tears.flatMap(({ untilSequence }) => {
        const beat = history.get(untilSequence);
        return beat === undefined ? [] : [scale.toX(beat.timeMs)];
      }),
      endMs: isOver ? Date.parse(progress.lastUpdate) : undefined,
      endLook: progress.status === 'FAILED' ? 'failed' : 'done',
    };
    // What was read of the past is in the history, which is the same object.
  }, [
    width,
    height,
    scrollTop,
    scale,
    isPhone,
    view,
    shown,
    tears,
    at,
    untilMs,
    control.range,
    gridOf,
    pages,
    history,
  ]);
}

/** @param last what it is known to have said last of all */
function toLane(
  last: ComponentView,
  shown: Shown | undefined,
  { at, untilMs }: Pick<ScoreProps, 'at' | 'untilMs'>,
): Lane {
  const { name, lastUpdate } = last;
  const endMs = Date.parse(lastUpdate);
  const component = shown?.components.get(name);
  if (shown === undefined || component === undefined)
    return { name, look: 'waiting', startedMs: undefined, untilMs: endMs, endMs };
  const look = lookOf(component.status, component.progress);
  const isAtWork = shown.progress.status === 'RUNNING' && (look === 'running' || look === 'warning');
  const nowMs = at === undefined ? untilMs : Date.parse(shown.progress.lastUpdate);
  return {
    name,
    look,
    startedMs: Date.parse(component.startedAt),
    untilMs: isAtWork ? nowMs : Date.parse(component.lastUpdate),
    endMs,
  };
}

function ZoomButtons({ control }: { readonly control: RangeControl }): ReactElement {
  return (
    <div className="zoom" role="group" aria-label="Zoom">
      <button
        className="quiet"
        aria-label="Show more time"
        disabled={control.isWhole}
        onClick={() => control.zoomBy(2)}
      >
        −
      </button>
      <button className="quiet" aria-label="Show less time" onClick={() => control.zoomBy(0.5)}>
        +
      </button>
      <button className="quiet" disabled={control.isWhole} onClick={control.showAll}>
        all
      </button>
    </div>
  );
}

/** Over the ruler the wheel zooms; over the lines it scrolls the page, as anywhere else. */
function useWheelZoom(
  ruler: React.RefObject<HTMLElement | null>,
  control: RangeControl,
  toMs: (x: number) => number,
): void {
  const latest = useRef({ control, toMs });
  useEffect(() => {
    latest.current = { control, toMs };
  });
  useEffect(() => {
    const element = ruler.current;
    if (element === null) return;
    function onWheel(event: WheelEvent): void {
      event.preventDefault();
      const { control, toMs } = latest.current;
      const x = event.clientX - (element?.getBoundingClientRect().left ?? 0);
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) control.panBy(event.deltaX / 1_000);
      else control.zoomBy(2 ** (event.deltaY / 240), toMs(x));
    }
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [ruler]);
}
