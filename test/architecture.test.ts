/**
 * The shape of the code base is a promise too: whoever reads `src/app.ts` may trust that nothing else ties the parts
 * together. Each rule is first broken in a small sample, so that a rule which has stopped working fails here.
 */
import { globSync, readFileSync } from 'node:fs';
import { posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkArchitecture, type Rule } from './support/architecture.ts';
import type { SourceFile } from './support/module-facts.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

type Sources = Readonly<Record<string, string>>;

function toFiles(sources: Sources): readonly SourceFile[] {
  return Object.entries(sources).map(([path, source]) => ({ path, source }));
}

function brokenRules(sources: Sources): readonly string[] {
  return checkArchitecture(toFiles(sources)).map(({ rule, path, line }) => `${rule} ${path}:${line}`);
}

function readSources(): readonly SourceFile[] {
  return globSync('src/**/*.{ts,tsx}', { cwd: ROOT })
    .map((path) => path.split(sep).join(posix.sep))
    .toSorted()
    .map((path) => ({ path, source: readFileSync(`${ROOT}${path}`, 'utf8') }));
}

test('src keeps every rule of the architecture', () => {
  const files = readSources();
  expect(files.length).toBeGreaterThan(0);
  const broken = checkArchitecture(files).map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`);
  expect(broken).toEqual([]);
});

interface Sample {
  readonly broken: string;
  readonly rule: Rule;
  readonly path: string;
  readonly source: string;
}

const SAMPLES: readonly Sample[] = [
  {
    broken: 'domain imports util',
    rule: 'layer',
    path: 'src/domain/a.ts',
    source: `import { a } from '../util/a.ts';`,
  },
  {
    broken: 'util imports domain',
    rule: 'layer',
    path: 'src/util/a.ts',
    source: `import { a } from '../domain/a.ts';`,
  },
  {
    broken: 'log imports manager',
    rule: 'layer',
    path: 'src/log/a.ts',
    source: `import { a } from '../manager/a.ts';`,
  },
  { broken: 'log imports bus', rule: 'layer', path: 'src/log/a.ts', source: `import { a } from '../bus/a.ts';` },
  { broken: 'bus imports log', rule: 'layer', path: 'src/bus/a.ts', source: `import { a } from '../log/a.ts';` },
  { broken: 'manager imports schema', rule: 'layer', path: 'src/manager/a.ts', source: `import '../schema/a.ts';` },
  { broken: 'schema imports server', rule: 'layer', path: 'src/schema/a.ts', source: `import '../server/a.ts';` },
  { broken: 'schema imports log', rule: 'layer', path: 'src/schema/a.ts', source: `import '../log/event-log.ts';` },
  { broken: 'server imports log', rule: 'layer', path: 'src/server/a.ts', source: `import '../log/event-log.ts';` },
  { broken: 'server imports cli', rule: 'layer', path: 'src/server/a.ts', source: `import '../cli/serve.ts';` },
  { broken: 'client imports domain', rule: 'layer', path: 'src/client/a.ts', source: `import '../domain/a.ts';` },
  { broken: 'client imports react', rule: 'layer', path: 'src/client/a.ts', source: `import '../react/a.ts';` },
  { broken: 'react imports util', rule: 'layer', path: 'src/react/a.ts', source: `import '../util/a.ts';` },
  { broken: 'dashboard imports domain', rule: 'layer', path: 'src/dashboard/a.ts', source: `import '../domain/a.ts';` },
  { broken: 'apollo imports util', rule: 'layer', path: 'src/apollo/a.ts', source: `import '../util/a.ts';` },
  { broken: 'urql imports apollo', rule: 'layer', path: 'src/urql/a.ts', source: `import '../apollo/a.ts';` },
  { broken: 'cli imports server', rule: 'layer', path: 'src/cli/a.ts', source: `import '../server/a.ts';` },
  { broken: 'config imports log', rule: 'layer', path: 'src/config.ts', source: `import './log/event-log.ts';` },
  { broken: 'app imports main', rule: 'layer', path: 'src/app.ts', source: `import './main.ts';` },
  { broken: 'index imports cli', rule: 'layer', path: 'src/index.ts', source: `export { a } from './cli/serve.ts';` },
  { broken: 'src imports test', rule: 'layer', path: 'src/log/a.ts', source: `import '../../test/support/a.ts';` },
  {
    broken: 'a type is an import as well',
    rule: 'layer',
    path: 'src/domain/a.ts',
    source: `export type A = import('../log/event-log.ts').EventLog;`,
  },
  {
    broken: 'a re-export is an import as well',
    rule: 'layer',
    path: 'src/util/a.ts',
    source: `export * from '../domain/a.ts';`,
  },
  {
    broken: 'import() of a computed path',
    rule: 'layer',
    path: 'src/app.ts',
    source: `export const load = (name: string) => import(name);`,
  },
  { broken: 'a directory nobody has placed', rule: 'layer', path: 'src/helpers/a.ts', source: `export const a = 1;` },
  {
    broken: 'manager imports a value of a contract',
    rule: 'types-only',
    path: 'src/manager/a.ts',
    source: `import { EventLog } from '../log/event-log.ts';`,
  },
  {
    broken: 'manager knows more of log than the contract',
    rule: 'types-only',
    path: 'src/manager/a.ts',
    source: `import type { A } from '../log/record.ts';`,
  },
  {
    broken: 'domain imports a package other than zod',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `import { v7 } from 'uuid';`,
  },
  {
    broken: 'domain imports a module of Node',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `import { createHash } from 'node:crypto';`,
  },
  {
    broken: 'domain reads the clock',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `export const a = () => Date.now();`,
  },
  {
    broken: 'domain makes a date of now',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `export const a = () => new Date();`,
  },
  {
    broken: 'domain rolls dice',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `export const a = () => Math.random();`,
  },
  {
    broken: 'domain sets a timer',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `export const a = (f: () => void) => setTimeout(f, 1);`,
  },
  {
    broken: 'domain reads the environment',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `export const a = () => process.env;`,
  },
  {
    broken: 'domain is asynchronous',
    rule: 'pure-domain',
    path: 'src/domain/a.ts',
    source: `export async function a() {}`,
  },
  {
    broken: 'client imports a module of Node',
    rule: 'browser',
    path: 'src/client/a.ts',
    source: `import { once } from 'node:events';`,
  },
  {
    broken: 'client imports a module of Node by its old name',
    rule: 'browser',
    path: 'src/client/a.ts',
    source: `import { once } from 'events';`,
  },
  {
    broken: 'server names a driver beside app.ts',
    rule: 'drivers',
    path: 'src/log/a.ts',
    source: `import { createMemoryLog } from './memory-log.ts';`,
  },
  {
    broken: 'a driver names another driver',
    rule: 'drivers',
    path: 'src/log/sqlite-log.ts',
    source: `import { createTailCache } from './tail-cache.ts';`,
  },
  {
    broken: 'a bus names a driver',
    rule: 'drivers',
    path: 'src/bus/a.ts',
    source: `import { createMemoryBus } from './memory-bus.ts';`,
  },
  {
    broken: 'main imports before the version check',
    rule: 'main-is-late',
    path: 'src/main.ts',
    source: `import { run } from './cli/run.ts';`,
  },
  {
    broken: 'main imports a module of Node that older ones lack',
    rule: 'main-is-late',
    path: 'src/main.ts',
    source: `import { DatabaseSync } from 'node:sqlite';`,
  },
  {
    broken: 'index does something',
    rule: 'index-only-re-exports',
    path: 'src/index.ts',
    source: `export const a = 1;`,
  },
  { broken: 'a file imports itself', rule: 'no-cycle', path: 'src/util/a.ts', source: `import './a.ts';` },
];

describe('a broken rule is found', () => {
  test.each(SAMPLES)('$rule: $broken', ({ rule, path, source }) => {
    expect(checkArchitecture([{ path, source }]).map((violation) => violation.rule)).toEqual([rule]);
  });

  test('with the line it stands on', () => {
    const source = `/** A header. */\nimport { z } from 'zod';\nimport { v7 } from 'uuid';\n`;
    expect(brokenRules({ 'src/domain/a.ts': source })).toEqual(['pure-domain src/domain/a.ts:3']);
  });

  test('browser: util reached from client imports a module of Node', () => {
    const sources = {
      'src/client/a.ts': `import { a } from '../util/a.ts';`,
      'src/util/a.ts': `import { once } from 'node:events';`,
    };
    expect(brokenRules(sources)).toEqual(['browser src/util/a.ts:1']);
  });

  test('no-cycle: two files that import each other, by a type too', () => {
    const sources = {
      'src/util/a.ts': `import { b } from './b.ts';`,
      'src/util/b.ts': `import type { A } from './a.ts';`,
    };
    expect(brokenRules(sources)).toEqual(['no-cycle src/util/a.ts:1']);
  });

  test('no-cycle: three files in a ring, one link of which is import()', () => {
    const sources = {
      'src/util/a.ts': `export { b } from './b.ts';`,
      'src/util/b.ts': `import { c } from './c.ts';`,
      'src/util/c.ts': `export const a = () => import('./a.ts');`,
    };
    expect(brokenRules(sources)).toEqual(['no-cycle src/util/a.ts:1']);
  });
});

describe('state at module level is found', () => {
  test.each([
    'let count = 0;',
    'export let count = 0;',
    'var count = 0;',
    'const seen = new Set<string>();',
    'export const cache = new Map();',
    'const cache: Map<string, string> = new Map();',
    'const cache: Cache = new Map();',
    'const weak = new WeakMap();',
    'const weak = new WeakSet();',
    'const frozen = Object.freeze(new Map());',
    'const emitter = new EventEmitter();',
    'const stop = new AbortController();',
    'const list = [1, 2];',
    'const list: number[] = [];',
    'const list = new Array(3);',
    'const table = { a: 1 };',
    'const table: Record<string, number> = {};',
    'const table = { a: 1 } satisfies Record<string, number>;',
    'export default { a: 1 };',
    'class A { static count = 0; }',
    'export class A { static readonly all = new Map(); }',
  ])('%s', (source) => {
    expect(brokenRules({ 'src/util/a.ts': source })).toEqual(['no-mutable-state src/util/a.ts:1']);
  });
});

describe('what the rules allow', () => {
  test.each([
    `const list = ['a'] as const;`,
    `const list = ['a'] as const satisfies readonly string[];`,
    `const list: readonly string[] = ['a'];`,
    `const list: ReadonlyArray<string> = ['a'];`,
    `const table = Object.freeze({ a: 1 });`,
    `const table: Readonly<Record<string, number>> = { a: 1 };`,
    `const table: { readonly a: number } = { a: 1 };`,
    `const limits: Limits = { a: 1 };`,
    `const set: ReadonlySet<string> = new Set(['a']);`,
    `const map: ReadonlyMap<string, string> = new Map();`,
    `const schema = z.object({ a: z.string() });`,
    `function a() { let b = 0; const c = new Map(); return [b, c]; }`,
    `class A { readonly #all = new Map(); static readonly code = 'A'; }`,
    `declare let count: number;`,
  ])('constants: %s', (source) => {
    expect(brokenRules({ 'src/util/a.ts': source })).toEqual([]);
  });

  test('the path of one event, from main to the log', () => {
    const sources = {
      'src/main.ts': `const { run } = await import('./cli/index.ts');\nawait run();`,
      'src/cli/index.ts': `import { openApp } from '../app.ts';\nimport { parseConfig } from '../config.ts';`,
      'src/app.ts': [
        `import { openSqliteLog } from './log/sqlite-log.ts';`,
        `import { createTailCache } from './log/tail-cache.ts';`,
        `import { createMemoryBus } from './bus/memory-bus.ts';`,
        `import { createGraphql } from './server/graphql.ts';`,
      ].join('\n'),
      'src/config.ts': `import { z } from 'zod';\nimport { LIMITS } from './domain/limits.ts';`,
      'src/server/graphql.ts': `import { schema } from '../schema/index.ts';`,
      'src/schema/index.ts': `import { follow } from '../manager/follow.ts';`,
      'src/manager/follow.ts': `import type { EventLog } from '../log/event-log.ts';\nimport { LIMITS } from '../domain/limits.ts';`,
      'src/log/sqlite-log.ts': `import { write } from './sqlite/writer.ts';\nimport type { EventLog } from './event-log.ts';`,
      'src/log/sqlite/writer.ts': `import { DatabaseSync } from 'node:sqlite';`,
      'src/log/event-log.ts': `import type { TaskEvent } from '../domain/event.ts';`,
      'src/domain/event.ts': `import { z } from 'zod';\nexport const at = (ms: number) => new Date(ms);`,
      'src/domain/limits.ts': `export const LIMITS = { page: 50 } as const;`,
      'src/index.ts': `export { createMemoryLog } from './log/memory-log.ts';\nexport type * from './domain/event.ts';`,
    };
    expect(brokenRules(sources)).toEqual([]);
  });

  test('generated code of the client is left alone', () => {
    const sources = {
      'src/client/generated/graphql.ts': `export const Doc = { kind: 'Document' } as unknown as Record<string, string>;`,
      'src/client/watch.ts': `import { Doc } from './generated/graphql.ts';\nimport { retryDelayMs } from '../util/retry.ts';`,
    };
    expect(brokenRules(sources)).toEqual([]);
  });
});
