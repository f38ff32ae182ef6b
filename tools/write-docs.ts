/**
 * What the code knows better than a document: the tables of settings and error codes, and examples that the tests run.
 * Writes them between their markers; with `--check` it only says whether they are up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsMarkdown } from '../src/config.ts';
import { ERROR_CODES } from '../src/domain/errors.ts';

const root = new URL('../', import.meta.url);

function codesMarkdown(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return ['| Code | Means |', '| --- | --- |', ...rows].join('\n');
}

function fill(text: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`The markers of ${name} are missing.`);
  return `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`;
}

/** As its reader will have it: with our package by its name. */
function exampleMarkdown(name: string): string {
  const code = readFileSync(new URL(`examples/${name}`, root), 'utf8');
  return `\`\`\`ts\n${code.replace(/'\.\.\/src\/[^']*'; \/\/ for you: ('[^']*')/g, '$1;')}\`\`\``;
}

function example(document: string, name: string) {
  return { file: new URL(document, root), name, table: exampleMarkdown(name) };
}

const documents = [
  { file: new URL('README.md', root), name: 'settings', table: settingsMarkdown() },
  { file: new URL('PROTOCOL.md', root), name: 'codes', table: codesMarkdown() },
  example('docs/embedding.md', 'library.ts'),
  example('docs/embedding.md', 'embed.ts'),
  example('docs/embedding.md', 'embed-schema.ts'),
  example('docs/apollo.md', 'apollo.ts'),
  example('docs/urql.md', 'urql.ts'),
];

for (const { file, name, table } of documents) {
  const text = readFileSync(file, 'utf8');
  const filled = fill(text, name, table);
  if (filled === text) continue;
  if (!process.argv.includes('--check')) writeFileSync(file, filled);
  else {
    console.error(`The table of ${name} is out of date: npm run docs`);
    process.exitCode = 1;
  }
}
