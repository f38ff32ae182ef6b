/**
 * A selection as a function from a value to its JSON text. Walking a document for each value is most of what executing
 * it costs; where everything selected depends on the value alone, the walk is done once, here. What it writes is what
 * graphql-js would, to the byte; whatever is not plain (an error, a promise, a null where none may be) is not written
 * at all, and the caller has graphql-js execute it.
 */
import {
  getDirectiveValues,
  getNullableType,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  typeFromAST,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionNode,
  type ValidatedExecutionArgs,
} from 'graphql';
import type { ValueExtension } from '../schema/context.ts';

/** @throws NotPlainError when only a full execution can tell. */
export type WriteJson = (value: unknown) => string;

class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
}

/** What of an operation matters here: its document, and the variables that its directives may ask. */
export interface SelectionScope extends Pick<ValidatedExecutionArgs, 'schema' | 'fragments' | 'variableValues'> {
  /** Each value is written for one caller, and in that caller's name it may be executed in the place of that. */
  readonly isOwn?: boolean;
}

/** @returns undefined when something selected depends on more than the value. */
export function compileSelection(
  scope: SelectionScope,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): WriteJson | undefined {
  return ifPlain(() => compileType(scope, type, nodes));
}

/** @returns undefined when only a full execution can tell, or graphql-js refuses a value that a directive is given. */
export function ifPlain<Result>(compile: () => Result): Result | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof NotPlainError || error instanceof GraphQLError) return undefined;
    throw error;
  }
}

/**
 * The fields that are selected, by the key of the answer, in the order of the answer.
 * @throws NotPlainError for what the specification calls experimental, GraphQLError for a condition that is null.
 */
export function collectFields(
  scope: SelectionScope,
  type: GraphQLObjectType,
  selections: readonly SelectionNode[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  const visit = (some: readonly SelectionNode[]): void => {
    for (const selection of some) {
      if (!isIncluded(scope, selection)) continue;
      if (selection.kind === 'Field') {
        const key = selection.alias?.value ?? selection.name.value;
        fields.set(key, [...(fields.get(key) ?? []), selection]);
      } else if (selection.kind === 'InlineFragment') {
        if (applies(scope.schema, selection.typeCondition, type)) visit(selection.selectionSet.selections);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = scope.fragments[selection.name.value];
        if (fragment === undefined || fragment.variableSignatures !== undefined) throw new NotPlainError();
        const { typeCondition, selectionSet } = fragment.definition;
        if (applies(scope.schema, typeCondition, type)) visit(selectionSet.selections);
      }
    }
  };
  visit(selections);
  return fields;
}

function isIncluded({ variableValues }: SelectionScope, node: SelectionNode): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true;
  if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.['if'] !== false;
}

function applies(
  schema: GraphQLSchema,
  condition: Parameters<typeof typeFromAST>[1] | undefined,
  type: GraphQLObjectType,
): boolean {
  if (condition === undefined) return true;
  const conditional = typeFromAST(schema, condition);
  return conditional === type || (isAbstractType(conditional) && schema.isSubType(conditional, type));
}

function compileType(scope: SelectionScope, type: GraphQLOutputType, nodes: readonly FieldNode[]): WriteJson {
  const write = compileNullable(scope, type, nodes);
  if (!isNonNullType(type)) return (value) => (value == null ? 'null' : write(value));
  return (value) => {
    if (value == null) throw new NotPlainError();
    return write(value);
  };
}

/** For a value that is not null. */
function compileNullable(scope: SelectionScope, type: GraphQLOutputType, nodes: readonly FieldNode[]): WriteJson {
  const nullable = getNullableType(type);
  if (isLeafType(nullable)) return leafWriter(nullable);
  if (isListType(nullable)) return listWriter(compileType(scope, nullable.ofType, nodes));
  const selections = nodes.flatMap((node) => node.selectionSet?.selections ?? []);
  return isObjectType(nullable)
    ? objectWriter(scope, nullable, selections)
    : abstractWriter(scope, nullable, selections);
}

function leafWriter(type: GraphQLLeafType): WriteJson {
  if (isEnumType(type)) return enumWriter(type);
  return (value) => {
    const text: string | undefined = JSON.stringify(type.coerceOutputValue(value));
    if (text === undefined || text === 'null') throw new NotPlainError();
    return text;
  };
}

