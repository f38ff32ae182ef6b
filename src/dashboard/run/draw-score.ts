/**
 * The score on a canvas: one staff line for each component, a bar from its first to its last word, its events as beats
 * on it. Where beats would lie on each other they stand as one stroke, the higher the more there are. Warnings and errors
 * are never merged into the others.
 */
import type { Look } from '../../view/look.ts';
import { CELL, type BeatGrid, type ProblemCell } from './beat-grid.ts';
import type { Scale } from './scale.ts';

export interface Palette {
  readonly ink: string;
  readonly staff: string;
  readonly run: string;
  readonly warn: string;
  readonly fail: string;
  readonly faint: string;
  readonly paper: string;
}

export interface Lane {
  readonly name: string;
  readonly look: Look;
  /** From its first to its last word, as of the playhead. Milliseconds since 1970; undefined: none by then. */
  readonly startedMs: number | undefined;
  readonly untilMs: number;
  /** Its last word of all. */
  readonly endMs: number;
}

/** A beat that has just come, and lands. */
export interface Landing {
  readonly component: string;
  readonly timeMs: number;
  /** 0: it comes; 1: it is there. */
  readonly share: number;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly Lane[];
  readonly laneHeight: number;
  /** From a lane's top to its staff line. */
  readonly staffAt: number;
  /** From a lane's top to where the lines across all lanes begin: they leave out its name. */
  readonly barsFrom: number;
  /** How much of the first lane is scrolled out of sight. */
  readonly scrollTop: number;
  readonly scale: Scale;
  readonly grid: BeatGrid;
  readonly tears: readonly number[];
  readonly endMs: number | undefined;
  readonly endLook: Look;
}

export function drawScore(context: CanvasRenderingContext2D, picture: Picture, palette: Palette): void {
  context.clearRect(0, 0, picture.width, picture.height);
  drawStaffs(context, picture, palette);
  drawBeats(context, picture, palette);
  context.save();
  if (picture.barsFrom > 0) clipToStaffs(context, picture);
  for (const x of picture.tears) drawTear(context, x, picture.height, palette);
  if (picture.endMs !== undefined) drawFinalBar(context, picture.scale.toX(picture.endMs), picture, palette);
  context.restore();
}

function clipToStaffs(context: CanvasRenderingContext2D, picture: Picture): void {
  const { lanes, laneHeight, barsFrom, scrollTop, width } = picture;
  context.beginPath();
  for (let lane = 0; lane < lanes.length; lane += 1) {
    context.rect(0, lane * laneHeight + barsFrom - scrollTop, width, laneHeight - barsFrom);
  }
  context.clip();
}

export function drawLandings(
  context: CanvasRenderingContext2D,
  landings: readonly Landing[],
  picture: Picture,
  palette: Palette,
): void {
  context.clearRect(0, 0, picture.width, picture.height);
  for (const landing of landings) drawLanding(context, landing, picture, palette);
}

function staffY({ laneHeight, staffAt, scrollTop }: Picture, lane: number): number {
  return lane * laneHeight + staffAt - scrollTop;
}

function drawStaffs(context: CanvasRenderingContext2D, picture: Picture, palette: Palette): void {
  const { lanes, width, height, scale } = picture;
  lanes.forEach((lane, index) => {
    const y = staffY(picture, index);
    if (y < -20 || y > height + 20) return;
    context.fillStyle = palette.staff;
    context.fillRect(0, Math.round(y) - 0.5, width, 1);
    if (lane.startedMs === undefined) return;
    const from = Math.max(-4, scale.toX(lane.startedMs));
    context.fillStyle = colourOf(lane.look, palette);
    for (const [untilMs, alpha] of [[lane.endMs, 0.07] as const, [lane.untilMs, 0.2] as const]) {
      const to = Math.min(width + 4, scale.toX(untilMs));
      if (to < from) continue;
      context.globalAlpha = alpha;
      roundedRect(context, { x: from - 3, y: y - 7, width: Math.max(6, to - from + 6), height: 14 });
    }
    context.globalAlpha = 1;
  });
}

function drawBeats(context: CanvasRenderingContext2D, picture: Picture, palette: Palette): void {
  const { grid } = picture;
  context.globalAlpha = 0.28;
  drawCells(context, grid.laterCounts, { picture, palette });
  context.globalAlpha = 1;
  drawCells(context, grid.counts, { picture, palette });
  for (const problem of grid.problems) drawProblem(context, problem, picture, palette);
  context.globalAlpha = 1;
}

