/** Histories in which every promise was kept, of many shapes, to make wrong ones from. */
import { foldAll } from './fold.ts';
import type { LogEvent } from './fold.ts';
import type { EmitRecord, Frame, StreamRecord, TaskHistory, WatcherRecord } from './history.ts';
import type { Random } from './random.ts';

/** One task, some producers' records, one watcher of one stream and one that was cut some times. */
export function rightHistory(random: Random): TaskHistory {
  const length = random.int(12, 40);
  const components = ['camina', 'drummer', 'belter'];
  const log = Array.from({ length }, (_, index) => {
    const component = random.pick(components);
    const progress = random.pick([null, 0, random.next(), 1]);
    const eventType = index === length - 1 ? random.pick(['TASK_COMPLETED', 'TASK_FAILED']) : 'PROGRESS_UPDATE';
    return eventAt(index + 1, { eventType, component, progress });
  });
  const unanswered = random.pick(log).eventId;
  const emits = [
    ...log.map((event): EmitRecord => {
      return event.eventId === unanswered
        ? { taskId: 't', eventId: unanswered, outcome: 'unknown' }
        : acknowledged(event);
    }),
    { taskId: 't', eventId: 'never', outcome: 'unknown' } as const,
    { taskId: 't', eventId: 'refused', outcome: 'failed' } as const,
  ];
  const watchers: readonly WatcherRecord[] = [
    { name: 'steady', from: 'start', mustFinish: true, streams: [stream(log, 1, length, true)] },
    { name: 'cut', from: 'start', mustFinish: true, streams: cutStreams(log, random) },
    { name: 'joined', from: 'snapshot', mustFinish: true, streams: [joined(log, random.int(0, length - 1))] },
  ];
  return { taskId: 't', emits, log, watchers };
}

function cutStreams(log: readonly LogEvent[], random: Random): readonly StreamRecord[] {
  const streams: StreamRecord[] = [];
  let at = 0;
  while (at < log.length) {
    const next = Math.min(log.length, at + random.int(0, 6));
    const completed = next === log.length;
    streams.push(stream(log, at + 1, next, completed));
    at = next;
  }
  return streams;
}

/** The events `from` to `to`, and the end when it is there. */
export function stream(log: readonly LogEvent[], from: number, to: number, completed: boolean): StreamRecord {
  const states = foldAll(log);
  const frames = log.slice(from - 1, to).map((event): Frame => {
    const component = states[event.sequence]?.components.find(({ name }) => name === event.component);
    return { ...frame('TaskEventRecorded', log, event.sequence), event, ...(component && { component }) };
  });
  return { frames: completed ? [...frames, frame('TaskEnded', log, to)] : frames, completed };
}

function joined(log: readonly LogEvent[], at: number): StreamRecord {
  const { frames, completed } = stream(log, at + 1, log.length, true);
  return { frames: [frame('TaskSnapshot', log, at), ...frames], completed };
}

function frame(kind: string, log: readonly LogEvent[], at: number): Frame {
  const state = foldAll(log)[at];
  if (state === undefined) throw new RangeError(`no state ${at}`);
  const end = log.findIndex(({ eventType }) => eventType === 'TASK_COMPLETED' || eventType === 'TASK_FAILED') + 1;
  const lastUpdate = at === 0 ? '2026-01-01T00:00:00.000Z' : timeAt(end === 0 ? at : Math.min(at, end));
  return {
    __typename: kind,
    cursor: `c${at}`,
    progress: { ...state, startedAt: '2026-01-01T00:00:00.000Z', lastUpdate },
  };
}

export function eventAt(sequence: number, what: Pick<LogEvent, 'eventType' | 'component' | 'progress'>): LogEvent {
  const time = timeAt(sequence);
  const same = { stage: 'ANALYSIS', message: `m${sequence}`, timestamp: time, recordedAt: time };
  return { ...what, ...same, sequence, eventId: `e${sequence}`, cursor: `c${sequence}` };
}

function timeAt(sequence: number): string {
  return new Date(Date.UTC(2026, 0, 2, 0, 0, sequence)).toISOString();
}

/** Sent while its neighbours were, so that nothing but their order in the log tells them apart. */
export function acknowledged({ eventId, sequence }: LogEvent): EmitRecord {
  const times = { beganAt: sequence * 10, acknowledgedAt: sequence * 10 + 25 };
  return { taskId: 't', eventId, outcome: 'ok', sequence, ...times };
}

export function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new RangeError('the list is empty');
  return one;
}
