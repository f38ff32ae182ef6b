/** `drumline token`: a token that a browser may watch tasks with, signed here, without asking a server. */
import { Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';
import { CliError, EXIT, exitCodesHelp } from './exit.ts';
import { wholeNumber } from './options.ts';

interface Flags {
  readonly expiresIn: number;
  readonly grant?: readonly string[];
  readonly audience?: string;
  readonly issuer?: string;
}

export function addTokenCommand(program: Command, { run }: CommandContext): void {
  program
    .command('token')
    .summary('sign a token for a watcher')
    .description(
      'Sign a token with which a browser may watch these tasks for a while. It takes the secret of the server,\n' +
        'DRUMLINE_AUTH_SECRET; a program that has a key asks the server: mutation createViewerToken.',
    )
    .argument('[task...]', 'ids of tasks that it may read and observe')
    .addOption(
      new Option('--expires-in <seconds>', 'how long it is good for')
        .argParser(wholeNumber(1, 31_536_000))
        .default(3_600),
    )
    .option('-g, --grant <grant>', 'something else that it grants; may be given again', collect)
    .option('--audience <name>', 'whom it is for, or DRUMLINE_AUTH_AUDIENCE (default: "drumline")')
    .option('--issuer <name>', 'who gives it out, or DRUMLINE_AUTH_ISSUER')
    .action((taskIds: readonly string[], flags: Flags) =>
      run(async (io) => {
        const secret = io.env['DRUMLINE_AUTH_SECRET'] ?? '';
        if (secret === '') throw new CliError(EXIT.usage, 'token needs DRUMLINE_AUTH_SECRET, the secret of the server');
        const { runToken } = await import('./token.ts');
        const audience = flags.audience ?? (io.env['DRUMLINE_AUTH_AUDIENCE'] || 'drumline');
        const issuer = flags.issuer ?? (io.env['DRUMLINE_AUTH_ISSUER'] || undefined);
        return runToken({ ...flags, grant: flags.grant ?? [], taskIds, secret, audience, issuer }, io);
      }),
    )
    .addHelpText('after', HELP);
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

const HELP = `
The token goes to standard output, its id and its end to standard error.

Examples:
  drumline token run-42 --expires-in 900
  DRUMLINE_TOKEN=$(drumline token run-42) drumline watch run-42

${exitCodesHelp([EXIT.ok, EXIT.usage])}`;
