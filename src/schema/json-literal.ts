/**
 * JSON written as a GraphQL literal, and back. Nothing is judged here: what the domain would refuse (a number too
 * large, a forbidden key, too deep a nesting) is kept visible, so that the domain refuses it and says where.
 */
import { Kind, type ConstValueNode } from 'graphql';
import { LIMITS } from '../domain/limits.ts';
import type { JsonValue } from '../domain/values.ts';

/**
 * The value that a literal stands for. Below the deepest level that the domain accepts, containers come empty: they
 * are refused all the same, and a literal nested thousands of levels deep costs no stack.
 */
export function literalToJson(node: ConstValueNode, depth = 0): JsonValue {
  const isTooDeep = depth >= LIMITS.detailsDepth;
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      // `1e999` becomes Infinity and digits beyond 2^53 an unsafe integer: both are refused later.
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.LIST:
      return isTooDeep ? [] : node.values.map((item) => literalToJson(item, depth + 1));
    case Kind.OBJECT:
      // `fromEntries` defines own keys: `__proto__` is one among others and sets no prototype.
      return isTooDeep
        ? {}
        : Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literalToJson(value, depth + 1)]));
  }
}

/**
 * The literal for a value that came in a variable: graphql needs it for a variable inside of a literal, as in
 * `details: { run: $run }`. Its own conversion would turn Infinity into null and store that silently.
 */
export function jsonToLiteral(value: unknown, depth = 0): ConstValueNode {
  const isTooDeep = depth > LIMITS.detailsDepth;
  switch (typeof value) {
    case 'string':
      return { kind: Kind.STRING, value };
    case 'boolean':
      return { kind: Kind.BOOLEAN, value };
    case 'number':
      return { kind: Kind.FLOAT, value: String(value) };
    case 'object':
      break;
    default:
      throw new TypeError('not a JSON value');
  }
  if (value === null) return { kind: Kind.NULL };
  if (Array.isArray(value)) {
    return { kind: Kind.LIST, values: isTooDeep ? [] : value.map((item) => jsonToLiteral(item, depth + 1)) };
  }
  const entries = isTooDeep ? [] : Object.entries(value);
  return {
    kind: Kind.OBJECT,
    fields: entries.map(([key, item]) => ({
      kind: Kind.OBJECT_FIELD,
      name: { kind: Kind.NAME, value: key },
      value: jsonToLiteral(item, depth + 1),
    })),
  };
}
