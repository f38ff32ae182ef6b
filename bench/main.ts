/**
 * `npm run bench`: measures Drumline beside the servers one would otherwise build it on, and beside what the same wire
 * costs without GraphQL. What it prints can be checked: every delivery is counted, every order held against the log.
 */
import { writeFileSync } from 'node:fs';
import { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { installPeers } from './lib/install.ts';
import { createFreshStage, createSharedStage, measureRow, type RowResult } from './lib/measure.ts';
import { pinningProblem } from './lib/pin.ts';
import { toJson, toMarkdown } from './lib/report.ts';
import type { Row, Scale } from './lib/row.ts';
import { allRows } from './rows/index.ts';

const HELP = `node bench/main.ts [options]

  --only ROW,ROW   only these rows; names below
  --servers A,B    only these servers, e.g. "drumline sqlite,raw ws"
  --repeats N      how often each server is measured, in turn (5)
  --smoke          every row at tiny size, once: only whether everything works
  --out FILE       write the table there, and all raw figures beside it as .json
  --watchers N     how many watchers idle-memory (10000) and one-stalled (999) open
  --help           this text
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    servers: { type: 'string' },
    repeats: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    out: { type: 'string' },
    watchers: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const scale: Scale = {
    isSmoke: values.smoke,
    ...(values.watchers === undefined ? {} : { watchers: Number(values.watchers) }),
  };
  const rows = allRows(scale);
  if (values.help) {
    stdout.write(`${HELP}\nRows:\n${rows.map(({ name, title }) => `  ${name.padEnd(22)} ${title}`).join('\n')}\n`);
    return 0;
  }
  const chosen = choose(rows, values.only).map((row) => withServers(row, values.servers));
  installPeers(say);
  const problem = pinningProblem();
  if (problem !== undefined) say(`warning: ${problem}`);
  const repeats = Number(values.repeats ?? (values.smoke ? 1 : 5));
  await using stage = values.smoke ? createSharedStage() : createFreshStage();
  const results: RowResult[] = [];
  for (const row of chosen) {
    results.push(await measureRow(row, { stage, repeats, say }));
    // Written as it grows: a long run that is stopped leaves what it has.
    write(results);
  }
  stdout.write(`${toMarkdown(results)}\n`);
  const failed = results.flatMap(({ row, entries }) =>
    entries.flatMap(({ label, failure }) => (failure === undefined ? [] : [`${row.name}, ${label}: ${failure}`])),
  );
  for (const line of failed) say(`FAILED ${line}`);
  return failed.length === 0 ? 0 : 1;
}

function choose(rows: readonly Row[], only: string | undefined): readonly Row[] {
  if (only === undefined) return rows;
  return only.split(',').map((name) => {
    const row = rows.find((each) => each.name === name);
    if (row === undefined) throw new Error(`there is no row ${name}; --help has their names`);
    return row;
  });
}

function withServers(row: Row, servers: string | undefined): Row {
  const names = servers?.split(',');
  return { ...row, entries: row.entries.filter(({ server }) => names?.includes(server) ?? true) };
}

function write(results: readonly RowResult[]): void {
  if (values.out === undefined) return;
  writeFileSync(values.out, `${toMarkdown(results)}\n`);
  writeFileSync(values.out.replace(/(\.md)?$/, '.json'), `${toJson(results)}\n`);
}

function say(line: string): void {
  stderr.write(`${line}\n`);
}
