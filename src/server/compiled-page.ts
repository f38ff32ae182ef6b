/**
 * `taskEvents` as whoever shows a run's past asks it: page after page, one field at the root. Going through a page of a
 * thousand events costs more than reading it from the log, so what is selected of an event is compiled. Who may read
 * is asked of the manager, arguments are parsed by the field's own resolver, and the log is asked once in any case.
 */
import {
  getArgumentValues,
  getVariableValues,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { EventVerbs } from '../manager/event-manager.ts';
import { collectFields, compileSelection, ifPlain, takingAtMost, type WriteJson } from './compiled-selection.ts';
import { resultWriter, selectionScope, type ShortOutcome, type ShortWay } from './short-way.ts';

/** @param document that is valid. @returns undefined for any other operation. */
export function compilePage(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): ShortWay | undefined {
  return ifPlain(() => compile(schema, document, operation));
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operation, selectionSet, variableDefinitions = [] }: OperationDefinitionNode,
): ShortWay | undefined {
  const type = schema.getQueryType();
  const scope = selectionScope(schema, document);
  if (operation !== 'query' || type == null || scope === undefined) return undefined;
  const [root, ...others] = collectFields(scope, type, selectionSet.selections);
  const node = root?.[1][0];
  if (root === undefined || node?.name.value !== 'taskEvents' || others.length > 0) return undefined;

  const field = type.getFields()[node.name.value];
  const write = field === undefined ? undefined : compileSelection(scope, field.type, root[1]);
  // It is given no `info`: that is of an execution.
  const resolve = takingAtMost(3, field?.resolve);
  if (field === undefined || write === undefined || resolve === undefined) return undefined;
  const put = resultWriter(root[0], write);
  return {
    parse(variables) {
      const { variableValues } = getVariableValues(schema, variableDefinitions, variables);
      if (variableValues === undefined) return undefined;
      const args = ifPlain(() => getArgumentValues(field, node, variableValues));
      if (args === undefined) return undefined;
      return (manager) => answer(manager, (once) => resolve(undefined, args, { manager: once }), put);
    },
  };
}

async function answer(
  manager: EventVerbs,
  read: (manager: EventVerbs) => unknown,
  put: WriteJson,
): Promise<ShortOutcome> {
  let reading: ReturnType<EventVerbs['readEvents']> | undefined;
  const once: EventVerbs = {
    ...manager,
    readEvents: (taskId, args) => (reading ??= manager.readEvents(taskId, args)),
  };
  try {
    return { json: put(await read(once)) };
  } catch {
    // It was refused, or cannot be written: graphql-js finds the same, and says where.
    return { replay: once };
  }
}
