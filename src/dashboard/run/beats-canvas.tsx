/** The two canvases of the score: the beats as they stand, and over them those that have just come and land. */
import { useEffect, useLayoutEffect, useRef, type ReactElement, type RefObject } from 'react';
import { CALM, useMedia } from '../parts/use-media.ts';
import { drawLandings, drawScore, type Landing, type Picture } from './draw-score.ts';
import type { Run } from './run.ts';
import { usePalette } from './use-palette.ts';

export interface BeatsCanvasProps {
  readonly run: Run;
  readonly picture: Picture;
  /** Whether what comes now is shown. */
  readonly isLive: boolean;
}

const LAND_MS = 120;
/** More at once are a blur. */
const MOST_LANDINGS = 64;

export function BeatsCanvas({ run, picture, isLive }: BeatsCanvasProps): ReactElement {
  const base = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const palette = usePalette();
  const isCalm = useMedia(CALM);
  const latest = useRef(picture);
  const { width, height } = picture;

  useLayoutEffect(() => {
    latest.current = picture;
    const context = prepare(base, picture);
    if (context !== undefined) drawScore(context, picture, palette);
  }, [picture, palette]);

  useEffect(() => {
    if (!isLive || isCalm) return;
    const coming: { readonly component: string; readonly timeMs: number; readonly bornMs: number }[] = [];
    let frame: number | undefined;
    function draw(): void {
      const nowMs = performance.now();
      while (coming[0] !== undefined && nowMs - coming[0].bornMs >= LAND_MS) coming.shift();
      const landings = coming.map(({ bornMs, ...beat }): Landing => ({ ...beat, share: (nowMs - bornMs) / LAND_MS }));
      const context = prepare(above, latest.current);
      if (context !== undefined) drawLandings(context, landings, latest.current, palette);
      frame = coming.length > 0 ? requestAnimationFrame(draw) : undefined;
    }
    const leave = run.onBeat(({ component, timestamp, recordedAt }) => {
      if (document.hidden) return;
      const timeMs = Math.min(Date.parse(timestamp), Date.parse(recordedAt));
      coming.push({ component, timeMs, bornMs: performance.now() });
      if (coming.length > MOST_LANDINGS) coming.shift();
      frame ??= requestAnimationFrame(draw);
    });
    return () => {
      leave();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [run, isLive, isCalm, palette]);

  const style = { width, height };
  return (
    <>
      <canvas ref={base} style={style} aria-hidden="true" />
      <canvas ref={above} style={style} aria-hidden="true" />
    </>
  );
}

/** At the screen's own resolution; sized anew only when that changed, for it clears the canvas. */
function prepare(
  ref: RefObject<HTMLCanvasElement | null>,
  { width, height }: Picture,
): CanvasRenderingContext2D | undefined {
  const canvas = ref.current;
  const context = canvas?.getContext('2d');
  if (canvas == null || context == null) return undefined;
  const density = devicePixelRatio;
  const [pixelWidth, pixelHeight] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  context.setTransform(density, 0, 0, density, 0, 0);
  return context;
}
