/**
 * Finds state that a module keeps for everyone who imports it. Two apps in one process must not meet, so a module may
 * hold constants only: nothing that is assigned again, no container that can be filled, no table that can be written.
 *
 * A table is constant when it says so: `as const`, `Object.freeze`, a readonly type, or a named type of ours (whose
 * members are readonly by our style). What a called function returns is not looked into.
 */
import type { Class, ExportDefaultDeclaration, Expression, Program, TSType, VariableDeclaration } from 'oxc-parser';

export interface MutableState {
  readonly what: string;
  readonly start: number;
}

export function findMutableState(program: Program): readonly MutableState[] {
  return program.body.flatMap((statement) => {
    const node =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
        ? statement.declaration
        : statement;
    if (node?.type === 'VariableDeclaration') return fromVariables(node);
    if (node?.type === 'ClassDeclaration') return fromStaticFields(node);
    const what = statement.type === 'ExportDefaultDeclaration' ? mutable(statement.declaration, undefined) : undefined;
    return what === undefined ? [] : [{ what, start: statement.start }];
  });
}

function fromVariables(node: VariableDeclaration): readonly MutableState[] {
  if (node.declare === true) return [];
  if (node.kind === 'let' || node.kind === 'var') return [{ what: node.kind, start: node.start }];
  return node.declarations.flatMap(({ id, init, start }) => {
    const annotation = id.type === 'Identifier' ? id.typeAnnotation?.typeAnnotation : undefined;
    const what = init === null ? undefined : mutable(init, annotation);
    return what === undefined ? [] : [{ what, start }];
  });
}

function fromStaticFields(node: Class): readonly MutableState[] {
  return node.body.body.flatMap((member) => {
    if (member.type !== 'PropertyDefinition' || !member.static) return [];
    if (member.readonly !== true) return [{ what: 'a static field that is not readonly', start: member.start }];
    const what = member.value === null ? undefined : mutable(member.value, member.typeAnnotation?.typeAnnotation);
    return what === undefined ? [] : [{ what, start: member.start }];
  });
}

const CONTAINERS: ReadonlySet<string> = new Set([
  'AbortController',
  'Array',
  'EventEmitter',
  'EventTarget',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
]);

/** What is mutable about a value that stands at module level; `undefined` when nothing is. */
function mutable(
  value: Expression | ExportDefaultDeclaration['declaration'],
  annotation: TSType | null | undefined,
): string | undefined {
  switch (value.type) {
    case 'ParenthesizedExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
      return mutable(value.expression, annotation);
    case 'TSAsExpression':
      return isConst(value.typeAnnotation) ? undefined : mutable(value.expression, annotation ?? value.typeAnnotation);
    case 'NewExpression': {
      const name = value.callee.type === 'Identifier' ? value.callee.name : '';
      return CONTAINERS.has(name) && !isReadonly(annotation) ? `new ${name}` : undefined;
    }
    case 'ArrayExpression':
      return isReadonly(annotation) || isNamed(annotation) ? undefined : 'an array that is not readonly';
    case 'ObjectExpression':
      return isReadonly(annotation) || isNamed(annotation) ? undefined : 'an object that is not readonly';
    case 'CallExpression': {
      // Freezing a Map freezes its properties, not its entries.
      const [frozen] = isObjectFreeze(value.callee) ? value.arguments : [];
      return frozen?.type === 'NewExpression' ? mutable(frozen, annotation) : undefined;
    }
    default:
      return undefined;
  }
}

const READONLY_TYPES: ReadonlySet<string> = new Set(['Readonly', 'ReadonlyArray', 'ReadonlyMap', 'ReadonlySet']);
const MUTABLE_TYPES: ReadonlySet<string> = new Set([
  'Array',
  'Map',
  'Omit',
  'Partial',
  'Pick',
  'Record',
  'Required',
  'Set',
  'WeakMap',
  'WeakSet',
]);

function isReadonly(type: TSType | null | undefined): boolean {
  if (type?.type === 'TSTypeOperator') return type.operator === 'readonly';
  if (type?.type === 'TSTypeLiteral') {
    return type.members.every(
      (member) => member.type === 'TSMethodSignature' || ('readonly' in member && member.readonly),
    );
  }
  return READONLY_TYPES.has(nameOf(type) ?? '');
}

function isNamed(type: TSType | null | undefined): boolean {
  const name = nameOf(type);
  return name !== undefined && name !== 'const' && !MUTABLE_TYPES.has(name);
}

function isConst(type: TSType): boolean {
  return nameOf(type) === 'const';
}

function nameOf(type: TSType | null | undefined): string | undefined {
  if (type?.type !== 'TSTypeReference') return undefined;
  return type.typeName.type === 'Identifier' ? type.typeName.name : '';
}

function isObjectFreeze(callee: Expression): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'Object' &&
    callee.property.type === 'Identifier' &&
    callee.property.name === 'freeze'
  );
}
