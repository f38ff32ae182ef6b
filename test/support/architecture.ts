/**
 * The import rules of this code base, as a function: sources in, broken rules out. ARCHITECTURE.md says them in prose;
 * here they are a table, so that a change of the layout is a change of this file, on purpose.
 *
 * Every import counts, of a type as well: a type ties two files together as surely as a value does. The one exception
 * is `manager`, which knows the contracts of log and bus by their types alone, so that it cannot reach a driver.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { readModule, type Import, type ModuleFacts, type SourceFile } from './module-facts.ts';

export type Rule =
  | 'layer'
  | 'types-only'
  | 'pure-domain'
  | 'browser'
  | 'drivers'
  | 'main-is-late'
  | 'index-only-re-exports'
  | 'no-cycle'
  | 'no-mutable-state';

export interface Violation {
  readonly rule: Rule;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Which layers a layer may import, besides itself. A layer is a directory of `src/`, or a file that stands alone there. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ['domain', []],
  ['util', []],
  ['config', ['domain', 'util']],
  ['log', ['domain', 'util']],
  ['bus', ['domain', 'util']],
  // Of log and bus only the types of the two contracts: see TYPES_ONLY.
  ['manager', ['domain', 'util', 'log', 'bus']],
  ['schema', ['domain', 'util', 'manager']],
  ['auth', ['domain', 'util']],
  ['server', ['auth', 'domain', 'util', 'manager', 'schema']],
  ['client', ['util']],
  ['emitter', ['client', 'util']],
  ['apollo', ['client']],
  ['urql', ['client']],
  ['react', ['client']],
  // The vocabulary of everything drawn, and the run that shows it.
  ['view', []],
  ['demo', ['client', 'util']],
  ['dashboard', ['client', 'demo', 'emitter', 'react', 'util', 'view']],
  ['conformance', ['bus', 'domain', 'log']],
  ['cli', ['app', 'auth', 'client', 'config', 'demo', 'domain', 'util', 'view']],
  ['app', ['auth', 'bus', 'cli', 'client', 'config', 'domain', 'log', 'manager', 'schema', 'server', 'util']],
  ['index', ['app', 'auth', 'bus', 'client', 'config', 'domain', 'log', 'manager', 'schema', 'server', 'util']],
  ['main', ['app', 'cli', 'config', 'util']],
]);

const TYPES_ONLY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['manager', new Set(['src/log/event-log.ts', 'src/bus/event-bus.ts'])],
]);

/** Layers that run in a browser, with all that they reach. */
const BROWSER_LAYERS: ReadonlySet<string> = new Set([
  'apollo',
  'client',
  'dashboard',
  'demo',
  'emitter',
  'react',
  'urql',
  'view',
]);

const DRIVER = /^src\/(?:log\/(?:(?!event-)[a-z]+-log|tail-cache)|bus\/(?!event-)[a-z]+-bus)\.ts$/;
const MAY_NAME_DRIVERS: ReadonlySet<string> = new Set(['src/app.ts', 'src/index.ts']);

/** @returns every broken rule, in the order of the files; empty when all are kept. */
export function checkArchitecture(files: readonly SourceFile[]): readonly Violation[] {
  const modules = files.map(readModule);
  const byPath = new Map(modules.map((each) => [each.path, each]));
  return [
    ...modules.flatMap((module) => [
      ...checkImports(module),
      ...checkPurity(module),
      ...checkShape(module),
      ...checkState(module),
    ]),
    ...checkBrowser(modules, byPath),
    ...checkCycles(modules, byPath),
  ];
}

function checkImports(module: ModuleFacts): readonly Violation[] {
  const layer = layerOf(module.path);
  const allowed = MAY_IMPORT.get(layer);
  if (allowed === undefined) {
    return [
      { rule: 'layer', path: module.path, line: 1, message: `${layer} is no layer; give it a place in MAY_IMPORT` },
    ];
  }
  return module.imports.flatMap((each) => {
    const broken = (rule: Rule, message: string): readonly Violation[] => [
      { rule, path: module.path, line: each.line, message },
    ];
    if (each.specifier === undefined) return broken('layer', 'imports a computed path, which cannot be checked');
    const target = resolve(module.path, each);
    if (target === undefined) {
      const ok = layer !== 'domain' || each.specifier === 'zod';
      return ok ? [] : broken('pure-domain', `imports ${each.specifier}; the domain may import zod only`);
    }
    const targetLayer = layerOf(target);
    if (targetLayer !== layer && !allowed.includes(targetLayer)) {
      return broken('layer', `${layer} may not import ${targetLayer} (${target})`);
    }
    const contracts = TYPES_ONLY.get(layer);
    if (contracts !== undefined && (targetLayer === 'log' || targetLayer === 'bus')) {
      if (!contracts.has(target)) return broken('types-only', `${layer} may not know ${target}, only the contracts`);
      if (each.kind !== 'type') return broken('types-only', `${layer} may import only types from ${target}`);
    }
    if (DRIVER.test(target) && !MAY_NAME_DRIVERS.has(module.path) && !isPartOfDriver(module.path, target)) {
      return broken('drivers', `only src/app.ts names a driver, and this names ${target}`);
    }
    return [];
  });
}

