/**
 * For Apollo's `InMemoryCache({ possibleTypes })`: without it Apollo drops fragments on `TaskUpdate` silently.
 */
import generated from './generated/possible-types.ts';

/** The concrete types of each interface of the schema. */
export const possibleTypes: Record<string, string[]> = generated.possibleTypes;
