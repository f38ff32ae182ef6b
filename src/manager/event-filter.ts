/** Which events of a task a reader wants: every field that is given must match; an empty list matches nothing. */
import type { EventType, ProgressStage, TaskEvent } from '../domain/event.ts';

export interface EventFilter {
  readonly eventTypes?: readonly EventType[] | undefined;
  readonly components?: readonly string[] | undefined;
  readonly stages?: readonly ProgressStage[] | undefined;
}

export function matchesEvent(filter: EventFilter | undefined, event: TaskEvent): boolean {
  if (filter === undefined) return true;
  const { eventTypes, components, stages } = filter;
  return (
    (eventTypes === undefined || eventTypes.includes(event.eventType)) &&
    (components === undefined || components.includes(event.component)) &&
    (stages === undefined || stages.includes(event.stage))
  );
}
