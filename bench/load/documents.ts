/** What every server is asked: the same documents, the same selections, messages of the same length. */

import type { EmitEventInput } from '../../src/client/index.ts';

export type Selection = 'small' | 'full';

export const SUBSCRIPTIONS: Readonly<Record<Selection, string>> = {
  small:
    'subscription Small($taskId: ID!) { taskUpdates(taskId: $taskId) { __typename cursor' +
    ' ... on TaskEventRecorded { event { sequence message } } } }',
  full:
    'subscription Full($taskId: ID!) { taskUpdates(taskId: $taskId) { __typename cursor' +
    ' progress { status stage overallProgress displayProgress }' +
    ' ... on TaskEventRecorded { event { id sequence eventType timestamp component stage message progress } } } }',
};

/** From a task's first event; only a server that keeps events can answer it. */
export const REPLAY =
  'subscription Replay($taskId: ID!) { taskUpdates(taskId: $taskId, replay: true) { __typename cursor' +
  ' ... on TaskEventRecorded { event { sequence message } } } }';
export const RESUME =
  'subscription Resume($taskId: ID!, $after: String) { taskUpdates(taskId: $taskId, after: $after) { __typename cursor' +
  ' ... on TaskEventRecorded { event { sequence message } } } }';

const EMIT_ONE =
  'mutation EmitOne($input: EmitEventInput!) { emitEvent(input: $input) { event { sequence } duplicate } }';
const EMIT_MANY =
  'mutation EmitMany($inputs: [EmitEventInput!]!)' +
  ' { emitEvents(inputs: $inputs) { results { event { sequence } duplicate } } }';

export interface EventOptions {
  readonly taskId: string;
  readonly eventId?: string;
  readonly component?: string;
  /** Length of the message in bytes. */
  readonly messageBytes?: number;
}

const WORDS = 'Comparing nineteen listings near the harbour with what was asked for; ';

export function toInput({ taskId, eventId, component = 'camina', messageBytes = 64 }: EventOptions): EmitEventInput {
  return {
    ...(eventId === undefined ? {} : { eventId }),
    taskId,
    eventType: 'PROGRESS_UPDATE',
    component,
    stage: 'ANALYSIS',
    message: WORDS.repeat(Math.ceil(messageBytes / WORDS.length)).slice(0, messageBytes),
    progress: 0.5,
  };
}

export function emitOne(event: EventOptions): string {
  return JSON.stringify({ query: EMIT_ONE, variables: { input: toInput(event) } });
}

export function emitMany(events: readonly EventOptions[]): string {
  return JSON.stringify({ query: EMIT_MANY, variables: { inputs: events.map(toInput) } });
}
