/** The memory log's stream of observations: the same records and running hash as on disk. */
import { randomUUID } from 'node:crypto';
import type { NewObservation, Observation } from '../domain/observation.ts';
import { EventIdConflictError } from '../domain/errors.ts';
import type { ObservationPlace, PublishObservationResult, ReadRange } from './event-log.ts';
import { fingerprint, nextHash, sameFingerprint } from './record.ts';
import { planObservation } from './plan-observation.ts';

export interface ObservationStore {
  publish(input: NewObservation): PublishObservationResult;
  read(range: ReadRange): readonly Observation[];
  place(seq?: number): ObservationPlace | undefined;
}

export function createMemoryObservations(now: () => number): ObservationStore {
  const seed = nextHash('', randomUUID());
  const observations: Observation[] = [];
  const byId = new Map<string, { readonly observation: Observation; readonly fingerprint: string }>();

  function publish(input: NewObservation): PublishObservationResult {
    const known = byId.get(input.id);
    if (known !== undefined) {
      if (sameFingerprint(known.fingerprint, fingerprint(input)))
        return { observation: known.observation, duplicate: true };
      throw new EventIdConflictError(0, input.id);
    }
    const last = observations.at(-1);
    const { observation } = planObservation(input, last ?? { seq: 0, hash: seed, recordedAt: 0 }, now());
    observations.push(observation);
    byId.set(input.id, { observation, fingerprint: fingerprint(input) });
    return { observation, duplicate: false };
  }

  function place(seq = observations.length): ObservationPlace | undefined {
    const hash = seq === 0 ? seed : observations[seq - 1]?.hash;
    return hash === undefined ? undefined : { seq, hash, oldestSeq: 1 };
  }

  return { publish, read: ({ after, limit }) => observations.slice(after, after + limit), place };
}
