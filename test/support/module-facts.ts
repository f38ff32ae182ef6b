/**
 * What one source file says about itself, read from its syntax tree: what it imports, what state it keeps at module
 * level, and where it reaches for the clock, for chance or for the world. Facts only; `architecture.ts` judges them.
 */
import { parseSync, Visitor, type EcmaScriptModule, type Program } from 'oxc-parser';
import { findMutableState } from './mutable-state.ts';

export interface SourceFile {
  /** From the root of the repository, with `/`: `src/domain/event.ts`. */
  readonly path: string;
  readonly source: string;
}

export interface Import {
  /** As written; `undefined` for `import(expression)`, which nothing can check. */
  readonly specifier: string | undefined;
  readonly kind: 'type' | 'static' | 're-export' | 'dynamic';
  readonly line: number;
}

/** Something found at a place. */
export interface Finding {
  readonly what: string;
  readonly line: number;
}

export interface ModuleFacts {
  readonly path: string;
  readonly imports: readonly Import[];
  readonly mutableState: readonly Finding[];
  /** Clock, chance, timers, the process, anything asynchronous. */
  readonly impurities: readonly Finding[];
  /** Top-level statements other than `import` and `export … from`. */
  readonly ownStatements: readonly Finding[];
}

/** @throws Error when the source does not parse. */
export function readModule({ path, source }: SourceFile): ModuleFacts {
  const { program, module, errors } = parseSync(path, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`);

  const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length;
  const at = ({ what, start }: { readonly what: string; readonly start: number }): Finding => ({
    what,
    line: lineOf(start),
  });
  return {
    path,
    imports: [...readStaticImports(module, lineOf), ...readLateImports(program, lineOf)],
    mutableState: findMutableState(program).map(at),
    impurities: findImpurities(program).map(at),
    ownStatements: findOwnStatements(program).map(at),
  };
}

function readStaticImports(module: EcmaScriptModule, lineOf: (offset: number) => number): readonly Import[] {
  const imports = module.staticImports.map(({ moduleRequest, entries, start }): Import => {
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    return { specifier: moduleRequest.value, kind: typeOnly ? 'type' : 'static', line: lineOf(start) };
  });
  const reExports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType, start }): readonly Import[] =>
      moduleRequest === null
        ? []
        : [{ specifier: moduleRequest.value, kind: isType ? 'type' : 're-export', line: lineOf(start) }],
    ),
  );
  return [...imports, ...reExports];
}

/** `import('…')` as a call and as a type. */
function readLateImports(program: Program, lineOf: (offset: number) => number): readonly Import[] {
  const imports: Import[] = [];
  new Visitor({
    ImportExpression({ source, start }) {
      const specifier = source.type === 'Literal' && typeof source.value === 'string' ? source.value : undefined;
      imports.push({ specifier, kind: 'dynamic', line: lineOf(start) });
    },
    TSImportType({ source, start }) {
      imports.push({ specifier: source.value, kind: 'type', line: lineOf(start) });
    },
  }).visit(program);
  return imports;
}

interface Place {
  readonly what: string;
  readonly start: number;
}

const IMPURE_MEMBERS: ReadonlySet<string> = new Set(['Date.now', 'Math.random']);
const IMPURE_OBJECTS: ReadonlySet<string> = new Set(['console', 'crypto', 'globalThis', 'performance', 'process']);
const IMPURE_CALLS: ReadonlySet<string> = new Set([
  'Date',
  'fetch',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

function findImpurities(program: Program): readonly Place[] {
  const found: Place[] = [];
  const noteAsync = ({ async, start }: { readonly async: boolean; readonly start: number }): void => {
    if (async) found.push({ what: 'async', start });
  };
  new Visitor({
    MemberExpression(node) {
      if (node.object.type !== 'Identifier') return;
      const { name } = node.object;
      const member = node.property.type === 'Identifier' && !node.computed ? `${name}.${node.property.name}` : name;
      if (IMPURE_OBJECTS.has(name) || IMPURE_MEMBERS.has(member)) found.push({ what: member, start: node.start });
    },
    CallExpression({ callee, start }) {
      if (callee.type !== 'Identifier' || !IMPURE_CALLS.has(callee.name)) return;
      found.push({ what: `${callee.name}()`, start });
    },
    NewExpression(node) {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date' || node.arguments.length > 0) return;
      found.push({ what: 'new Date()', start: node.start });
    },
    FunctionDeclaration: noteAsync,
    FunctionExpression: noteAsync,
    ArrowFunctionExpression: noteAsync,
  }).visit(program);
  return found;
}

function findOwnStatements(program: Program): readonly Place[] {
  return program.body
    .filter((node) => {
      if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return false;
      return node.type !== 'ExportNamedDeclaration' || node.declaration !== null;
    })
    .map(({ type, start }) => ({ what: type, start }));
}
