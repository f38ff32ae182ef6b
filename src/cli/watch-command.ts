/** The options and the help of `drumline watch`. */
import { Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';
import { CREDENTIALS_HELP } from './credentials.ts';
import { EXIT, exitCodesHelp } from './exit.ts';
import { urlOption, wholeNumber } from './options.ts';
import { findServerUrl } from './server-url.ts';

interface Flags {
  readonly url?: string;
  readonly json?: boolean;
  readonly replay?: boolean;
  readonly after?: string;
  readonly retrySeconds?: number;
}

export function addWatchCommand(program: Command, { run }: CommandContext): void {
  program
    .command('watch')
    .summary('watch tasks until they end')
    .description(
      'Watch tasks until all have ended: live bars on a terminal, plain lines in a pipe. A task that is\n' +
        'not known yet is waited for. A lost connection is taken up again where it broke off, without\n' +
        'missing an event.',
    )
    .argument('<task...>', 'ids of the tasks, at most 50')
    .addOption(urlOption())
    .option('--json', 'print each update as a JSON object on a line')
    .option('--replay', "begin with a task's first event instead of its state now")
    .addOption(
      new Option(
        '--after <cursor>',
        'go on after this cursor, from an update that --json printed; for one task only',
      ).conflicts('replay'),
    )
    .addOption(
      new Option(
        '--retry-seconds <count>',
        'how long to go on trying without a connection (default: 5 at first, for ever after one was lost)',
      ).argParser(wholeNumber(0, 86_400)),
    )
    .action((taskIds: string[], { url, ...flags }: Flags) =>
      run(async (io) => {
        const { runWatch } = await import('./watch.ts');
        return runWatch({ ...flags, taskIds, url: findServerUrl(url, io.env) }, io);
      }),
    )
    .addHelpText('after', HELP);
}

const HELP = `
NO_COLOR turns colours off, FORCE_COLOR on; the marks say the same: ○ waiting, ▸ running, ✓ done, ! warning, ✗ failed.

With --json the last line of a task is its TaskEnded, or, when it was deleted:
{"__typename":"TaskDeleted","taskId":"build-7"}

Examples:
  drumline watch build-7
  drumline watch build-7 build-8 build-9
  drumline watch build-7 && echo completed
  drumline watch build-7 --json --replay | jq -r 'select(.event) | .event.message'

${CREDENTIALS_HELP}

${exitCodesHelp([EXIT.ok, EXIT.taskFailed, EXIT.usage, EXIT.unavailable, EXIT.internal, EXIT.interrupted])}`;
