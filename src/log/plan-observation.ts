/** What publishing one observation would write: its number, record and hash. The same in every driver. */
import type { NewObservation, Observation } from '../domain/observation.ts';
import { nextHash, observationRecord, parseObservation } from './record.ts';

/** The last record of the stream, or what stands for it before the first: `seq` 0 and the stream's seed. */
export interface StreamEnd {
  readonly seq: number;
  readonly hash: string;
  readonly recordedAt: number;
}

export function planObservation(
  input: NewObservation,
  last: StreamEnd,
  now: number,
): { readonly observation: Observation; readonly record: string } {
  const recordedAt = Math.max(now, last.recordedAt);
  const facts = { ...input, timestamp: input.timestamp ?? recordedAt, recordedAt, seq: last.seq + 1 };
  const record = observationRecord(facts);
  return { observation: parseObservation({ record, hash: nextHash(last.hash, record) }), record };
}
