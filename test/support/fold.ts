/**
 * The fold, written a second time and as plainly as possible, over what the public API shows. Tests compare the
 * server's progress with this one; it shares no code with the server on purpose.
 */

export interface LogEvent {
  readonly sequence: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly component: string;
  readonly stage: string;
  readonly message: string;
  readonly progress: number | null;
  readonly timestamp: string;
  readonly recordedAt: string;
  readonly cursor: string;
}

export interface ComponentState {
  readonly name: string;
  readonly status: string;
  readonly progress: number;
  readonly stage: string;
  readonly message: string;
}

export interface ProgressState {
  readonly sequence: number;
  readonly status: string;
  readonly stage: string;
  readonly components: readonly ComponentState[];
  readonly overallProgress: number;
  readonly displayProgress: number;
}

/** The fold of no event. */
const NOTHING_YET: ProgressState = {
  sequence: 0,
  status: 'RUNNING',
  stage: 'PLANNING',
  components: [],
  overallProgress: 0,
  displayProgress: 0,
};

type FoldInput = Pick<LogEvent, 'sequence' | 'eventType' | 'component' | 'stage' | 'message' | 'progress'>;

export function foldOne(state: ProgressState, event: FoldInput): ProgressState {
  if (state.status !== 'RUNNING') return { ...state, sequence: event.sequence };

  const before = state.components.find(({ name }) => name === event.component);
  const after: ComponentState = {
    name: event.component,
    status: event.eventType,
    progress: event.progress ?? before?.progress ?? 0,
    stage: event.stage,
    message: event.message,
  };
  const components =
    before === undefined ? [...state.components, after] : state.components.map((one) => (one === before ? after : one));
  const overallProgress = components.reduce((sum, { progress }) => sum + progress, 0) / components.length;

  let status = 'RUNNING';
  if (event.eventType === 'TASK_COMPLETED') status = 'COMPLETED';
  if (event.eventType === 'TASK_FAILED') status = 'FAILED';
  const shown = Math.max(state.displayProgress, Math.min(overallProgress, 0.99));
  const displayProgress = status === 'COMPLETED' ? 1 : shown;
  return { sequence: event.sequence, status, stage: event.stage, components, overallProgress, displayProgress };
}

/** The states after 0, 1, 2 … events: `foldAll(log)[k]` is the fold of events 1 to k. */
export function foldAll(log: readonly FoldInput[]): readonly ProgressState[] {
  const states = [NOTHING_YET];
  let state = NOTHING_YET;
  for (const event of log) {
    state = foldOne(state, event);
    states.push(state);
  }
  return states;
}

/** A progress as a client got it: whatever of it was selected. */
export type ReportedProgress = Partial<Omit<ProgressState, 'sequence' | 'components'>> & {
  readonly sequence: number;
  readonly components?: readonly ComponentState[];
};

/** What differs between a progress that was reported and the state it should show; only selected fields count. */
export function progressDifferences(reported: ReportedProgress, expected: ProgressState): readonly string[] {
  const differences: string[] = [];
  const compare = (name: string, got: string | number | undefined, wanted: string | number): void => {
    if (got === undefined || same(got, wanted)) return;
    differences.push(`${name} is ${got}, not ${wanted}`);
  };
  compare('sequence', reported.sequence, expected.sequence);
  compare('status', reported.status, expected.status);
  compare('stage', reported.stage, expected.stage);
  compare('overallProgress', reported.overallProgress, expected.overallProgress);
  compare('displayProgress', reported.displayProgress, expected.displayProgress);
  if (reported.components !== undefined) {
    compare('the number of components', reported.components.length, expected.components.length);
    for (const [index, wanted] of expected.components.entries()) {
      const got = reported.components[index];
      if (got !== undefined) differences.push(...componentDifferences(got, wanted));
    }
  }
  return differences;
}

export function componentDifferences(got: ComponentState, wanted: ComponentState): readonly string[] {
  const keys = ['name', 'status', 'progress', 'stage', 'message'] as const;
  return keys
    .filter((key) => !same(got[key], wanted[key]))
    .map((key) => `component ${wanted.name}: ${key} is ${got[key]}, not ${wanted[key]}`);
}

/** Means may be summed in another order here than there: equal but for rounding. */
function same(got: unknown, wanted: unknown): boolean {
  if (typeof got === 'number' && typeof wanted === 'number') return Math.abs(got - wanted) < 1e-12;
  return got === wanted;
}
