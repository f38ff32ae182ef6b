/** What waits for the log is bounded, so that whatever is accepted is answered in time; the rest is refused at once. */
import { OverloadedError } from '../domain/errors.ts';
import type { NewEvent } from '../domain/event.ts';
import type { AppendResult, EventLog } from '../log/event-log.ts';

export interface BoundedAppends {
  /** As the log's. One batch is always taken when nothing waits. @throws OverloadedError */
  append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]>;
  /** Events that wait at this moment. */
  readonly pendingCount: number;
  /** So many wait that another batch would likely be refused. */
  readonly isFull: boolean;
}

/** Of what may wait: from there on a batch need not be read to know. */
const FULL_SHARE = 0.95;

export function boundAppends(log: Pick<EventLog, 'append'>, maxPending: number): BoundedAppends {
  let pending = 0;
  return {
    async append(batch) {
      if (pending > 0 && pending + batch.length > maxPending) throw new OverloadedError();
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
    get isFull() {
      return pending >= FULL_SHARE * maxPending;
    },
  };
}
