/** What is asked for, for resolvers that read more than one item at once: whether a field is somewhere below. */
import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';

type Asked = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;

/** Also where a directive leaves it out: then it is read for nothing. */
export function selects({ fieldNodes, fragments }: Asked, name: string): boolean {
  const seen = new Set<string>();
  const isWithin = (selectionSet: SelectionSetNode | undefined): boolean =>
    selectionSet?.selections.some((selection) => {
      if (selection.kind !== 'FragmentSpread') {
        return (selection.kind === 'Field' && selection.name.value === name) || isWithin(selection.selectionSet);
      }
      const fragment = selection.name.value;
      if (seen.has(fragment)) return false;
      seen.add(fragment);
      return isWithin(fragments[fragment]?.selectionSet);
    }) ?? false;
  return fieldNodes.some(({ selectionSet }) => isWithin(selectionSet));
}
