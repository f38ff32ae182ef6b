/**
 * What one document may cost, judged before anything of it runs. Nesting, aliases and directives are properties of the
 * text; how many items an operation may give depends on its page sizes, which may be variables, so that is counted for
 * each request.
 */
import {
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { ErrorCode } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { requestError } from './errors.ts';

/** Part of the contract, as those of `domain/limits.ts` are: every client may count on them. */
export const DOCUMENT_LIMITS = Object.freeze({
  /** Bytes of UTF-8. Values belong into variables. */
  bytes: 16 * 1024,
  tokens: 1_000,
  /** Fields within fields; introspection, as the tools ask it, is deeper and exempt. */
  depth: 12,
  aliases: 15,
  directives: 20,
  /** Fields at the root of one operation. */
  rootFields: 10,
  /** Items of all pages that an operation asks for; a page within a page counts for each item of the outer one. */
  cost: 1_000,
} as const);

/** Components of a task, when there is no telling how many it has. */
const LIKELY_COMPONENTS = 10;
/**
 * Tasks of a live board that count, however many come: as many as are within the cost with their components, which a
 * board may ask for. Its start comes in updates of several times more tasks, each with a turn for others after it.
 */
const COUNTED_CHANGES = Math.floor(DOCUMENT_LIMITS.cost / (1 + LIKELY_COMPONENTS));

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** @param document that was parsed; it may not be valid yet. @throws GraphQLError with the code of the limit. */
export function checkDocumentLimits(document: DocumentNode): void {
  const { depth, aliases, directives, rootFields } = DOCUMENT_LIMITS;
  const count = { aliases: 0, directives: 0 };
  visit(document, {
    Field({ alias }) {
      if (alias !== undefined) count.aliases += 1;
    },
    Directive() {
      count.directives += 1;
    },
  });
  refuseAbove(count.aliases, aliases, 'TOO_MANY_ALIASES', 'aliases');
  refuseAbove(count.directives, directives, 'TOO_MANY_DIRECTIVES', 'directives');
  const fragments = fragmentsOf(document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const atRoot = fieldsOf(definition.selectionSet, fragments);
    refuseAbove(atRoot.length, rootFields, 'TOO_MANY_ROOT_FIELDS', 'fields at its root');
    refuseAbove(depthOf(definition.selectionSet, fragments), depth, 'QUERY_TOO_DEEP', 'levels of fields');
  }
}

/** @param document that is valid. @throws GraphQLError QUERY_TOO_EXPENSIVE */
export function checkCost(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): void {
  const given = { ...defaultsOf(operation), ...variables };
  const fragments = fragmentsOf(document);
  const cost = streamsOf(operation, fragments).reduce((sum, each) => sum + costOf(each, fragments, given), 0);
  refuseAbove(cost, DOCUMENT_LIMITS.cost, 'QUERY_TOO_EXPENSIVE', 'items of pages');
}

function refuseAbove(count: number, limit: number, code: ErrorCode, what: string): void {
  if (count > limit) throw requestError(code, `The document has more than ${limit} ${what}.`);
}

function fragmentsOf(document: DocumentNode): Fragments {
  const found = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(found.map((definition) => [definition.name.value, definition]));
}

/** Its fields, those of its fragments included; a fragment that comes again gives nothing more. */
function fieldsOf(
  { selections }: SelectionSetNode,
  fragments: Fragments,
  seen: Set<string> = new Set(),
): readonly FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(selection.selectionSet, fragments, seen);
    const name = selection.name.value;
    const fragment = seen.has(name) ? undefined : fragments.get(name);
    seen.add(name);
    return fragment === undefined ? [] : fieldsOf(fragment.selectionSet, fragments, seen);
  });
}

/**
 * Works something out of each selection from what is within it. Each is looked at once, for fragments can multiply a
 * short document beyond all measure; one that is within itself, which is not valid, counts for nothing there.
 */
