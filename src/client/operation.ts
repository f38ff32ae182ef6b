/**
 * Any subscription of ours, as an app wrote it, made one that can be resumed. An app may name its variables as it
 * likes, write `after` as a literal or leave it out, alias the field, hide it in a fragment, and not select the cursor.
 * So the document that is sent has `after` as a variable that we know, and the cursor under a name of ours; what comes
 * back is as the app asked for it.
 *
 * Syntax trees are plain objects: nothing here needs a parser, and any client's printer will do.
 */
import type {
  ArgumentNode,
  DocumentNode,
  FieldNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
  VariableDefinitionNode,
} from 'graphql';
import { toOperationFailedError } from './errors.ts';
import type { Resumable } from './resume.ts';
import type { StreamResult } from './transport.ts';

/** Streams that go on from a cursor. The other subscriptions show a state, and are asked for again. */
const RESUMABLE_FIELDS: ReadonlySet<string> = new Set(['taskUpdates', 'observations']);
const CURSOR = 'drumlineCursor';
const AFTER = 'drumlineAfter';

export interface ResumableDocument {
  /** To be sent. */
  readonly document: DocumentNode;
  /** Where a result has the stream's item. */
  readonly responseKey: string;
  /** The variable that takes the cursor; undefined for a stream without one. */
  readonly after: string | undefined;
  /** The cursor that the app wrote into its document. */
  readonly firstAfter: string | undefined;
}

/** What is no subscription of ours goes out as it is: the server says what is wrong with it. */
export function toResumable(document: DocumentNode, operationName?: string): ResumableDocument {
  const operation = findSubscription(document, operationName);
  const field = operation && findRootField(operation.selectionSet, document);
  if (operation === undefined || field === undefined) {
    return { document, responseKey: '', after: undefined, firstAfter: undefined };
  }
  const responseKey = field.alias?.value ?? field.name.value;
  if (!RESUMABLE_FIELDS.has(field.name.value)) {
    return { document, responseKey, after: undefined, firstAfter: undefined };
  }
  const given = field.arguments?.find(({ name }) => name.value === 'after')?.value;
  const after = given?.kind === 'Variable' ? given.name.value : AFTER;
  const definitions = document.definitions.map((definition) => {
    if (definition === operation) return { ...withVariable(operation, after), selectionSet: edited(operation, after) };
    const isAtRoot = definition.kind === 'FragmentDefinition' && definition.typeCondition.name.value === 'Subscription';
    return isAtRoot ? { ...definition, selectionSet: edited(definition, after) } : definition;
  });
  return {
    document: { ...document, definitions },
    responseKey,
    after,
    firstAfter: given?.kind === 'StringValue' ? given.value : undefined,
  };
}

function findSubscription(document: DocumentNode, name: string | undefined): OperationDefinitionNode | undefined {
  return document.definitions.find(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === 'OperationDefinition' &&
      definition.operation === 'subscription' &&
      (name === undefined || definition.name?.value === name),
  );
}

function findRootField(set: SelectionSetNode, document: DocumentNode): FieldNode | undefined {
  for (const selection of set.selections) {
    const field = fieldOf(selection, document);
    if (field !== undefined && field.name.value !== '__typename') return field;
  }
  return undefined;
}

function fieldOf(selection: SelectionNode, document: DocumentNode): FieldNode | undefined {
  if (selection.kind === 'Field') return selection;
  if (selection.kind === 'InlineFragment') return findRootField(selection.selectionSet, document);
  for (const definition of document.definitions) {
    if (definition.kind === 'FragmentDefinition' && definition.name.value === selection.name.value) {
      return findRootField(definition.selectionSet, document);
    }
  }
  return undefined;
}

function withVariable(operation: OperationDefinitionNode, name: string): OperationDefinitionNode {
  const known = operation.variableDefinitions ?? [];
  if (known.some(({ variable }) => variable.name.value === name)) return operation;
  const added: VariableDefinitionNode = {
    kind: 'VariableDefinition',
    variable: { kind: 'Variable', name: { kind: 'Name', value: name } },
    type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } },
  };
  return { ...operation, variableDefinitions: [...known, added] };
}

/** The selections at the root: each writing of the field takes `after`, and has the cursor. */
function edited({ selectionSet }: { readonly selectionSet: SelectionSetNode }, after: string): SelectionSetNode {
  return {
    ...selectionSet,
    selections: selectionSet.selections.map((selection) => {
      if (selection.kind === 'InlineFragment') return { ...selection, selectionSet: edited(selection, after) };
      if (selection.kind !== 'Field' || !RESUMABLE_FIELDS.has(selection.name.value)) return selection;
      return { ...selection, arguments: [...otherArguments(selection), argument(after)], ...withCursor(selection) };
    }),
  };
}

function otherArguments(field: FieldNode): readonly ArgumentNode[] {
  return (field.arguments ?? []).filter(({ name }) => name.value !== 'after');
}

function argument(variable: string): ArgumentNode {
  const value = { kind: 'Variable', name: { kind: 'Name', value: variable } } as const;
  return { kind: 'Argument', name: { kind: 'Name', value: 'after' }, value };
}

function withCursor({ selectionSet }: FieldNode): Pick<FieldNode, 'selectionSet'> {
  const cursor = {
    kind: 'Field',
    alias: { kind: 'Name', value: CURSOR },
    name: { kind: 'Name', value: 'cursor' },
  } as const;
  return selectionSet === undefined
    ? {}
    : { selectionSet: { ...selectionSet, selections: [...selectionSet.selections, cursor] } };
}

export interface StreamOptions {
  readonly resumable: ResumableDocument;
  /** The document that is sent, as text. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string | undefined;
  /** Hears of each result, as the app gets it. */
  readonly onResult?: (result: StreamResult) => void;
}

/** The app's stream, for `resume`: its results as it asked for them, each once. */
export function toStream({
  resumable,
  query,
  variables,
  operationName,
  onResult,
}: StreamOptions): Resumable<StreamResult> {
  const { after, firstAfter, responseKey } = resumable;
  let cursor = firstAfter;
  return {
    request: () => ({
      query,
      operationName,
      variables: after === undefined || cursor === undefined ? variables : { ...variables, [after]: cursor },
    }),
    read(result) {
      const { place, data } = takeCursor(result.data, responseKey);
      // A mere part of an item, because something below it failed, has no place to go on from but the last one.
      if (place === undefined && after !== undefined && result.errors !== undefined) {
        throw toOperationFailedError(result.errors);
      }
      cursor = place ?? cursor;
      const seen = { ...result, data };
      onResult?.(seen);
      return seen;
    },
    completes: true,
  };
}

/** Takes what we asked for out of what the app did. */
function takeCursor(
  data: unknown,
  responseKey: string,
): { readonly place: string | undefined; readonly data: unknown } {
  const item = fieldOfObject(data, responseKey);
  const place = fieldOfObject(item, CURSOR);
  if (typeof place !== 'string' || typeof item !== 'object' || typeof data !== 'object') {
    return { place: undefined, data };
  }
  const { [CURSOR]: _, ...rest } = { ...item } as Record<string, unknown>;
  return { place, data: { ...data, [responseKey]: rest } };
}

function fieldOfObject(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
