/** Logs around a log, for tests: one of several handles on the same store, and one whose calls are seen and steered. */
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import type { EventLog, ReadRange } from '../../src/log/event-log.ts';

/** Any call of a log: its name and its arguments. */
export interface LogCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Runs in place of a call; `proceed` makes the call itself. */
export type Around = <Result>(call: LogCall, proceed: () => Promise<Result>) => Promise<Result>;

/** The same log, with `around` run around each of its calls but dispose. */
export function wrapLog(log: EventLog, around: Around, traits = log.traits): EventLog {
  const wrap =
    <Args extends readonly unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      around({ name, args }, () => call(...args));
  return {
    traits,
    ready: wrap('ready', log.ready),
    initTask: wrap('initTask', log.initTask),
    append: wrap('append', log.append),
    head: wrap('head', async (taskId: string) => log.head(taskId)),
    progressAt: wrap('progressAt', log.progressAt),
    read: wrap('read', async (taskId: string, range: ReadRange) => log.read(taskId, range)),
    eventsAt: wrap('eventsAt', log.eventsAt),
    tasks: wrap('tasks', log.tasks),
    changes: wrap('changes', log.changes),
    trim: wrap('trim', log.trim),
    delete: wrap('delete', log.delete),
    publishObservation: wrap('publishObservation', log.publishObservation),
    readObservations: wrap('readObservations', log.readObservations),
    observationPlace: wrap('observationPlace', log.observationPlace),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

/** One of several handles on a log, as of one server among others; disposing it leaves the log open. */
export function shareLog(log: EventLog): EventLog {
  let isOpen = true;
  const around: Around = (_, proceed) => {
    if (!isOpen) return Promise.reject(new StoreUnavailableError('FAILED'));
    return proceed();
  };
  return {
    ...wrapLog(log, around, { ...log.traits, exclusive: false }),
    async [Symbol.asyncDispose]() {
      isOpen = false;
    },
  };
}
