/**
 * The conformance suite of `EventLog`: every sentence of the contract in `src/log/event-log.ts` is a test here. It is
 * a function of a factory, so a driver's whole test file is one call, and a decorator of a log is tested as a log.
 */
import { describe } from 'vitest';
import { testAppend } from './event-log/append.ts';
import { testChanges } from './event-log/changes.ts';
import { testConcurrency } from './event-log/concurrency.ts';
import { testDelete } from './event-log/delete.ts';
import { testEventsAt } from './event-log/events-at.ts';
import { testIdempotency } from './event-log/idempotency.ts';
import { testLifecycle } from './event-log/lifecycle.ts';
import { testObservations } from './event-log/observations.ts';
import { testProgress } from './event-log/progress.ts';
import type { LogUnderTest } from './event-log/support.ts';
import { testTasks } from './event-log/tasks.ts';
import { testTrim } from './event-log/trim.ts';
import { testValues } from './event-log/values.ts';

export type { LogOptions, LogUnderTest } from './event-log/support.ts';

const PARTS: readonly (readonly [string, (driver: LogUnderTest) => void])[] = [
  ['append', testAppend],
  ['idempotency', testIdempotency],
  ['head, progress and hash', testProgress],
  ['values', testValues],
  ['events at places', testEventsAt],
  ['tasks', testTasks],
  ['changes', testChanges],
  ['trim', testTrim],
  ['delete', testDelete],
  ['observations', testObservations],
  ['concurrency', testConcurrency],
  ['lifecycle', testLifecycle],
];

export function testEventLog(driver: LogUnderTest): void {
  for (const [part, testPart] of PARTS) {
    describe(`${driver.name}: ${part}`, () => {
      testPart(driver);
    });
  }
}
