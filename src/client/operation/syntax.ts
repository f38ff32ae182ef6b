/** Syntax trees as plain objects: built and walked without `graphql` at run time, so that no page loads it for us. */
import type { FieldNode, FragmentDefinitionNode, NameNode, OperationDefinitionNode, VariableNode } from 'graphql';

/** An operation and what it needs. */
export type Definition = OperationDefinitionNode | FragmentDefinitionNode;

export function nameNode(value: string): NameNode {
  return { kind: 'Name', value };
}

export function variableNode(name: string): VariableNode {
  return { kind: 'Variable', name: nameNode(name) };
}

export function fieldNode(alias: string, name: string): FieldNode {
  return { kind: 'Field', alias: nameNode(alias), name: nameNode(name) };
}

/** Every name that is written anywhere below. */
export function namesIn(node: unknown): readonly string[] {
  return [...nodesIn(node)].flatMap((each) => nameOf(each) ?? []);
}

/** The names of the nodes of one kind, as often as they are written. */
export function namesOf(kind: 'Variable' | 'FragmentSpread', node: unknown): readonly string[] {
  return [...nodesIn(node)].flatMap((each) => (Reflect.get(each, 'kind') === kind ? (nameOf(each.name) ?? []) : []));
}

interface Node {
  readonly name?: unknown;
}

function* nodesIn(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value;
  // `loc` leads to the source, which is no part of the tree.
  for (const [key, child] of Object.entries(value)) if (key !== 'loc') yield* nodesIn(child);
}

function nameOf(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null || Reflect.get(node, 'kind') !== 'Name') return undefined;
  const value: unknown = Reflect.get(node, 'value');
  return typeof value === 'string' ? value : undefined;
}
