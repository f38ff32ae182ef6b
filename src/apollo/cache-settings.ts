/**
 * What Apollo's cache has to know of our types: which implement an interface (else it drops fragments on them without a
 * word), and that progress is a value as of its sequence. Two answers about the same sequence complete each other; of
 * two sequences nothing may be mixed. That it never goes back is the link's concern: a cache is not told when what it
 * is given was asked for.
 */
import type { FieldMergeFunction, InMemoryCacheConfig } from '@apollo/client/cache';
import { possibleTypes } from '../client/possible-types.ts';

/** Yours may be added: `{ ...settings, typePolicies: { ...settings.typePolicies, … } }`. */
export interface CacheSettings extends Required<Pick<InMemoryCacheConfig, 'possibleTypes' | 'typePolicies'>> {}

interface StoredProgress {
  readonly sequence?: number;
}

const mergeProgress: FieldMergeFunction<StoredProgress | undefined> = (existing, incoming, { mergeObjects }) =>
  existing?.sequence !== undefined && existing.sequence === incoming?.sequence
    ? mergeObjects(existing, incoming)
    : incoming;

export function createCacheSettings(): CacheSettings {
  return { possibleTypes, typePolicies: { Task: { fields: { progress: { merge: mergeProgress } } } } };
}
