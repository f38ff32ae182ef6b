/** A subscription as it is sent: the app's own words, and what makes it resumable. */
import type { ArgumentNode, DocumentNode, FieldNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import type { SelectionNode, SelectionSetNode, VariableDefinitionNode } from 'graphql';
import { fieldNode, nameNode, variableNode } from './syntax.ts';

/** Names that the document does not use yet. */
export interface Additions {
  /** To say the place with; undefined when the app has one for it. */
  readonly variable: string | undefined;
  /** Under which the root field tells its place, and what it is. */
  readonly cursorKey: string;
  readonly typenameKey: string;
}

export interface Rewritten {
  readonly sent: DocumentNode;
  /**
   * Under which the app asks for the root's own `__typename`, as clients do by themselves in a fragment on Subscription.
   * By the specification a server must refuse that, so it is not sent.
   */
  readonly typenames: readonly string[];
}

export function rewrite(
  operation: OperationDefinitionNode,
  fragments: readonly FragmentDefinitionNode[],
  additions: Additions | undefined,
): Rewritten {
  const typenames = new Set<string>();

  /** What stands directly on Subscription. */
  function selectionSet({ kind, selections }: SelectionSetNode): SelectionSetNode {
    return { kind, selections: selections.flatMap(selection) };
  }
  function selection(node: SelectionNode): SelectionNode[] {
    if (node.kind === 'FragmentSpread') return [node];
    if (node.kind === 'InlineFragment') {
      const inner = selectionSet(node.selectionSet);
      return inner.selections.length === 0 ? [] : [{ ...node, selectionSet: inner }];
    }
    if (node.name.value !== '__typename') return [additions === undefined ? node : addTo(node, additions)];
    typenames.add(node.alias?.value ?? '__typename');
    return [];
  }

  const variables = [...(operation.variableDefinitions ?? []), ...(additions === undefined ? [] : declare(additions))];
  const definitions = [
    { ...operation, variableDefinitions: variables, selectionSet: selectionSet(operation.selectionSet) },
    ...fragments.map((each) =>
      each.typeCondition.name.value === 'Subscription'
        ? { ...each, selectionSet: selectionSet(each.selectionSet) }
        : each,
    ),
  ];
  return { sent: { kind: 'Document', definitions }, typenames: [...typenames] };
}

function declare({ variable }: Additions): VariableDefinitionNode[] {
  if (variable === undefined) return [];
  const type = { kind: 'NamedType', name: nameNode('String') } as const;
  return [{ kind: 'VariableDefinition', variable: variableNode(variable), type }];
}

function addTo(field: FieldNode, { variable, cursorKey, typenameKey }: Additions): FieldNode {
  const theirs = field.arguments ?? [];
  const after: ArgumentNode[] =
    variable === undefined ? [] : [{ kind: 'Argument', name: nameNode('after'), value: variableNode(variable) }];
  return {
    ...field,
    arguments: variable === undefined ? theirs : [...theirs.filter(({ name }) => name.value !== 'after'), ...after],
    selectionSet: {
      kind: 'SelectionSet',
      selections: [
        ...(field.selectionSet?.selections ?? []),
        fieldNode(cursorKey, 'cursor'),
        fieldNode(typenameKey, '__typename'),
      ],
    },
  };
}
