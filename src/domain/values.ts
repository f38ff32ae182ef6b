/**
 * The values that inputs are made of, each parsed once at the edge: what the rest of the code receives needs no
 * second look. Every rule says in its message what would be accepted.
 */
import { z } from 'zod';
import { BadInputError } from './errors.ts';
import { LIMITS } from './limits.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const ID_RULE = `1 to ${LIMITS.idLength} ASCII letters, digits and _ . : / @ + = ~ -, starting with a letter or digit`;

/** A task id, an event id or an observation id. Strict ASCII, so that no store or broker folds two into one. */
export const Id = z
  .string()
  .max(LIMITS.idLength, `must be ${ID_RULE}`)
  .regex(/^[A-Za-z0-9][\w.:/@+=~-]*$/, `must be ${ID_RULE}`);

/** Any script; no control or line-breaking characters, none that turn the direction of text, no lone surrogates. */
export const ComponentName = z
  .string()
  .min(1, 'must not be empty')
  // A character is at most two code units: nothing much longer is taken apart to be counted.
  .refine(
    (name) =>
      name.length <= LIMITS.componentLength ||
      (name.length <= 2 * LIMITS.componentLength && [...name].length <= LIMITS.componentLength),
    `must be at most ${LIMITS.componentLength} characters`,
  )
  .refine(
    (name) => name.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(name),
    'must have no control characters and no lone surrogates',
  );

/** RFC 3339 writes years with four digits, and an offset can lead out of them. */
const FIRST_INSTANT = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** Instants are milliseconds since 1970 inside; on the wire RFC 3339 with a zone. Finer digits are cut. */
export const Instant = z
  .string()
  .superRefine((text, context) => {
    if (z.iso.datetime({ offset: true }).safeParse(text).success) {
      const time = Date.parse(text);
      if (time >= FIRST_INSTANT && time <= LAST_INSTANT) return;
      context.addIssue({ code: 'custom', message: 'must lie in the years 0000 to 9999 of UTC' });
      return;
    }
    const isNaive = z.iso.datetime({ local: true }).safeParse(text).success;
    context.addIssue({
      code: 'custom',
      message: isNaive
        ? 'has no time zone; add Z if it is UTC'
        : 'must be an RFC 3339 instant, e.g. 2026-11-23T06:37:34.799Z',
    });
  })
  .transform((text) => Date.parse(text));

/** Finite, 0 to 1; -0 becomes 0. */
export const Fraction = z
  .number('must be a number from 0 to 1')
  .min(0, 'must be from 0 to 1')
  .max(1, 'must be from 0 to 1')
  .transform((value) => (value === 0 ? 0 : value));

/** Any text up to so many bytes of UTF-8. */
export function textUpTo(maxBytes: number): z.ZodType<string, string> {
  return z.string().refine((text) => utf8Bytes(text) <= maxBytes, `must be at most ${maxBytes} bytes of UTF-8`);
}

/** A JSON object within the limits, as it came: no key of it is renamed, dropped or interpreted. */
export const BoundedJsonObject = z.custom<JsonObject>().superRefine((value, context) => {
  const problem = jsonProblem(value);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem.message, path: [...problem.path] });
});

/** Parse, or throw BadInputError whose paths begin with `path`. */
export function parseInput<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  path: readonly (string | number)[] = [],
): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadInputError(
    result.error.issues.map((issue) => ({
      path: [...path, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))],
      message: issue.message,
    })),
  );
}

interface JsonProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function jsonProblem(value: unknown): JsonProblem | undefined {
  if (!isPlainObject(value)) return { path: [], message: 'must be a JSON object' };
  const problem = findJsonProblem(value, [], { keys: 0, values: 0 });
  if (problem !== undefined) return problem;
  return utf8Bytes(JSON.stringify(value)) <= LIMITS.detailsBytes ? undefined : TOO_LARGE;
}

const TOO_LARGE: JsonProblem = Object.freeze({
  path: [],
  message: `must be at most ${LIMITS.detailsBytes} bytes as JSON`,
});

/**
 * Walks at most `detailsDepth` levels, so that neither deep nesting nor a cycle can exhaust the stack; and no more
 * values than fit into the bytes (each takes two at least), so that one object in many places cannot exhaust the time.
 */
function findJsonProblem(
  value: unknown,
  path: readonly (string | number)[],
  count: { keys: number; values: number },
): JsonProblem | undefined {
  count.values += 1;
  if (count.values > LIMITS.detailsBytes / 2) return TOO_LARGE;
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return undefined;
  if (typeof value === 'number') return numberProblem(value, path);
  const isArray = Array.isArray(value);
  if (!isArray && !isPlainObject(value)) return { path, message: 'must be a JSON value' };
  if (path.length >= LIMITS.detailsDepth)
    return { path, message: `must be at most ${LIMITS.detailsDepth} levels deep` };
  const entries: Iterable<[string | number, unknown]> = isArray ? value.entries() : Object.entries(value);
  for (const [key, child] of entries) {
    if (typeof key === 'string') {
      if (FORBIDDEN_KEYS.has(key)) return { path: [...path, key], message: 'is a key that is not accepted' };
      count.keys += 1;
      if (count.keys > LIMITS.detailsKeys) return { path: [], message: `must have at most ${LIMITS.detailsKeys} keys` };
    }
    const problem = findJsonProblem(child, [...path, key], count);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function numberProblem(value: number, path: readonly (string | number)[]): JsonProblem | undefined {
  if (!Number.isFinite(value)) return { path, message: 'must be a finite number' };
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return { path, message: 'must be within ±(2^53 - 1); send larger integers as strings' };
  }
  return undefined;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
