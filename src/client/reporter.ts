/**
 * What one part of a task does, reported in the words of its role: a gatherer's start is DRUMMER_STARTED, a worker's
 * BELTER_STARTED. `run` reports the whole of it by itself.
 */
import type { Emit, Recorded } from './recorded.ts';
import type { EmitEventInput, EventType, ProgressStage } from './generated/graphql.ts';

/** What else an event may say. */
export type Extra = Partial<Omit<EmitEventInput, 'taskId' | 'component' | 'eventType' | 'message'>>;

/** Each resolves when its event is durable; nobody need await it. */
export interface TaskReporter {
  started(message: string, extra?: Extra): Promise<Recorded>;
  completed(message: string, extra?: Extra): Promise<Recorded>;
  failed(message: string, extra?: Extra): Promise<Recorded>;
  component(name: string, options?: ComponentOptions): ComponentReporter;
}

export interface ComponentOptions {
  /** Whose words it speaks; by the name when left out: `…_drummer` gathers, `…_belter` works, all others help. */
  readonly role?: 'belter' | 'drummer' | 'helper';
  /** The stage it puts the task in; DATA_GATHERING for a drummer, ANALYSIS for others when left out. */
  readonly stage?: ProgressStage;
}

export interface ComponentReporter {
  assigned(message: string, extra?: Extra): Promise<Recorded>;
  started(message: string, extra?: Extra): Promise<Recorded>;
  /** @param share of the component's work that is done, 0 to 1. */
  progress(share: number, message: string, extra?: Extra): Promise<Recorded>;
  warning(message: string, extra?: Extra): Promise<Recorded>;
  error(message: string, extra?: Extra): Promise<Recorded>;
  completed(message: string, extra?: Extra): Promise<Recorded>;
  failed(message: string, extra?: Extra): Promise<Recorded>;
  /**
   * Reports the start, what `work` reports, and how it ended: completed, or failed with the error's message, which is
   * thrown on. With `eta` each progress says how long the rest will take at the rate so far.
   */
  run<Result>(work: (reporter: ComponentReporter) => Promise<Result>, options?: RunOptions): Promise<Result>;
}

export interface RunOptions {
  readonly eta?: boolean;
  readonly nowMs?: () => number;
}

export function createTaskReporter(emitEvent: Emit, taskId: string): TaskReporter {
  type What = Pick<EmitEventInput, 'component' | 'eventType' | 'stage' | 'message'>;
  const emit = async (what: What, extra?: Extra): Promise<Recorded> => emitEvent({ taskId, ...what, ...extra });
  const speak = (eventType: EventType, stage: ProgressStage, usual?: Extra) => async (message: string, extra?: Extra) =>
    emit({ component: COORDINATOR, eventType, stage, message }, { ...usual, ...extra });
  return {
    started: speak('TASK_STARTED', 'PLANNING'),
    completed: speak('TASK_COMPLETED', 'COMPLETE', { progress: 1 }),
    failed: speak('TASK_FAILED', 'FAILED'),
    component(name, options = {}) {
      const { role = roleOf(name) } = options;
      const { stage = role === 'drummer' ? 'DATA_GATHERING' : 'ANALYSIS' } = options;
      const say = async (eventType: EventType, message: string, extra?: Extra): Promise<Recorded> =>
        emit({ component: name, eventType, stage, message }, extra);
      const words = WORDS[role];
      const reporter: ComponentReporter = {
        assigned: (message, extra) => say(words.assigned, message, extra),
        started: (message, extra) => say(words.started, message, { progress: 0, ...extra }),
        progress: (share, message, extra) => say('PROGRESS_UPDATE', message, { progress: share, ...extra }),
        warning: (message, extra) => say('WARNING', message, extra),
        error: (message, extra) => say('ERROR', message, extra),
        completed: (message, extra) => say(words.completed, message, { progress: 1, ...extra }),
        failed: (message, extra) => say(words.failed, message, extra),
        run: (work, runOptions) => run(name, reporter, work, runOptions),
      };
      return reporter;
    },
  };
}

/** Who speaks of the task as a whole. */
const COORDINATOR = 'camina';

function roleOf(name: string): keyof typeof WORDS {
  if (name.endsWith('_drummer')) return 'drummer';
  return name.endsWith('_belter') ? 'belter' : 'helper';
}

const WORDS = {
  belter: {
    assigned: 'BELTER_ASSIGNED',
    started: 'BELTER_STARTED',
    completed: 'BELTER_COMPLETED',
    failed: 'BELTER_FAILED',
  },
  drummer: {
    assigned: 'DRUMMER_ASSIGNED',
    started: 'DRUMMER_STARTED',
    completed: 'DRUMMER_COMPLETED',
    failed: 'DRUMMER_FAILED',
  },
  // There are no words of their own for what is neither.
  helper: {
    assigned: 'PROGRESS_UPDATE',
    started: 'PROGRESS_UPDATE',
    completed: 'PROGRESS_UPDATE',
    failed: 'ERROR',
  },
} as const;

async function run<Result>(
  name: string,
  reporter: ComponentReporter,
  work: (reporter: ComponentReporter) => Promise<Result>,
  { eta = false, nowMs = () => performance.now() }: RunOptions = {},
): Promise<Result> {
  const beganMs = nowMs();
  void reporter.started(`${name} started`);
  const timed: ComponentReporter = {
    ...reporter,
    progress: (share, message, extra) =>
      reporter.progress(share, message, {
        ...(eta && share > 0 ? { estimatedTimeRemaining: inWords(((nowMs() - beganMs) * (1 - share)) / share) } : {}),
        ...extra,
      }),
  };
  try {
    const result = await work(timed);
    void reporter.completed(`${name} completed`);
    return result;
  } catch (error) {
    void reporter.failed(error instanceof Error && error.message !== '' ? shortened(error.message) : `${name} failed`);
    throw error;
  }
}

/** A message holds 2 KiB; at three bytes for each unit this is below. */
function shortened(text: string): string {
  return text.slice(0, 600).toWellFormed();
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
