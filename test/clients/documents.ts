/** What the clients of the story ask, and what the story asks of them. Pages load it too. */
import type { EmitInput } from '../support/fixtures.ts';

/** What each client of the story selects of `taskUpdates`. */
export interface Update {
  readonly __typename: string;
  readonly cursor: string;
  readonly progress: { readonly sequence: number; readonly status: string; readonly displayProgress: number };
  readonly event?: { readonly sequence: number };
}

export const TASK = `query Task($id: ID!) { task(id: $id) { id progress { sequence } } }`;
export const EMIT = `mutation Emit($input: EmitEventInput!) { emitEvent(input: $input) { event { id sequence } } }`;
export const WATCH = `subscription Watch($taskId: ID!, $after: String) {
  taskUpdates(taskId: $taskId, after: $after) {
    __typename
    cursor
    progress { sequence status displayProgress }
    ... on TaskEventRecorded { event { id sequence } }
  }
}`;

export interface TaskAnswer {
  readonly task: { readonly progress: { readonly sequence: number } } | null;
}
export interface EmitAnswer {
  readonly emitEvent: { readonly event: { readonly sequence: number } };
}
export interface WatchAnswer {
  readonly taskUpdates: Update;
}

export interface OfficialClient extends AsyncDisposable {
  /** The sequence that the task has come to; undefined when it is not known. */
  ask(taskId: string): Promise<number | undefined>;
  /** The new event's sequence. */
  emit(input: EmitInput): Promise<number>;
  /** Resolves when the server said that there is no more. */
  watch(taskId: string, onUpdate: (update: Update) => void): Promise<void>;
}

export interface ClientOptions {
  /** `http://host:port` of a network that cuts. */
  readonly origin: string;
  /** Awaited before every new connection after the first. */
  readonly mayReconnect: () => Promise<void>;
}
