/** What a component has to tell of its work, as events: in the words of its role, and by itself with `run`. */
import type { RecordedEvent } from './options.ts';
import type { EmitEventInput, EventType, ProgressStage } from '../client/generated/graphql.ts';

/** Fields of the event beside those that are worked out. */
export type EventExtra = Partial<Omit<EmitEventInput, 'taskId' | 'component' | 'message'>>;

type Report = (message?: string, extra?: EventExtra) => Promise<RecordedEvent>;
type Step = 'assigned' | 'started' | 'progress' | 'completed' | 'failed' | 'warning';

export interface ComponentReporterOptions {
  /** Left out: what the name ends with, `_drummer` or `_belter`; else the events are progress updates and errors. */
  readonly role?: 'drummer' | 'belter' | undefined;
  /** Of its work; left out: DATA_GATHERING for a drummer, else ANALYSIS. */
  readonly stage?: ProgressStage | undefined;
  /** Other types of events than those of the role. */
  readonly eventTypes?: Readonly<Partial<Record<Step, EventType>>> | undefined;
  /** Whether progress comes with the time that is left, worked out from the rate since it started. */
  readonly eta?: boolean | undefined;
}

export interface ComponentReporter {
  readonly assigned: Report;
  readonly started: Report;
  /** @param fraction 0 to 1 */
  progress(fraction: number, message?: string, extra?: EventExtra): Promise<RecordedEvent>;
  readonly completed: Report;
  /** @param error or words of your own */
  failed(error: unknown, extra?: EventExtra): Promise<RecordedEvent>;
  readonly warning: Report;
  /**
   * Reports that the work is assigned, started, and completed or failed, unless the work has said how it ended itself.
   * Gives what the work gives, and throws what it throws; it does not wait for the server.
   */
  run<Result>(
    work: (report: ComponentReporter) => Promise<Result> | Result,
    options?: Pick<ComponentReporterOptions, 'eta'>,
  ): Promise<Result>;
}

/** `completed` and `failed` end the task. */
export interface TaskReporter extends Pick<
  ComponentReporter,
  'started' | 'progress' | 'completed' | 'failed' | 'warning'
> {
  component(name: string, options?: ComponentReporterOptions): ComponentReporter;
}

export interface TaskReporterOptions {
  /** Who reports on the task as a whole. */
  readonly component?: string | undefined;
}

type Emit = (event: EmitEventInput) => Promise<RecordedEvent>;

export function createTaskReporter(
  emit: Emit,
  taskId: string,
  { component: lead = 'camina' }: TaskReporterOptions = {},
): TaskReporter {
  const reporterOf = (component: string, role: string | undefined, options?: ComponentReporterOptions) =>
    createReporter((event) => emit({ taskId, component, ...event }), role, options);
  return {
    ...reporterOf(lead, 'task'),
    component: (name, options) => reporterOf(name, options?.role ?? /_(drummer|belter)$/.exec(name)?.[1], options),
  };
}

/** Stages of the task as a whole; those of components are in the middle of it. */
const TASK_STAGES: Readonly<Partial<Record<Step, ProgressStage>>> = {
  started: 'PLANNING',
  completed: 'COMPLETE',
  failed: 'FAILED',
};

function createReporter(
  emit: (event: Omit<EmitEventInput, 'taskId' | 'component'>) => Promise<RecordedEvent>,
  role: string | undefined,
  { stage = role === 'drummer' ? 'DATA_GATHERING' : 'ANALYSIS', eventTypes, eta }: ComponentReporterOptions = {},
): ComponentReporter {
  const stages = role === 'task' ? TASK_STAGES : { assigned: 'PLANNING' as const };
  let sinceMs = performance.now();
  let hasEta = eta;
  let isOver = false;

  const report =
    (step: Step, progress?: number): Report =>
    (message = step, extra) => {
      if (step === 'started') sinceMs = performance.now();
      isOver ||= step === 'completed' || step === 'failed';
      const eventType = eventTypes?.[step] ?? typeOf(step, role);
      return emit({ eventType, stage: stages[step] ?? stage, progress, ...extra, message: cut(message) });
    };
  const progress = report('progress');
  const failed = report('failed');

  const reporter: ComponentReporter = {
    assigned: report('assigned', 0),
    started: report('started', 0),
    progress(fraction, message = `${Math.round(fraction * 100)} %`, extra) {
      // Sums of fractions end a little above 1.
      const done = Math.min(1, Math.max(0, fraction));
      const leftMs = (performance.now() - sinceMs) * (1 / done - 1);
      const estimatedTimeRemaining = hasEta === true && done > 0 ? inWords(leftMs) : undefined;
      return progress(message, { progress: done, estimatedTimeRemaining, ...extra });
    },
    completed: report('completed', 1),
    failed: (error, extra) => failed(error instanceof Error ? error.message : String(error), extra),
    warning: report('warning'),
    async run(work, options) {
      hasEta = options?.eta ?? eta;
      void reporter.assigned();
      void reporter.started();
      isOver = false;
      try {
        const result = await work(reporter);
        if (!isOver) void reporter.completed();
        return result;
      } catch (error) {
        if (!isOver) void reporter.failed(error);
        throw error;
      }
    },
  };
  return reporter;
}

function typeOf(step: Step, role: string | undefined): EventType {
  if (step === 'warning') return 'WARNING';
  if (role !== undefined && step !== 'progress') return `${role}_${step}`.toUpperCase() as EventType; // Each has each.
  return step === 'failed' ? 'ERROR' : 'PROGRESS_UPDATE';
}

/** To the 2 KiB that the server takes. */
function cut(message: string): string {
  return message.slice(0, new TextEncoder().encodeInto(message, new Uint8Array(2_048)).read);
}

/** E.g. "2 minutes". */
function inWords(ms: number): string {
  const seconds = ms / 1_000;
  const [amount, unit] =
    seconds < 90 ? [seconds, 'second'] : seconds < 5_400 ? [seconds / 60, 'minute'] : [seconds / 3_600, 'hour'];
  const rounded = Math.round(amount);
  return `${rounded} ${unit}${rounded === 1 ? '' : 's'}`;
}
