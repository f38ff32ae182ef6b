/**
 * When two subscriptions may share the execution of an item: the same document and operation, and equal values of
 * every variable that is used anywhere but in an argument of the root field. Where a variable is used is found
 * in the document; its name says nothing.
 */
import { visit, type ASTNode, type FieldNode, type SelectionNode, type ValidatedSubscriptionArgs } from 'graphql';
import { stringify } from 'safe-stable-stringify';

/** @returns undefined when nothing can be said: a document without its text. */
export function sharingKey(args: ValidatedSubscriptionArgs): string | undefined {
  const text = args.document.loc?.source.body;
  if (text === undefined) return undefined;
  const names = [...variablesBelowRoot(args)].toSorted();
  const values = names.map((name) => [name, args.variableValues.coerced[name]]);
  return stringify([text, args.operation.name?.value ?? null, values]);
}

/**
 * Names of the variables that this operation uses in anything but an argument of the root field: itself, or in the
 * fragments that it leads to. What other operations of the document do with theirs is nothing to it.
 */
function variablesBelowRoot(args: ValidatedSubscriptionArgs): ReadonlySet<string> {
  const roots = new Set(rootFields(args, args.operation.selectionSet.selections));
  const names = new Set<string>();
  const definitions = new Set<ASTNode>([args.operation]);
  // Grows while it is walked.
  for (const definition of definitions) {
    visit(definition, {
      VariableDefinition: () => false,
      FragmentSpread({ name }) {
        const fragment = args.fragments[name.value];
        if (fragment !== undefined) definitions.add(fragment.definition);
      },
      Variable(...[node, , , , ancestors]) {
        if (!isRootArgument(ancestors, roots)) names.add(node.name.value);
      },
    });
  }
  return names;
}

/** Nearest first: an argument of a root field, and not of a directive on it. */
function isRootArgument(ancestors: readonly (ASTNode | readonly ASTNode[])[], roots: ReadonlySet<FieldNode>): boolean {
  const nearest = ancestors
    .filter((each) => 'kind' in each)
    .findLast(({ kind }) => kind === 'Field' || kind === 'Directive');
  return nearest?.kind === 'Field' && roots.has(nearest);
}

/** They may stand in fragments. Validation saw to it that there is one field, maybe named more than once. */
export function rootFields(
  args: Pick<ValidatedSubscriptionArgs, 'fragments'>,
  selections: readonly SelectionNode[],
): readonly FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === 'Field') return [selection];
    const inner =
      selection.kind === 'InlineFragment'
        ? selection.selectionSet
        : args.fragments[selection.name.value]?.definition.selectionSet;
    return inner === undefined ? [] : rootFields(args, inner.selections);
  });
}
