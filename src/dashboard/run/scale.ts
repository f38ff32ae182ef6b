/** Where an instant stands on the score, and which instants are worth a line. */

/** Milliseconds since 1970. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * All of a run. Its end moves in steps, so that the picture does not shrink with every beat.
 * @param room the share that is left after its end, where the bar that closes it stands
 */
export function wholeRange(fromMs: number, toMs: number, room = 0.02): TimeRange {
  const span = Math.max(2_000, (toMs - fromMs) * (1 + room));
  const step = 2 ** Math.floor(Math.log2(span)) / 16;
  const left = span * 0.01;
  return { fromMs: fromMs - left, toMs: fromMs + Math.ceil(span / step) * step };
}

export interface RunTimes {
  readonly startedAt: string;
  readonly lastUpdate: string;
  readonly status: string;
}

/**
 * How far the time of a run has come: to its end; or to now, when nothing was said for so long. A silence is shown, but
 * not so much of it that the run becomes a dot.
 */
export function timeSoFar({ startedAt, lastUpdate, status }: RunTimes, silentMs: number): number {
  const lastMs = Date.parse(lastUpdate);
  if (status !== 'RUNNING') return lastMs;
  return lastMs + Math.min(Math.max(0, silentMs), Math.max(60_000, (lastMs - Date.parse(startedAt)) / 2));
}

export interface Scale {
  /** 0 at the left edge. */
  toX(this: void, atMs: number): number;
  toMs(this: void, x: number): number;
}

export function createScale({ fromMs, toMs }: TimeRange, width: number): Scale {
  const perPixel = (toMs - fromMs) / Math.max(1, width);
  return { toX: (atMs) => (atMs - fromMs) / perPixel, toMs: (x) => fromMs + x * perPixel };
}

/** Nearer or farther around one instant, never nearer than 50 ms for the whole width. */
export function zoom({ fromMs, toMs }: TimeRange, factor: number, aroundMs: number): TimeRange {
  const span = Math.max(50, (toMs - fromMs) * factor);
  const share = (aroundMs - fromMs) / (toMs - fromMs);
  return { fromMs: aroundMs - span * share, toMs: aroundMs + span * (1 - share) };
}

export function pan({ fromMs, toMs }: TimeRange, byMs: number): TimeRange {
  return { fromMs: fromMs + byMs, toMs: toMs + byMs };
}

export interface Tick {
  readonly atMs: number;
  /** Since the run began: `0:10`, `1:00:00`, and `0:10.5` where a second is wide. */
  readonly label: string;
}

/** Round times since `originMs`, some hundred pixels from each other. */
export function ticksOf({ fromMs, toMs }: TimeRange, width: number, originMs: number): readonly Tick[] {
  const wanted = ((toMs - fromMs) / Math.max(1, width)) * 110;
  const step = STEPS_MS.find((each) => each >= wanted) ?? Math.ceil(wanted / DAY_MS) * DAY_MS;
  const ticks: Tick[] = [];
  const first = Math.max(0, Math.ceil((fromMs - originMs) / step)) * step;
  for (let sinceMs = first; originMs + sinceMs <= toMs; sinceMs += step) {
    ticks.push({ atMs: originMs + sinceMs, label: sinceLabel(sinceMs, step) });
  }
  return ticks;
}

/** Pixels: before a label on the ruler, for each of its characters at most, and half the playhead's handle. */
const LABEL_START = 8;
const LABEL_CHARACTER = 7.5;
const HANDLE = 7;

/** Whether its label is neither under the playhead's handle nor cut off at the end. */
export function isFree(label: string, x: number, { width, playheadX }: Ruler): boolean {
  const end = x + LABEL_START + label.length * LABEL_CHARACTER;
  return end < width && (end < playheadX - HANDLE || x > playheadX + HANDLE);
}

export interface Ruler {
  readonly width: number;
  readonly playheadX: number;
}

const DAY_MS = 86_400_000;
const STEPS_MS: readonly number[] = [
  ...[1, 10, 100].flatMap((power) => [power, 2 * power, 5 * power]),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * 3_600_000),
];

function sinceLabel(ms: number, step: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const digits = step >= 1_000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
  const rest =
    digits === 0
      ? ''
      : `.${String(Math.round(ms % 1_000))
          .padStart(3, '0')
          .slice(0, digits)}`;
  const tail = `${String(seconds % 60).padStart(2, '0')}${rest}`;
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, '0')}:${tail}`;
}
