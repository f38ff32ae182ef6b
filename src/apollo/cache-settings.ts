/**
 * What Apollo's cache has to know of our types: which implement an interface (else it drops fragments on them without a
 * word), and that a task's progress only moves forward, however late an answer comes.
 */
import type { FieldMergeFunction, InMemoryCacheConfig } from '@apollo/client/cache';
import type { Continuity } from '../client/continuity.ts';
import { possibleTypes } from '../client/possible-types.ts';

/** Yours may be added: `{ ...settings, typePolicies: { ...settings.typePolicies, … } }`. */
export interface CacheSettings extends Required<Pick<InMemoryCacheConfig, 'possibleTypes' | 'typePolicies'>> {}

export function createCacheSettings(continuity: Continuity): CacheSettings {
  const mergeProgress: FieldMergeFunction<StoredProgress | undefined> = (
    existing,
    incoming,
    { mergeObjects, storage },
  ) => {
    // Of the task's field: one for each task.
    const isOfThisHistory = storage['generation'] === continuity.generation;
    storage['generation'] = continuity.generation;
    if (existing == null || incoming == null || !isOfThisHistory) return incoming;
    return isOlder(incoming, existing) ? existing : mergeObjects(existing, incoming);
  };
  return {
    possibleTypes,
    typePolicies: { Task: { fields: { progress: { merge: mergeProgress } } } },
  };
}

interface StoredProgress {
  readonly sequence?: number;
}

/** Where it was not selected, the last answer wins. */
function isOlder(one: StoredProgress, other: StoredProgress): boolean {
  return one.sequence !== undefined && other.sequence !== undefined && one.sequence < other.sequence;
}