function measure(
  fragments: Fragments,
  ofSelection: (fields: readonly MeasuredField[]) => number,
): (selectionSet: SelectionSetNode) => number {
  const known = new Map<SelectionSetNode, number>();
  const measured = (selectionSet: SelectionSetNode): number => {
    const before = known.get(selectionSet);
    if (before !== undefined) return before;
    known.set(selectionSet, 0);
    const fields = fieldsOf(selectionSet, fragments).flatMap((field) =>
      // Introspection is bounded by the schema.
      field.selectionSet === undefined || field.name.value.startsWith('__')
        ? []
        : [{ field, within: measured(field.selectionSet) }],
    );
    const result = ofSelection(fields);
    known.set(selectionSet, result);
    return result;
  };
  return measured;
}

interface MeasuredField {
  readonly field: FieldNode;
  readonly within: number;
}

/** What is answered at once: of a subscription each item of its stream, however many there are at the start. */
function streamsOf({ operation, selectionSet }: OperationDefinitionNode, fragments: Fragments): SelectionSetNode[] {
  if (operation !== OperationTypeNode.SUBSCRIPTION) return [selectionSet];
  return fieldsOf(selectionSet, fragments).flatMap((field) => field.selectionSet ?? []);
}

function depthOf(selectionSet: SelectionSetNode, fragments: Fragments): number {
  return measure(fragments, (fields) => 1 + Math.max(0, ...fields.map(({ within }) => within)))(selectionSet);
}

function costOf(selectionSet: SelectionSetNode, fragments: Fragments, variables: Variables): number {
  const costOfField = ({ field, within }: MeasuredField): number => {
    const size = sizeOf(field, fragments, variables);
    return size === undefined ? within : size * (1 + within);
  };
  return measure(fragments, (fields) => fields.reduce((sum, field) => sum + costOfField(field), 0))(selectionSet);
}

type Variables = Readonly<Record<string, unknown>>;

/** Of whole numbers and lists: what sizes are. */
function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Variables {
  const found = variableDefinitions.map(({ variable, defaultValue }) => {
    if (defaultValue?.kind === Kind.INT) return [variable.name.value, Number(defaultValue.value)] as const;
    return [variable.name.value, defaultValue?.kind === Kind.LIST ? defaultValue.values : undefined] as const;
  });
  return Object.fromEntries<unknown>(found);
}

/** How many events a mutation has; undefined for what has none. */
function eventsOf({ arguments: given = [] }: FieldNode, variables: Variables): number | undefined {
  const inputs = given.find(({ name }) => name.value === 'inputs')?.value;
  if (inputs?.kind === Kind.LIST) return inputs.values.length;
  const value = inputs?.kind === Kind.VARIABLE ? variables[inputs.name.value] : undefined;
  return Array.isArray(value) ? value.length : undefined;
}

/** How many items the field may give; undefined for one that is no page. */
function sizeOf(field: FieldNode, fragments: Fragments, variables: Variables): number | undefined {
  if (field.name.value === 'components') return LIKELY_COMPONENTS;
  if (field.name.value === 'changed') return COUNTED_CHANGES;
  const events = eventsOf(field, variables);
  // More than a batch may hold is refused where it is read.
  if (events !== undefined) return Math.min(events, LIMITS.batchEvents);
  const asked = (field.arguments ?? []).filter(({ name }) => name.value === 'first' || name.value === 'last');
  for (const { value } of asked) {
    const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
    const size = value.kind === Kind.INT ? Number(value.value) : given;
    // One that no page can have is refused where it is read.
    if (typeof size === 'number') return Math.min(Math.max(size, 0), LIMITS.pageMax);
  }
  const isPage = field.selectionSet !== undefined && fieldsOf(field.selectionSet, fragments).some(isPartOfPage);
  return asked.length > 0 || isPage ? LIMITS.pageDefault : undefined;
}

function isPartOfPage({ name }: FieldNode): boolean {
  return name.value === 'edges' || name.value === 'nodes';
}
