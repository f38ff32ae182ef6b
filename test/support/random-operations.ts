/**
 * Random queries and subscriptions on a schema, with everything that decides what of a selection is answered: aliases, fragments
 * with and without names, nested and repeated, on interfaces and on types, and `@include` and `@skip` by a literal or a
 * variable. What is made here is valid and always says which of its variables its selection asks.
 */
import fc from 'fast-check';
import {
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

type Composite = GraphQLObjectType | GraphQLInterfaceType;

/** One of the roots under which operations are made: how it is asked, and by which variables. */
export interface Root {
  /** Left out: subscription. */
  readonly kind?: 'query' | 'subscription';
  readonly field: string;
  /** Its arguments, given the name of the variable that holds the cursor. */
  readonly args: (cursor: string) => string;
  readonly variables: (cursor: string) => string;
}

export interface RandomOperation {
  readonly name: string;
  readonly field: string;
  /** Names of the Boolean variables that its selection asks. */
  readonly asked: readonly string[];
  /** Without the `$`; undefined where its root takes none. */
  readonly cursor: string;
}

export interface RandomDocument {
  readonly text: string;
  readonly operations: readonly RandomOperation[];
}

interface Condition {
  readonly directive: 'include' | 'skip';
  /** Of a literal, or of the variable with this number. */
  readonly value: boolean | number;
}

type Piece =
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly alias: string | undefined;
      readonly conditions: readonly Condition[];
      readonly selection: Selection | undefined;
    }
  | {
      readonly kind: 'inline';
      readonly on: string | undefined;
      readonly conditions: readonly Condition[];
      readonly selection: Selection;
    }
  /** Of one of the fragments that may stand here. */
  | { readonly kind: 'spread'; readonly pick: number; readonly conditions: readonly Condition[] };
type Selection = readonly Piece[];

interface Fragment {
  readonly on: string;
  readonly selection: Selection;
}

interface OperationPlan {
  readonly root: Root;
  readonly alias: string | undefined;
  readonly place: 'plain' | 'inline' | 'fragment';
  readonly cursor: string;
  readonly selection: Selection;
}

export const BOOLEANS = ['b0', 'b1', 'b2'] as const;
/** Some declare a default, so that a watcher may leave them out. */
const DECLARATIONS: Readonly<Record<string, string>> = {
  b0: '$b0: Boolean!',
  b1: '$b1: Boolean! = true',
  b2: '$b2: Boolean = false',
};
const DEPTH = 3;
/** What else would be `{` of an object that knows more than its keys. */
const ODD_ALIASES: Readonly<Record<string, readonly string[]>> = { cursor: ['__proto__', 'toJSON', 'constructor'] };

export function randomDocuments(schema: GraphQLSchema, roots: readonly Root[]): fc.Arbitrary<RandomDocument> {
  const selectionOf = selections(schema);
  const operation = fc.constantFrom(...roots).chain((root): fc.Arbitrary<OperationPlan> =>
    fc.record({
      root: fc.constant(root),
      alias: fc.constantFrom(undefined, 'it', 'data'),
      place: fc.constantFrom('plain', 'inline', 'fragment'),
      cursor: fc.constantFrom('after', 'cursor', 'c', 'taskId', 'b9'),
      selection: selectionOf(rootType(schema, root), DEPTH),
    }),
  );
  const fragmentTypes = [...new Set(roots.flatMap((root) => typesBelow(schema, rootType(schema, root))))];
  const fragment = fc
    .constantFrom(...fragmentTypes)
    .chain((type): fc.Arbitrary<Fragment> =>
      fc.record({ on: fc.constant(type.name), selection: selectionOf(type, DEPTH - 1) }),
    );
  return fc
    .record({
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
      fragments: fc.array(fragment, { minLength: 2, maxLength: 5 }),
    })
    .map(({ operations, fragments }) => printDocument(schema, operations, fragments));
}

