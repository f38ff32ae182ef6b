/**
 * The two scalars of our own. On the way in they hand on what the client sent, whatever it is: the domain parses it
 * and answers BAD_USER_INPUT with the path of each problem, which a scalar could not.
 */
import type { JsonObject } from '../domain/values.ts';
import { isoTime } from '../util/iso-time.ts';
import { builder } from './builder.ts';
import { jsonToLiteral, literalToJson } from './json-literal.ts';

builder.scalarType('DateTime', {
  description:
    'An instant in time, RFC 3339; always UTC with milliseconds on output, e.g. 2026-11-23T06:37:34.799Z. ' +
    'On input it needs a zone (Z or an offset); digits finer than milliseconds are cut.',
  specifiedByURL: 'https://datatracker.ietf.org/doc/html/rfc3339',
  coerceOutputValue: isoTime,
  // The types say what a correct client sends; whether it did is for the domain to find out.
  coerceInputValue: (value) => value as string,
  coerceInputLiteral: (node) => literalToJson(node) as string,
});

builder.scalarType('JSONObject', {
  description:
    'A JSON object, stored and returned unchanged. At most 32 KiB as text, 16 levels deep and 256 keys; integers ' +
    'within ±(2^53 - 1); no key named __proto__, constructor or prototype.',
  coerceOutputValue: (value) => value,
  coerceInputValue: (value) => value as JsonObject,
  coerceInputLiteral: (node) => literalToJson(node) as JsonObject,
  valueToLiteral: (value) => jsonToLiteral(value),
});
