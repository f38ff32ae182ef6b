/** What waits for the log is bounded, so that whatever is accepted is answered in time; the rest is refused at once. */
import { OverloadedError } from '../domain/errors.ts';
import type { NewEvent } from '../domain/event.ts';
import type { AppendResult, EventLog } from '../log/event-log.ts';

export interface BoundedAppends {
  /** As the log's. One batch is always taken when nothing waits. @throws OverloadedError */
  append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]>;
  /** Events that wait at this moment. */
  readonly pendingCount: number;
}

/** When a producer that was refused may try again: by then much of what waited is recorded. */
const OVERLOADED_FOR_MS = 500;

export function boundAppends(log: Pick<EventLog, 'append'>, maxPending: number): BoundedAppends {
  let pending = 0;
  return {
    async append(batch) {
      if (pending > 0 && pending + batch.length > maxPending) throw new OverloadedError(OVERLOADED_FOR_MS);
      pending += batch.length;
      try {
        return await log.append(batch);
      } finally {
        pending -= batch.length;
      }
    },
    get pendingCount() {
      return pending;
    },
  };
}