function rootType(schema: GraphQLSchema, { kind, field }: Root): Composite {
  const type = kind === 'query' ? schema.getQueryType() : schema.getSubscriptionType();
  return composite(getNamedType(type?.getFields()[field]?.type));
}

function composite(type: unknown): Composite {
  if (isObjectType(type) || isInterfaceType(type)) return type;
  throw new TypeError(`${String(type)} has no fields`);
}

function isComposite(type: unknown): type is Composite {
  return isObjectType(type) || isInterfaceType(type);
}

/** The type itself, those which it may turn out to be, and what their fields lead to. */
function typesBelow(schema: GraphQLSchema, type: Composite, seen = new Set<Composite>()): readonly Composite[] {
  if (seen.has(type)) return [];
  seen.add(type);
  if (isAbstractType(type)) for (const each of schema.getPossibleTypes(type)) typesBelow(schema, each, seen);
  for (const field of Object.values(type.getFields())) {
    const inner: unknown = getNamedType(field.type);
    if (isComposite(inner)) typesBelow(schema, inner, seen);
  }
  return [...seen];
}

type SelectionOf = (type: Composite, depth: number) => fc.Arbitrary<Selection>;

function selections(schema: GraphQLSchema): SelectionOf {
  const known = new Map<string, fc.Arbitrary<Selection>>();
  const condition: fc.Arbitrary<Condition> = fc.record({
    directive: fc.constantFrom('include', 'skip'),
    value: fc.oneof(fc.boolean(), fc.nat(BOOLEANS.length - 1)),
  });
  const conditions = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(condition, { maxLength: 2, selector: ({ directive }) => directive }) },
  );

  const pieceOf = (type: Composite, depth: number): fc.Arbitrary<Piece> => {
    const field = fc.constantFrom(...Object.values(type.getFields())).chain(({ name, type: output }) => {
      const inner: unknown = getNamedType(output);
      return fc.record({
        kind: fc.constant('field' as const),
        name: fc.constant(name),
        alias: fc.constantFrom(undefined, undefined, `a_${name}`, `b_${name}`, ...(ODD_ALIASES[name] ?? [])),
        conditions,
        selection: isComposite(inner) ? selectionOf(inner, depth) : fc.constant(undefined),
      });
    });
    const typename = fc.record({
      kind: fc.constant('field' as const),
      name: fc.constant('__typename'),
      alias: fc.constantFrom(undefined, 'kind'),
      conditions,
      selection: fc.constant(undefined),
    });
    const spread = fc.record({ kind: fc.constant('spread' as const), pick: fc.nat(9), conditions });
    const inline = fc.constantFrom(undefined, ...overlapping(schema, type)).chain((on) =>
      fc.record({
        kind: fc.constant('inline' as const),
        on: fc.constant(on?.name),
        conditions,
        selection: selectionOf(on ?? type, depth - 1),
      }),
    );
    const flat = [
      { weight: 5, arbitrary: field },
      { weight: 1, arbitrary: typename },
      { weight: 2, arbitrary: spread },
    ];
    return depth > 0 ? fc.oneof(...flat, { weight: 3, arbitrary: inline }) : fc.oneof(...flat);
  };

  const selectionOf: SelectionOf = (type, depth) => {
    const key = `${type.name} ${depth}`;
    const made = known.get(key) ?? fc.array(pieceOf(type, depth), { minLength: 1, maxLength: 5 });
    known.set(key, made);
    return made;
  };
  return selectionOf;
}

/** What a fragment within this type may be on. */
function overlapping(schema: GraphQLSchema, type: Composite): readonly Composite[] {
  const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
  return [type, ...possible, ...type.getInterfaces()];
}

/** Prints one definition, and remembers what else has to stand in the document. */
interface Printer {
  readonly schema: GraphQLSchema;
  readonly fragments: readonly Fragment[];
  /** By number. */
  readonly used: Set<number>;
  readonly asked: Set<string>;
}

