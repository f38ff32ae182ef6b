/**
 * An app's own subscription document, made resumable: the server is sent one that can say where to go on from and
 * that tells each result's place, and the app sees results as if it had been sent its own.
 *
 * It works on plain syntax trees, whoever parsed them. The same document always gives the same text, because servers
 * share the work for watchers who ask in the same words.
 */
import type { DocumentNode, FieldNode, FragmentDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';
import { rewrite, type Additions } from './rewrite.ts';
import { namesIn, namesOf, type Definition } from './syntax.ts';

/** `cursor`: goes on from a place. `state`: says how things are whenever it is asked. */
const ROOTS = {
  taskUpdates: 'cursor',
  observations: 'cursor',
  task: 'state',
  taskProgress: 'state',
  tasks: 'state',
} as const satisfies Record<string, 'cursor' | 'state'>;

export type RootName = keyof typeof ROOTS;
type Variables = Readonly<Record<string, unknown>>;

export interface ResumableDocument {
  readonly root: RootName;
  /** What to send: one operation. */
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** Those of the app, and where to go on from once a place is known. */
  variables(own: Variables, cursor: string | undefined): Variables;
  /** Parts what the app asked for from what was added. */
  read(data: unknown): Reading;
}

export interface Reading {
  readonly data: unknown;
  /** Of a root that goes on from a place. */
  readonly cursor?: string;
  readonly typename?: string;
}

/** Undefined for what is none of our subscriptions. Of several operations the first counts, as for Apollo and urql. */
export function toResumable(document: DocumentNode): ResumableDocument | undefined {
  const operation = document.definitions.find((each) => each.kind === 'OperationDefinition');
  if (operation?.operation !== 'subscription') return undefined;
  const fragments = fragmentsOf(operation, document);
  const fields = rootFields(operation.selectionSet, fragments);
  const [field] = fields;
  if (field === undefined || !isRoot(field.name.value)) return undefined;
  const root = field.name.value;
  const place = ROOTS[root] === 'cursor' ? placeOf([operation, ...fragments], fields) : undefined;
  const { sent, typenames } = rewrite(operation, fragments, place?.additions);
  const key = field.alias?.value ?? root;
  return {
    root,
    document: sent,
    operationName: operation.name?.value,
    variables: (own, cursor) => place?.variables(own, cursor) ?? own,
    read(data) {
      if (!isRecord(data)) return { data };
      const whole = { ...data, ...Object.fromEntries(typenames.map((each) => [each, 'Subscription'])) };
      return place === undefined ? { data: whole } : readPlace(whole, key, place.additions);
    },
  };
}

function isRoot(name: string): name is RootName {
  return Object.hasOwn(ROOTS, name);
}

/** Those that an operation needs, and no others: a document with unused ones is refused. */
function fragmentsOf(operation: Definition, { definitions }: DocumentNode): readonly FragmentDefinitionNode[] {
  const all = definitions.filter((each) => each.kind === 'FragmentDefinition');
  const names = new Set(namesOf('FragmentSpread', operation));
  // A set that grows while it is walked.
  for (const name of names) {
    for (const each of all)
      if (each.name.value === name) namesOf('FragmentSpread', each).forEach((spread) => names.add(spread));
  }
  return all.filter(({ name }) => names.has(name.value));
}

/** The one root field, as often as it is written: such are merged, and differ by nothing but what they select. */
function rootFields({ selections }: SelectionSetNode, fragments: readonly FragmentDefinitionNode[]): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === 'Field') return selection.name.value === '__typename' ? [] : [selection];
    if (selection.kind === 'InlineFragment') return rootFields(selection.selectionSet, fragments);
    const spread = fragments.find(({ name }) => name.value === selection.name.value);
    // Without itself: a fragment that spreads itself is for the server to refuse.
    const others = fragments.filter((each) => each !== spread);
    return spread === undefined ? [] : rootFields(spread.selectionSet, others);
  });
}

interface Place {
  readonly additions: Additions;
  variables(own: Variables, cursor: string | undefined): Variables;
}

/** Undefined when the app's own `after` is no string, which the server will refuse. */
function placeOf(definitions: readonly Definition[], fields: readonly FieldNode[]): Place | undefined {
  const names = new Set(namesIn(definitions));
  const free = (name: string): string => (names.has(name) ? free(`${name}_`) : name);
  const keys = { cursorKey: free('drumlineCursor'), typenameKey: free('drumlineType') };
  const given = fields[0]?.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (given?.kind === 'Variable') {
    const name = given.name.value;
    // Declared once, and written where the field is. Were it used elsewhere, it would have to keep its value there.
    const uses = namesOf('Variable', definitions).filter((used) => used === name).length;
    if (uses === 1 + fields.length) {
      return {
        additions: { ...keys, variable: undefined },
        variables: (own, cursor) => (cursor === undefined ? own : { ...own, [name]: cursor }),
      };
    }
  } else if (given !== undefined && given.kind !== 'StringValue' && given.kind !== 'NullValue') return undefined;
  const variable = free('drumlineAfter');
  return {
    additions: { ...keys, variable },
    variables(own, cursor) {
      const after = cursor ?? firstPlace(given, definitions, own);
      return after === undefined ? own : { ...own, [variable]: after };
    },
  };
}

/** The place that the app itself says. */
function firstPlace(given: ValueNode | undefined, definitions: readonly Definition[], own: Variables): unknown {
  if (given?.kind === 'StringValue') return given.value;
  if (given?.kind !== 'Variable') return undefined;
  const { value: name } = given.name;
  if (own[name] !== undefined) return own[name];
  const declared = definitions.flatMap(({ variableDefinitions = [] }) => variableDefinitions);
  const fallback = declared.find(({ variable }) => variable.name.value === name)?.defaultValue;
  return fallback?.kind === 'StringValue' ? fallback.value : undefined;
}

function readPlace(data: Record<string, unknown>, key: string, { cursorKey, typenameKey }: Additions): Reading {
  const update = data[key];
  if (!isRecord(update)) return { data };
  const { [cursorKey]: cursor, [typenameKey]: typename, ...theirs } = update;
  return {
    data: { ...data, [key]: theirs },
    ...(typeof cursor === 'string' ? { cursor } : {}),
    ...(typeof typename === 'string' ? { typename } : {}),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
