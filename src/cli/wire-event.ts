/** A checked event as the GraphQL input wants it: enum names in upper case, the instant with its zone. */
import type { EmitEventInput, EventType, ProgressStage } from '../client/generated/graphql.ts';
import type { ParsedEvent } from '../domain/event.ts';

export function toWireEvent(event: ParsedEvent): EmitEventInput {
  return {
    taskId: event.taskId,
    eventType: upperCase<EventType>(event.eventType),
    component: event.component,
    stage: upperCase<ProgressStage>(event.stage),
    message: event.message,
    ...(event.eventId == null ? {} : { eventId: event.eventId }),
    ...(event.timestamp == null ? {} : { timestamp: new Date(event.timestamp).toISOString() }),
    ...(event.details == null ? {} : { details: { ...event.details } }),
    ...(event.progress == null ? {} : { progress: event.progress }),
    ...(event.estimatedTimeRemaining == null ? {} : { estimatedTimeRemaining: event.estimatedTimeRemaining }),
  };
}

/** `toUpperCase` with the type that it has: 'task_started' gives 'TASK_STARTED', checked against the schema's enum. */
function upperCase<Name extends string>(text: Lowercase<Name>): Name {
  return text.toUpperCase() as Name;
}
