/**
 * A line of JSON to an event ready to send: in the shape of the GraphQL input or in the seed's snake_case, checked
 * by the same rules as on the server, and with an event id made from what it says. So the same file sent twice is
 * recorded once, and stays so when lines were put in between; a line that occurs twice on purpose counts twice.
 */
import { hash } from 'node:crypto';
import type { EmitEventInput } from '../client/generated/graphql.ts';
import { BadInputError } from '../domain/errors.ts';
import { EmitEventInput as EmitEventRules } from '../domain/event.ts';
import { parseInput } from '../domain/values.ts';
import { toWireEvent } from './wire-event.ts';

export interface EventLineParser {
  /** Throws BadInputError. Lines must come in the order of the file. */
  parse(line: string): EmitEventInput & { readonly eventId: string };
}

/** @param taskId for every line, whatever it says itself. */
export function createEventLineParser(taskId?: string): EventLineParser {
  // 32 hexadecimal digits are enough to tell lines apart, and keep the count of a long stream small.
  const timesSeen = new Map<string, number>();
  return {
    parse(line) {
      const fields = readFields(line);
      if (taskId !== undefined) fields['taskId'] = taskId;
      const event = parseInput(EmitEventRules, fields);
      if (event.eventId != null) return { ...toWireEvent(event), eventId: event.eventId };
      const digest = hash('sha256', `${event.taskId}\n${line}`);
      const key = digest.slice(0, 32);
      const times = (timesSeen.get(key) ?? 0) + 1;
      timesSeen.set(key, times);
      return { ...toWireEvent(event), eventId: `${digest}-${times}` };
    },
  };
}

/** Keys and enum values as the rules know them, whichever of the two shapes they came in. */
function readFields(line: string): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [key, value] of Object.entries(readObject(line))) {
    const name = FIELD_NAMES.get(key) ?? key;
    if (fields.has(name)) throw new BadInputError([{ path: [key], message: `is given twice (as ${name}, too)` }]);
    fields.set(name, LOWER_CASE_FIELDS.has(name) && typeof value === 'string' ? value.toLowerCase() : value);
  }
  const timestamp = fields.get('timestamp');
  if (typeof timestamp === 'string') fields.set('timestamp', withZone(timestamp));
  return Object.fromEntries(fields);
}

function readObject(line: string): object {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BadInputError([{ path: [], message: `is not JSON: ${why}` }]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadInputError([{ path: [], message: 'is not a JSON object' }]);
  }
  return value;
}

/** Python's `utcnow().isoformat()` says UTC without saying so; `str()` of it puts a space for the T. */
function withZone(timestamp: string): string {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?$/i.exec(timestamp);
  if (match === null) return timestamp;
  const [, date = '', time = '', zone = 'Z'] = match;
  return `${date}T${time}${zone}`;
}

const FIELD_NAMES: ReadonlyMap<string, string> = new Map([
  ['event_id', 'eventId'],
  ['task_id', 'taskId'],
  ['event_type', 'eventType'],
  ['estimated_time_remaining', 'estimatedTimeRemaining'],
]);

const LOWER_CASE_FIELDS: ReadonlySet<string> = new Set(['eventType', 'stage']);
