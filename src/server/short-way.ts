/**
 * The short way: an operation of a kind that comes often is answered without the general machinery. Its document is
 * compiled once; each request has its variables parsed, asks the manager, and its answer is written as JSON directly.
 * Whatever is not as plain as that is answered by graphql-js, which alone knows how GraphQL puts it.
 */
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { EventVerbs } from '../manager/event-manager.ts';
import type { SelectionScope, WriteJson } from './compiled-selection.ts';

export type ShortOutcome =
  /** The whole result, as JSON. */
  | { readonly json: string }
  /** The manager was asked; one that only says so again, for graphql-js to put it into words. */
  | { readonly replay: EventVerbs };

/** An operation whose variables were parsed. */
export type AnswerShortly = (manager: EventVerbs) => Promise<ShortOutcome>;

export interface ShortWay {
  /** @returns undefined when the variables are not plainly right. */
  parse(variables: Readonly<Record<string, unknown>>): AnswerShortly | undefined;
}

/**
 * What a document selects whatever the variables of its operation: a directive that asks one does not compile.
 * @returns undefined for one whose fragments have variables.
 */
export function selectionScope(schema: GraphQLSchema, document: DocumentNode): SelectionScope | undefined {
  const fragments: Record<string, SelectionScope['fragments'][string]> = {};
  for (const definition of document.definitions) {
    if (definition.kind !== 'FragmentDefinition') continue;
    if ((definition.variableDefinitions?.length ?? 0) > 0) return undefined;
    fragments[definition.name.value] = { definition, variableSignatures: undefined };
  }
  return { schema, fragments, variableValues: { sources: {}, coerced: {} } };
}

/** @param key of the one field at the root. */
export function resultWriter(key: string, write: WriteJson): WriteJson {
  const start = `{"data":{${JSON.stringify(key)}:`;
  return (value) => `${start}${write(value)}}}`;
}