function drawCells(
  context: CanvasRenderingContext2D,
  counts: Uint32Array,
  { picture, palette }: { readonly picture: Picture; readonly palette: Palette },
): void {
  const { cells } = picture.grid;
  picture.lanes.forEach(({ look }, lane) => {
    const y = staffY(picture, lane);
    if (y < -20 || y > picture.height + 20) return;
    context.fillStyle = look === 'done' ? palette.ink : look === 'waiting' ? palette.faint : palette.run;
    // One path for the line: each fill by itself costs as much as all of them.
    context.beginPath();
    for (let cell = 0; cell < cells; cell += 1) {
      const count = counts[lane * cells + cell] ?? 0;
      if (count === 0) continue;
      const half = 2 + Math.min(9, Math.log2(count) * 1.6);
      context.roundRect(cell * CELL + CELL / 2 - 2, y - half, 4, half * 2, 2);
    }
    context.fill();
  });
}

function drawProblem(
  context: CanvasRenderingContext2D,
  problem: ProblemCell,
  picture: Picture,
  palette: Palette,
): void {
  const { lane, x, look, isLater } = problem;
  const y = staffY(picture, lane);
  if (y < -20 || y > picture.height + 20) return;
  context.globalAlpha = isLater ? 0.35 : 1;
  context.beginPath();
  if (look === 'warning') {
    context.moveTo(x, y - 7);
    context.lineTo(x + 7, y + 6);
    context.lineTo(x - 7, y + 6);
    context.closePath();
    outlined(context, palette.warn, palette);
    return;
  }
  context.moveTo(x - 5, y - 5);
  context.lineTo(x + 5, y + 5);
  context.moveTo(x + 5, y - 5);
  context.lineTo(x - 5, y + 5);
  context.lineCap = 'round';
  context.strokeStyle = palette.paper;
  context.lineWidth = 6;
  context.stroke();
  context.strokeStyle = palette.fail;
  context.lineWidth = 3;
  context.stroke();
}

function outlined(context: CanvasRenderingContext2D, fill: string, palette: Palette): void {
  context.lineWidth = 2;
  context.lineJoin = 'round';
  context.strokeStyle = palette.paper;
  context.stroke();
  context.fillStyle = fill;
  context.fill();
}

/** Continuity was lost here: the score is torn across. */
function drawTear(context: CanvasRenderingContext2D, x: number, height: number, palette: Palette): void {
  context.beginPath();
  for (let y = -6, side = -1; y <= height + 6; y += 6, side = -side) context.lineTo(x + side * 4, y);
  context.strokeStyle = palette.paper;
  context.lineWidth = 8;
  context.stroke();
  context.strokeStyle = palette.warn;
  context.lineWidth = 1.5;
  context.stroke();
}

/** As at the end of a piece: a thin line and a thick one. */
function drawFinalBar(context: CanvasRenderingContext2D, x: number, picture: Picture, palette: Palette): void {
  const bottom = Math.min(picture.height, picture.lanes.length * picture.laneHeight - picture.scrollTop);
  context.fillStyle = picture.endLook === 'failed' ? palette.fail : palette.ink;
  context.fillRect(Math.round(x) + 6, 0, 1, bottom);
  context.fillRect(Math.round(x) + 10, 0, 4, bottom);
}

function drawLanding(context: CanvasRenderingContext2D, landing: Landing, picture: Picture, palette: Palette): void {
  const lane = picture.lanes.findIndex(({ name }) => name === landing.component);
  if (lane < 0) return;
  context.globalAlpha = 1 - landing.share;
  context.strokeStyle = palette.run;
  context.lineWidth = 1.5;
  context.beginPath();
  const radius = 3 + 8 * landing.share;
  context.arc(picture.scale.toX(landing.timeMs), staffY(picture, lane), radius, 0, Math.PI * 2);
  context.stroke();
  context.globalAlpha = 1;
}

function colourOf(look: Look, palette: Palette): string {
  return {
    waiting: palette.faint,
    running: palette.run,
    done: palette.ink,
    warning: palette.run,
    failed: palette.fail,
  }[look];
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function roundedRect(context: CanvasRenderingContext2D, { x, y, width, height }: Box): void {
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(width, height) / 2);
  context.fill();
}