/** `log/sqlite/writer.ts` is a part of `log/sqlite-log.ts`. */
function isPartOfDriver(path: string, driver: string): boolean {
  const [prefix = ''] = posix.basename(driver).split('-');
  return posix.dirname(path) === posix.join(posix.dirname(driver), prefix);
}

function checkPurity(module: ModuleFacts): readonly Violation[] {
  if (layerOf(module.path) !== 'domain') return [];
  return module.impurities.map(({ what, line }) => ({
    rule: 'pure-domain',
    path: module.path,
    line,
    message: `${what} in the domain: clock, chance and the world come in as parameters`,
  }));
}

/** `main.ts` loads nothing before it has looked at the version of Node; `index.ts` is a list, not a program. */
function checkShape(module: ModuleFacts): readonly Violation[] {
  if (module.path === 'src/main.ts') {
    return module.imports
      .filter(({ kind }) => kind === 'static' || kind === 're-export')
      .map(({ specifier, line }) => ({
        rule: 'main-is-late',
        path: module.path,
        line,
        message: `imports ${specifier ?? ''} before the version check: use import()`,
      }));
  }
  if (module.path !== 'src/index.ts') return [];
  return module.ownStatements.map(({ what, line }) => ({
    rule: 'index-only-re-exports',
    path: module.path,
    line,
    message: `${what}: index.ts only says what users may import`,
  }));
}

function checkState(module: ModuleFacts): readonly Violation[] {
  // Generated code is constant tables without our annotations.
  if (module.path.startsWith('src/client/generated/')) return [];
  return module.mutableState.map(({ what, line }) => ({
    rule: 'no-mutable-state',
    path: module.path,
    line,
    message: `${what} at module level: hold it in what a factory returns`,
  }));
}

function checkBrowser(modules: readonly ModuleFacts[], byPath: ReadonlyMap<string, ModuleFacts>): readonly Violation[] {
  const reached = new Set<string>();
  const visit = (module: ModuleFacts): void => {
    if (reached.has(module.path)) return;
    reached.add(module.path);
    targetsOf(module, byPath).forEach(visit);
  };
  modules.filter(({ path }) => BROWSER_LAYERS.has(layerOf(path))).forEach(visit);
  return modules
    .filter(({ path }) => reached.has(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier !== undefined && isBuiltin(specifier))
        .map(({ specifier, line }) => ({
          rule: 'browser',
          path,
          line,
          message: `imports ${specifier ?? ''}, but runs in browsers too`,
        })),
    );
}

function checkCycles(modules: readonly ModuleFacts[], byPath: ReadonlyMap<string, ModuleFacts>): readonly Violation[] {
  const done = new Set<string>();
  const found: Violation[] = [];
  const visit = (module: ModuleFacts, trail: readonly string[]): void => {
    const start = trail.indexOf(module.path);
    if (start >= 0) {
      const cycle = [...trail.slice(start), module.path].join(' -> ');
      found.push({ rule: 'no-cycle', path: module.path, line: 1, message: cycle });
      return;
    }
    if (done.has(module.path)) return;
    for (const target of targetsOf(module, byPath)) visit(target, [...trail, module.path]);
    done.add(module.path);
  };
  for (const module of modules) visit(module, []);
  return found;
}

function targetsOf(module: ModuleFacts, byPath: ReadonlyMap<string, ModuleFacts>): readonly ModuleFacts[] {
  return module.imports.flatMap((each) => {
    const target = byPath.get(resolve(module.path, each) ?? '');
    return target === undefined ? [] : [target];
  });
}

/** The path of ours that an import names; `undefined` for packages and Node's own modules. */
function resolve(from: string, { specifier }: Import): string | undefined {
  if (specifier?.startsWith('.') !== true) return undefined;
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

function layerOf(path: string): string {
  const [root, first = ''] = path.split('/');
  return root === 'src' ? posix.basename(first, '.ts') : `outside src: ${path}`;
}
