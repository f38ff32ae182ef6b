/** What becomes of one event that is emitted. */
import type { EmitEventInput } from './generated/graphql.ts';

/** Resolves when the event is durable. Rejects when it is refused; nobody need await it. */
export type Emit = (event: EmitEventInput) => Promise<Recorded>;

export interface Recorded {
  readonly taskId: string;
  readonly eventId: string;
  readonly sequence: number;
  /** It had been recorded before. */
  readonly duplicate: boolean;
}
