/**
 * Prints the schema to `schema.graphql`, which is committed: clients generate code from it, and a change of the public
 * surface shows in review as what it is.
 *
 *   node tools/print-schema.ts           writes the file
 *   node tools/print-schema.ts --check   writes nothing; fails when the file is not what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { printSchema } from 'graphql';
import { createSchema } from '../src/schema/index.ts';

export const SCHEMA_FILE = new URL('../schema.graphql', import.meta.url);

export function printedSchema(): string {
  return `# Printed from src/schema by \`npm run schema\`; edit there.\n\n${printSchema(createSchema())}\n`;
}

if (import.meta.main) {
  if (!argv.includes('--check')) {
    writeFileSync(SCHEMA_FILE, printedSchema());
  } else if (readFileSync(SCHEMA_FILE, 'utf8') !== printedSchema()) {
    console.error('schema.graphql is stale: run `npm run schema` and commit the result');
    process.exitCode = 1;
  }
}