function enumWriter(type: GraphQLEnumType): WriteJson {
  const texts = new Map<unknown, string>(type.getValues().map(({ name, value }) => [value, JSON.stringify(name)]));
  return (value) => {
    const text = texts.get(value);
    if (text === undefined) throw new NotPlainError();
    return text;
  };
}

function listWriter(writeItem: WriteJson): WriteJson {
  return (value) => {
    if (!Array.isArray(value)) throw new NotPlainError();
    let text = '';
    for (const item of value) text += `${text === '' ? '' : ','}${writeItem(plain(item))}`;
    return `[${text}]`;
  };
}

function abstractWriter(
  scope: SelectionScope,
  type: GraphQLAbstractType,
  selections: readonly SelectionNode[],
): WriteJson {
  // Pothos wraps what tells the type, so its parameters say nothing; given no context, it cannot ask it.
  const resolveType = type.resolveType as ((value: unknown, ...none: undefined[]) => unknown) | undefined | null;
  if (resolveType == null) throw new NotPlainError();
  const writers = new Map(
    scope.schema.getPossibleTypes(type).map((each) => [each.name, objectWriter(scope, each, selections)]),
  );
  return (value) => {
    const name = resolveType(value, undefined, undefined);
    const write = typeof name === 'string' ? writers.get(name) : undefined;
    if (write === undefined) throw new NotPlainError();
    return write(value);
  };
}

function objectWriter(scope: SelectionScope, type: GraphQLObjectType, selections: readonly SelectionNode[]): WriteJson {
  if (type.isTypeOf != null) throw new NotPlainError();
  const fields = Array.from(collectFields(scope, type, selections), ([key, nodes], index) => {
    const start = `${index === 0 ? '' : ','}${JSON.stringify(key)}:`;
    return fieldWriter(scope, type, { start, nodes });
  });
  return (source) => {
    let text = '{';
    for (const write of fields) text += write(source);
    return `${text}}`;
  };
}

function fieldWriter(
  scope: SelectionScope,
  type: GraphQLObjectType,
  { start, nodes }: { readonly start: string; readonly nodes: readonly FieldNode[] },
): WriteJson {
  const name = nodes[0]?.name.value ?? '';
  if (name === '__typename') {
    const text = start + JSON.stringify(type.name);
    return () => text;
  }
  const field = type.getFields()[name];
  if (field === undefined) throw new NotPlainError();
  const resolve = (scope.isOwn === true ? ofSource(field) : undefined) ?? valueResolver(field);
  const write = compileType(scope, field.type, nodes);
  return (source) => start + write(plain(resolve(source)));
}

/** What reads a value that its source may have with it. */
function ofSource({ extensions }: GraphQLField<unknown, unknown>): ((source: unknown) => unknown) | undefined {
  const value: unknown = extensions['value'];
  if (!isValueExtension(value)) return undefined;
  return (source) => {
    const known = value.ofSource(source);
    if (known === undefined) throw new NotPlainError();
    return known;
  };
}

function isValueExtension(value: unknown): value is ValueExtension {
  return typeof value === 'object' && value !== null && 'ofSource' in value;
}

/**
 * A resolver that takes no context and has no arguments can depend on its source alone.
 * @param parameters that it may take: the source, and at most its arguments.
 * @throws NotPlainError for any other.
 */
export function valueResolver(
  { name, args, resolve: given }: Pick<GraphQLField<unknown, unknown>, 'name' | 'args' | 'resolve'>,
  parameters: 1 | 2 = 2,
): (source: unknown) => unknown {
  if (args.length > 0) throw new NotPlainError();
  const resolve = takingAtMost(parameters, given);
  if (resolve !== undefined) return (source) => resolve(source, NO_ARGS);
  return (source) => (source as Readonly<Record<string, unknown>>)[name];
}

const NO_ARGS = Object.freeze({});

/** The function, if it takes so many parameters at most. @throws NotPlainError when it takes more. */
export function takingAtMost<Call extends (...args: never[]) => unknown>(
  parameters: number,
  call: Call | undefined | null,
): ((...args: unknown[]) => unknown) | undefined {
  if (call == null) return undefined;
  if (call.length > parameters) throw new NotPlainError();
  return call as unknown as (...args: unknown[]) => unknown;
}

/** What graphql-js would not take as it is: it waits for the one, throws the other, and calls the third. */
function plain(value: unknown): unknown {
  if (typeof value === 'function' || value instanceof Error || isPromiseLike(value)) throw new NotPlainError();
  return value;
}

function isPromiseLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
