/**
 * `emitEvent` and `emitEvents` as producers send them: one field, its input in one variable. Their inputs are parsed in
 * one step, recorded, and the answer is written as JSON directly. Whatever is not as plain as that (an input that is
 * wrong, an event that is refused, a field that reads more than what was recorded) is answered by graphql-js, which
 * alone knows how GraphQL puts it; an event is recorded once in any case.
 */
import { print, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode, type ValueNode } from 'graphql';
import type { EventVerbs } from '../manager/event-manager.ts';
import { parseWireEvent, parseWireEvents } from '../schema/wire-input.ts';
import { collectFields, compileSelection, ifPlain, type WriteJson } from './compiled-selection.ts';
import { resultWriter, selectionScope, type ShortOutcome, type ShortWay } from './short-way.ts';

/** @param document that is valid. @returns undefined for any other operation. */
export function compileEmit(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): ShortWay | undefined {
  return ifPlain(() => compile(schema, document, operation));
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): ShortWay | undefined {
  const type = schema.getMutationType();
  const [variable, ...otherVariables] = operation.variableDefinitions ?? [];
  if (type == null || variable === undefined || otherVariables.length > 0) return undefined;
  if (variable.defaultValue !== undefined || (variable.directives?.length ?? 0) > 0) return undefined;
  // Without variables: those of a directive would be a second one of the operation.
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

function singleEmit(name: string, put: WriteJson): ShortWay {
  return {
    parse(variables) {
      const event = parseWireEvent(variables[name]);
      if (event === undefined) return undefined;
      return (manager) => settle(manager.emitParsed(event), put, (outcome) => ({ ...manager, emit: () => outcome }));
    },
  };
}

function batchEmit(name: string, put: WriteJson): ShortWay {
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
): Promise<ShortOutcome> {
  try {
    return { json: put(await recording) };
  } catch {
    // Either it was refused, or what was recorded cannot be written: graphql-js finds the same, and says where.
    return { replay: again(recording) };
  }
}

function isVariable(value: ValueNode | undefined, name: string): boolean {
  return value?.kind === 'Variable' && value.name.value === name;
}
