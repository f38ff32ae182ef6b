/**
 * `emitEvent` and `emitEvents` as producers send them: one field, its input in one variable. Their inputs are parsed in
 * one step, recorded, and the answer is written as JSON directly. Whatever is not as plain as that (an input that is
 * wrong, an event that is refused, a field that reads more than what was recorded) is answered by graphql-js, which
 * alone knows how GraphQL puts it; an event is recorded once in any case.
 */
import { print, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode, type ValueNode } from 'graphql';
import type { EventVerbs } from '../manager/event-manager.ts';
import { parseWireEvent, parseWireEvents } from '../schema/wire-input.ts';
import { collectFields, compileSelection, ifPlain, type SelectionScope, type WriteJson } from './compiled-selection.ts';

/** What became of an emit. */
export type EmitOutcome =
  /** The whole result, as JSON. */
  | { readonly json: string }
  /** It was recorded or refused; a manager that only says so again, for graphql-js to put it into words. */
  | { readonly replay: EventVerbs };

/** An emit whose input was parsed. */
export type RecordEmit = (manager: EventVerbs) => Promise<EmitOutcome>;

export interface CompiledEmit {
  /** @returns undefined when the variables are not plainly right. */
  parse(variables: Readonly<Record<string, unknown>>): RecordEmit | undefined;
}

/** @param document that is valid. @returns undefined for any other operation. */
export function compileEmit(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledEmit | undefined {
  return ifPlain(() => compile(schema, document, operation));
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledEmit | undefined {
  const type = schema.getMutationType();
  const [variable, ...otherVariables] = operation.variableDefinitions ?? [];
  if (type == null || variable === undefined || otherVariables.length > 0) return undefined;
  if (variable.defaultValue !== undefined || (variable.directives?.length ?? 0) > 0) return undefined;
  const scope = selectionScope(schema, document);
  if (scope === undefined) return undefined;
  const [root, ...others] = collectFields(scope, type, operation.selectionSet.selections);
  const node = root?.[1][0];
  if (root === undefined || node === undefined || root[1].length > 1 || others.length > 0) return undefined;
  const [argument] = node.arguments ?? [];
  const name = variable.variable.name.value;
  if (!isVariable(argument?.value, name)) return undefined;

  const field = type.getFields()[node.name.value];
  const write = field === undefined ? undefined : compileSelection(scope, field.type, root[1]);
  if (write === undefined) return undefined;
  const put = resultWriter(root[0], write);
  const asked = `${node.name.value} ${print(variable.type)}`;
  if (asked === 'emitEvent EmitEventInput!') return singleEmit(name, put);
  return asked === 'emitEvents [EmitEventInput!]!' ? batchEmit(name, put) : undefined;
}

function singleEmit(name: string, put: WriteJson): CompiledEmit {
  return {
    parse(variables) {
      const event = parseWireEvent(variables[name]);
      if (event === undefined) return undefined;
      return (manager) => settle(manager.emitParsed(event), put, (outcome) => ({ ...manager, emit: () => outcome }));
    },
  };
}

function batchEmit(name: string, put: WriteJson): CompiledEmit {
  return {
    parse(variables) {
      const events = parseWireEvents(variables[name]);
      if (events === undefined) return undefined;
      return (manager) =>
        settle(manager.emitManyParsed(events), put, (outcome) => ({ ...manager, emitMany: () => outcome }));
    },
  };
}

async function settle<Result>(
  recording: Promise<Result>,
  put: WriteJson,
  again: (outcome: Promise<Result>) => EventVerbs,
): Promise<EmitOutcome> {
  try {
    return { json: put(await recording) };
  } catch {
    // Either it was refused, or what was recorded cannot be written: graphql-js finds the same, and says where.
    return { replay: again(recording) };
  }
}

function resultWriter(key: string, write: WriteJson): WriteJson {
  const start = `{"data":{${JSON.stringify(key)}:`;
  return (value) => `${start}${write(value)}}}`;
}

/** Without variables: those of a directive would be a second one of the operation. */
function selectionScope(schema: GraphQLSchema, document: DocumentNode): SelectionScope | undefined {
  const fragments: Record<string, SelectionScope['fragments'][string]> = {};
  for (const definition of document.definitions) {
    if (definition.kind !== 'FragmentDefinition') continue;
    if ((definition.variableDefinitions?.length ?? 0) > 0) return undefined;
    fragments[definition.name.value] = { definition, variableSignatures: undefined };
  }
  return { schema, fragments, variableValues: { sources: {}, coerced: {} } };
}

function isVariable(value: ValueNode | undefined, name: string): boolean {
  return value?.kind === 'Variable' && value.name.value === name;
}
