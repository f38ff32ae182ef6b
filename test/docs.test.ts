/** What the README shows runs as it stands there, and what the documents link to exists. */
import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../src/config.ts';

const root = new URL('../', import.meta.url).pathname;

test("the README's library example prints its event", async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  // Inside the checkout, so that the package finds itself by its own name's stand-in.
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'example.ts');
  await writeFile(file, code.replace("'drumline'", `'${join(root, 'src/index.ts')}'`));
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  expect(stdout).toBe('1 Go\n');
});

test.each([
  'README.md',
  'ARCHITECTURE.md',
  'PROTOCOL.md',
  'docs/apollo.md',
  'docs/bad-inputs.md',
  'docs/deploying.md',
  'docs/embedding.md',
  'docs/emitting.md',
  'docs/react.md',
  'docs/security.md',
  'docs/shared-tab.md',
  'docs/watching.md',
  'docs/guarantees.md',
  'docs/urql.md',
  'examples/README.md',
  'bench/README.md',
  'clients/python/README.md',
])('%s links only to what is there', async (name) => {
  const text = await readFile(join(root, name), 'utf8');
  const links = Array.from(text.matchAll(/\]\((?!https?:|#)([^)#]+)/g), ([, link = '']) => link);
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) await access(join(root, name, '..', link));
});

/** Whose every program must be right by our types. */
const GUIDES = ['emitting', 'shared-tab', 'watching'];

test('the programs of the guides are right by the types of the package', async () => {
  await using folder = await temporaryFolder();
  for (const guide of GUIDES) {
    const text = await readFile(join(root, `docs/${guide}.md`), 'utf8');
    const programs = Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code = '']) => code);
    expect([guide, programs.length]).not.toEqual([guide, 0]);
    for (const [index, code] of programs.entries()) {
      await writeFile(join(folder.path, `${guide}-${index}.ts`), withOurSources(code));
    }
  }
  // What is the reader's own.
  await writeFile(join(folder.path, 'reader.d.ts'), 'declare function freshToken(): Promise<string>;\n');
  const file = join(folder.path, 'tsconfig.json');
  const compilerOptions = { lib: ['ESNext', 'DOM', 'DOM.Iterable'] };
  await writeFile(file, JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }));
  const tsc = join(root, 'node_modules/.bin/tsc');
  // It says on stdout what is wrong.
  const stdout = await new Promise((resolve) => execFile(tsc, ['-p', file], (_error, text) => resolve(text)));
  expect(stdout).toBe('');
});

function withOurSources(code: string): string {
  return code
    .replaceAll("from 'drumline/client/shared-tab'", "from '../../src/client/shared-tab.ts'")
    .replaceAll(/from 'drumline\/(\w+)'/g, "from '../../src/$1/index.ts'")
    .replaceAll("from 'drumline'", "from '../../src/index.ts'");
}

test('docs/deploying.md gives Kubernetes the times that a stop needs, and probes that exist', async () => {
  const text = await readFile(join(root, 'docs/deploying.md'), 'utf8');
  const pod = Pod.parse(parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? ''));
  const [{ lifecycle, readinessProbe, livenessProbe }] = pod.containers;
  const { drainMs, port } = parseConfig({});
  const stopSeconds = lifecycle.preStop.sleep.seconds + drainMs / 1_000 + 2;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(stopSeconds);
  expect([readinessProbe.httpGet, livenessProbe.httpGet]).toEqual([
    { path: '/readyz', port },
    { path: '/healthz', port },
  ]);
});

const Probe = z.object({ httpGet: z.object({ path: z.string(), port: z.int() }) });
const Pod = z.object({
  terminationGracePeriodSeconds: z.int(),
  containers: z.tuple([
    z.object({
      readinessProbe: Probe,
      livenessProbe: Probe,
      lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.int() }) }) }),
    }),
  ]),
});

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(root, 'test/.docs-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
