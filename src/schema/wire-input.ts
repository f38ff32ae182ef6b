/**
 * An event as a client's JSON has it, parsed in one step: what GraphQL would check of its shape and what the domain
 * checks of its values. It is the domain's own schema with GraphQL's names for the enums. It accepts nothing that the
 * two together refuse; what it refuses is left to them, for only they say it in GraphQL's words.
 */
import { z } from 'zod';
import { EmitEventInput, EVENT_TYPES, PROGRESS_STAGES, type ParsedEvent } from '../domain/event.ts';
import { LIMITS } from '../domain/limits.ts';

const WireEvent = EmitEventInput.extend({ eventType: upperCase(EVENT_TYPES), stage: upperCase(PROGRESS_STAGES) });
const WireEvents = z.array(WireEvent).min(1).max(LIMITS.batchEvents);

/** @returns undefined when something is wrong with it, or when GraphQL would first make something else of it. */
export function parseWireEvent(value: unknown): ParsedEvent | undefined {
  return WireEvent.safeParse(value).data;
}

/** The same, of a whole batch. */
export function parseWireEvents(value: unknown): readonly ParsedEvent[] | undefined {
  return WireEvents.safeParse(value).data;
}

function upperCase<const Word extends string>(words: readonly Word[]): z.ZodType<Word, string> {
  const byName = new Map<string, Word>(words.map((word) => [word.toUpperCase(), word]));
  return z.enum([...byName.keys()]).transform((name, context) => {
    const word = byName.get(name);
    if (word !== undefined) return word;
    context.addIssue('is not in the enum');
    return z.NEVER;
  });
}
