/** Errors and logs with faults, for the tests of what becomes of them. */
import type { EventLog } from '../../src/log/event-log.ts';
import type { TestApp } from '../support/app.ts';

/** From now on the running server's log behaves like this. @returns what puts it back. */
export function breakLog({ app }: TestApp, part: Partial<EventLog>): () => void {
  const { log } = app;
  const names = Object.keys(part) as (keyof EventLog)[];
  const before = Object.fromEntries(names.map((name) => [name, log[name]]));
  Object.assign(log, part);
  return () => void Object.assign(log, before);
}
