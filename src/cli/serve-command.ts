/** The options and the help of `drumline serve`: the table of settings, as flags. */
import { Option, type Command } from 'commander';
import { flagOf, SETTINGS, variableOf } from '../config.ts';
import { EXIT, exitCodesHelp } from './exit.ts';
import type { CommandContext } from './context.ts';

export function addServeCommand(program: Command, { io }: CommandContext): void {
  const command = program
    .command('serve')
    .summary('run the server')
    .description(
      'Run the server: GraphQL over HTTP, WebSocket and SSE on one port. Each setting can also be given as a variable.',
    );
  addSettings(command);
  command
    .action(async (flags: Readonly<Record<string, string | undefined>>) => {
      const { runServe } = await import('./serve.ts');
      await runServe(flags, io);
    })
    .addHelpText(
      'after',
      `
When it is ready it prints one line: drumline listening on http://127.0.0.1:4000
SIGTERM and SIGINT let it finish what it accepted; a second one ends it at once.

Examples:
  drumline serve
  drumline serve --port 8080 --store sqlite:/var/lib/drumline/events.db
  DRUMLINE_STORE=memory: drumline serve

${exitCodesHelp([EXIT.ok, EXIT.storeCorrupt, EXIT.internal, EXIT.config])}`,
    );
}

/** Each setting of the table as a flag, with its variable in the help. */
export function addSettings(command: Command): void {
  for (const [name, row] of Object.entries(SETTINGS)) {
    const variables = [variableOf(name), ...('alsoEnv' in row && row.alsoEnv !== undefined ? [row.alsoEnv] : [])];
    const given = row.default === '' ? '' : `; default: ${row.default}`;
    const text = `${row.meaning} (${variables.join(' or ')}${given})`;
    command.addOption(new Option(`${flagOf(name)} <${row.unit}>`, text));
  }
}
