/**
 * The tables of README.md and PROTOCOL.md that the code knows better: settings and error codes. Writes them between
 * their markers; with `--check` it only says whether they are up to date.
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

const documents = [
  { file: new URL('README.md', root), name: 'settings', table: settingsMarkdown() },
  { file: new URL('PROTOCOL.md', root), name: 'codes', table: codesMarkdown() },
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