function printDocument(
  schema: GraphQLSchema,
  plans: readonly OperationPlan[],
  fragments: readonly Fragment[],
): RandomDocument {
  const used = new Set<number>();
  const definitions: string[] = [];
  const operations = plans.map(({ root, alias, place, cursor, selection }, index): RandomOperation => {
    const printer: Printer = { schema, fragments, used: new Set(), asked: new Set() };
    const inner = printSelection(printer, { type: rootType(schema, root), selection, after: -1 });
    // Also for what it asks.
    for (const number of printer.used) printFragment(printer, number);
    for (const number of printer.used) used.add(number);
    const asked = [...printer.asked].toSorted();
    const variables = [root.variables(cursor), ...asked.map((name) => DECLARATIONS[name])].filter(Boolean).join(', ');
    const name = `Op${index}`;
    const field = `${alias === undefined ? '' : `${alias}: `}${root.field}${root.args(cursor)} ${inner}`;
    const { kind = 'subscription' } = root;
    const on = kind === 'query' ? 'Query' : 'Subscription';
    if (place === 'fragment') definitions.push(`fragment Root${index} on ${on} { ${field} }`);
    const placed = { plain: field, inline: `... on ${on} { ${field} }`, fragment: `...Root${index}` }[place];
    definitions.push(`${kind} ${name}${variables === '' ? '' : `(${variables})`} { ${placed} }`);
    return { name, field: root.field, asked, cursor };
  });
  const whole: Printer = { schema, fragments, used, asked: new Set() };
  for (const number of used) definitions.push(printFragment(whole, number));
  return { text: definitions.join('\n'), operations };
}

function printFragment(printer: Printer, number: number): string {
  const { on, selection } = printer.fragments[number] ?? { on: '', selection: [] };
  const type = composite(printer.schema.getType(on));
  return `fragment F${number} on ${on} ${printSelection(printer, { type, selection, after: number })}`;
}

interface Place {
  readonly type: Composite;
  readonly selection: Selection;
  /** Only fragments behind this one may be spread, so that none comes to contain itself. */
  readonly after: number;
}

function printSelection(printer: Printer, { type, selection, after }: Place): string {
  return `{ ${selection.map((piece) => printPiece(printer, { type, piece, after })).join(' ')} }`;
}

function printPiece(
  printer: Printer,
  { type, piece, after }: Omit<Place, 'selection'> & { readonly piece: Piece },
): string {
  const { schema, fragments } = printer;
  const conditions = piece.conditions.map((condition) => printCondition(printer, condition)).join('');
  if (piece.kind === 'field') {
    const { name, alias, selection } = piece;
    const inner: unknown = getNamedType(type.getFields()[name]?.type);
    const below =
      selection === undefined ? '' : ` ${printSelection(printer, { type: composite(inner), selection, after })}`;
    // One way to ask for each, or two of them could not stand under one name.
    const args = name === 'events' ? '(first: 2)' : '';
    return `${alias === undefined ? '' : `${alias}: `}${name}${args}${conditions}${below}`;
  }
  if (piece.kind === 'inline') {
    const { on, selection } = piece;
    const inner = on === undefined ? type : composite(schema.getType(on));
    const head = `...${on === undefined ? '' : ` on ${on}`}`;
    return `${head}${conditions} ${printSelection(printer, { type: inner, selection, after })}`;
  }
  const names = overlapping(schema, type).map(({ name }) => name);
  const numbers = [...fragments.keys()].filter(
    (number) => number > after && names.includes(fragments[number]?.on ?? ''),
  );
  const number = numbers[piece.pick % numbers.length];
  if (number === undefined) return `__typename${conditions}`;
  printer.used.add(number);
  return `...F${number}${conditions}`;
}

function printCondition(printer: Printer, { directive, value }: Condition): string {
  if (typeof value === 'boolean') return ` @${directive}(if: ${value})`;
  const name = BOOLEANS[value] ?? BOOLEANS[0];
  printer.asked.add(name);
  return ` @${directive}(if: $${name})`;
}
